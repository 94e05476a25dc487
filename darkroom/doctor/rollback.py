"""Find versions of the function that a rollback left behind.

Versions are numbered, and a job gives way to what a higher number has written for the same upload (resize/order.py).
So what a version that was rolled back has resized stays as it is, whatever a backfill sends, until a newer one is
deployed.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from darkroom.doctor.findings import Finding, ok, warning
from darkroom.errors import aws_errors
from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.deploy_advice import deploy_advice

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

DEPLOY_AGAIN = (
    "Deploy again, then run `darkroom backfill`: a new version's number is higher. CloudFormation makes one for any "
    'change of the function, such as -c jobs_at_once=3; the runbook says more under "Go back".'
)


def check_rollback(pipeline: Pipeline) -> Iterator[Finding]:
    """Tell whether a newer version than the live one has been there.

    CloudFormation keeps events for 90 days.
    docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html

    Raises:
        DarkroomError: AWS refuses, or does not answer.
    """
    with aws_errors("Reading the function's live version"):
        live = pipeline.live_generation()
    with aws_errors("Reading the stack's events"):
        newest = max(_versions(pipeline), default=live)
    if newest > live:
        yield warning(
            f"Version {newest} of the function was rolled back, and version {live} takes the jobs. What {newest} may "
            "have resized meanwhile stays as it is: a backfill passes it over.",
            deploy_advice(pipeline, DEPLOY_AGAIN),
        )
    else:
        yield ok(f"No version of the function is newer than {live}, which takes the jobs.")


def _versions(pipeline: Pipeline) -> Iterator[int]:
    """Read the numbers of the versions that the stack has ever had, as far as its events go back."""
    cloudformation: CloudFormationClient = pipeline.client("cloudformation")
    for page in cloudformation.get_paginator("describe_stack_events").paginate(StackName=pipeline.stack_name):
        for event in page["StackEvents"]:
            number = event.get("PhysicalResourceId", "").rpartition(":")[2]
            if event.get("ResourceType") == "AWS::Lambda::Version" and number.isdecimal():
                yield int(number)
