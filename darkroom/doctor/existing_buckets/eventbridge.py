"""Check what brings the events of a bucket that is not the stack's own."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from contract.eventbridge_event import CREATED, DELETED
from darkroom.doctor.existing_buckets.bucket_notifications import put_command
from darkroom.doctor.findings import Finding, fault, ok
from darkroom.doctor.queue_policy import EVENTBRIDGE, lets_send
from darkroom.errors import aws_errors
from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.deploy_advice import DEPLOY_ANEW, deploy_advice
from darkroom.pipeline.eventbridge_rules import read_rules
from darkroom.pipeline.sqs import read_queue

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SWITCH: Final = "EventBridgeConfiguration"


def check_eventbridge(pipeline: Pipeline, prefixes: Sequence[str]) -> Iterator[Finding]:
    """Tell whether events come through EventBridge to the jobs queue.

    The bucket has to send them, and a rule to send them on.

    Raises:
        DarkroomError: AWS refuses, or does not answer.
    """
    yield from _check_switch(pipeline)
    jobs = read_queue(pipeline.client("sqs"), pipeline.jobs_queue_url)
    advice = deploy_advice(pipeline, DEPLOY_ANEW)
    with aws_errors("Reading the rules of EventBridge"):
        rules = read_rules(pipeline, jobs.arn)
    ours = [rule for rule in rules if pipeline.uploads_bucket in rule.buckets and set(prefixes) <= set(rule.prefixes)]
    complete = [rule for rule in ours if rule.enabled and {CREATED, DELETED} <= set(rule.changes)]
    if not complete:
        yield fault(
            f"No rule of EventBridge that is enabled sends {CREATED!r} and {DELETED!r} of keys that start with "
            f"{' or '.join(map(repr, prefixes))} in {pipeline.uploads_bucket} to the jobs queue.",
            f"{advice} Then `darkroom backfill` does what was missed.",
        )
        return
    yield ok("A rule of EventBridge sends the uploads bucket's events to the jobs queue.")
    statements = jobs.policy.get("Statement", ())
    if any(lets_send(statement, EVENTBRIDGE, rule.arn) for rule in complete for statement in statements):
        yield ok("The rule may send to the jobs queue.")
    else:
        yield fault("The jobs queue's policy does not let EventBridge's rule send to it.", advice)


def _check_switch(pipeline: Pipeline) -> Iterator[Finding]:
    """Tell whether the bucket's own switch is on: without it nothing comes, and nobody says so.

    docs.aws.amazon.com/AmazonS3/latest/userguide/enable-event-notifications-eventbridge.html
    """
    s3: S3Client = pipeline.client("s3")
    with aws_errors("Reading the notifications of the uploads bucket"):
        answer: Any = s3.get_bucket_notification_configuration(Bucket=pipeline.uploads_bucket)
    if SWITCH in answer:
        yield ok("The uploads bucket sends its events to EventBridge.")
    else:
        yield fault(
            f"{pipeline.uploads_bucket} does not send its events to EventBridge: no upload becomes a job.",
            f"{switch_on(pipeline.uploads_bucket, answer)} Then `darkroom backfill` does what was missed.",
        )


def switch_on(bucket: str, configured: Mapping[str, Any]) -> str:
    """Write the command that turns the switch on and keeps what is configured."""
    return put_command(bucket, {**configured, SWITCH: {}})
