"""Check who may send to the jobs queue."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from darkroom.doctor.findings import Finding, fault, ok, warning
from darkroom.doctor.resource_policy import ServiceAccess, lets
from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.deploy_advice import DEPLOY_ANEW, deploy_advice
from darkroom.pipeline.sqs import Queue

EVENTBRIDGE: Final = "events.amazonaws.com"
_S3 = "s3.amazonaws.com"
_ANOTHER_BUCKET = "a-bucket-of-no-stack"


def check_queue_policy(jobs: Queue, pipeline: Pipeline) -> Iterator[Finding]:
    """Tell whether the uploads bucket may send to the jobs queue, and no other.

    Of a rule `eventbridge` tells.
    """
    if pipeline.by_eventbridge:
        return
    uploads_bucket, advice = pipeline.uploads_bucket, deploy_advice(pipeline, DEPLOY_ANEW)
    statements = jobs.policy.get("Statement", ())
    buckets = f"arn:{jobs.arn.split(':')[1]}:s3:::"
    if any(lets_send(statement, _S3, f"{buckets}{uploads_bucket}") for statement in statements):
        yield ok("The uploads bucket may send to the jobs queue.")
    else:
        yield fault(f"The jobs queue's policy does not let {uploads_bucket} send to it.", advice)
    if any(lets_send(statement, _S3, f"{buckets}{_ANOTHER_BUCKET}") for statement in statements):
        yield warning(
            "The jobs queue's policy lets other buckets send to it: one that an earlier stack left behind fills the "
            "dead-letter queue.",
            advice,
        )


def lets_send(statement: Mapping[str, Any], service: str, source_arn: str) -> bool:
    """Tell whether a statement of a queue's policy lets a service send to it.

    It must do so on behalf of the bucket, or of the rule.
    """
    return lets([statement], ServiceAccess(service=service, source_arn=source_arn, action="sqs:SendMessage"))
