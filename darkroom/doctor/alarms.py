"""Find alarms of the stack that are on or missing."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from darkroom.doctor.findings import Finding, ok, warning
from darkroom.errors import aws_errors
from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.deploy_advice import deploy_advice

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient


def check_alarms(pipeline: Pipeline, deployed: Mapping[str, Any]) -> Iterator[Finding]:
    """Tell which alarms are on.

    They are asked for by their whole names: another stack's may begin in the same way.

    Raises:
        DarkroomError: CloudWatch refuses, or does not answer.
    """
    names = _names(deployed)
    if not names:
        yield ok("The stack has no alarms.")  # and asked for none, CloudWatch would tell of all in the account
        return
    states = _states(pipeline, names)
    for name in names:
        if name not in states:
            advice = deploy_advice(pipeline, "Somebody deleted it. Deploy a change, to make it again.")
            yield warning(f"The alarm {name} is not there.", advice)
        elif states[name] == "ALARM":
            yield warning(f"The alarm {name} is on.", "Its description says what it means and what to do first.")
    if "ALARM" not in states.values():
        yield ok("No alarm is on.")


def _names(deployed: Mapping[str, Any]) -> list[str]:
    """Find the names of the alarms in the stack's template."""
    resources = [each for each in deployed["Resources"].values() if each["Type"] == "AWS::CloudWatch::Alarm"]
    return [str(alarm["Properties"]["AlarmName"]) for alarm in resources]


def _states(pipeline: Pipeline, names: list[str]) -> dict[str, str]:
    cloudwatch: CloudWatchClient = pipeline.client("cloudwatch")
    with aws_errors("Reading the alarms"):
        pages = cloudwatch.get_paginator("describe_alarms").paginate(AlarmNames=names)
        return {alarm["AlarmName"]: alarm["StateValue"] for page in pages for alarm in page.get("MetricAlarms", ())}
