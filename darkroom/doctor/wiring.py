"""Check the notification, queues, policy and event source mapping."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from contract.eventbridge_event import EVENT_SOURCE
from contract.events import NOTIFIED_EVENTS
from darkroom.doctor.existing_buckets.bucket_notifications import restore_command
from darkroom.doctor.existing_buckets.eventbridge import check_eventbridge
from darkroom.doctor.findings import Finding, fault, ok, warning
from darkroom.doctor.queue_policy import check_queue_policy
from darkroom.errors import aws_errors
from darkroom.pipeline.client import LIVE, Pipeline
from darkroom.pipeline.deploy_advice import DEPLOY_ANEW, START_AGAIN, deploy_advice
from darkroom.pipeline.deployed_config import notifications_in
from darkroom.pipeline.eventbridge_rules import prefixes_of
from darkroom.pipeline.sqs import read_queue
from darkroom.text import printable
from resize.backoff import Backoff
from stacks.config.existing_bucket import NOTIFICATION_TYPE

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient


# docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html: six times, for a function that is throttled
_ADVISED_TIMEOUTS = 6


def check_notification(pipeline: Pipeline, deployed: Mapping[str, Any]) -> Iterator[Finding]:
    """Tell whether the uploads bucket sends what happens in it to the jobs queue.

    Raises:
        DarkroomError: AWS refuses, or does not answer.
    """
    if pipeline.by_eventbridge:
        yield from check_eventbridge(pipeline, expected_prefixes(deployed))
        return
    s3: S3Client = pipeline.client("s3")
    arn = read_queue(pipeline.client("sqs"), pipeline.jobs_queue_url).arn
    with aws_errors("Reading the notifications of the uploads bucket"):
        configured = s3.get_bucket_notification_configuration(Bucket=pipeline.uploads_bucket)
    notifications = notifications_in(configured)
    found = {(event, each.prefix) for each in notifications if each.queue_arn == arn for event in each.events}
    is_complete, prefixes = True, expected_prefixes(deployed)
    for prefix in prefixes:
        if missing := [event for event in NOTIFIED_EVENTS if (event, prefix) not in found]:
            is_complete = False
            advice = deploy_advice(pipeline, DEPLOY_ANEW)
            if any(each.get("Type") == NOTIFICATION_TYPE for each in deployed["Resources"].values()):
                # CloudFormation takes them for there until the stack says something else of them.
                advice = restore_command(pipeline.uploads_bucket, configured, arn, prefixes)
            yield fault(
                f"The jobs queue is not sent {', '.join(missing)} of keys that start with {prefix!r}.",
                f"{advice} Then `darkroom backfill` does what was missed.",
            )
    if is_complete:
        yield ok("The uploads bucket sends its events to the jobs queue.")


def check_queues(pipeline: Pipeline) -> Iterator[Finding]:
    """Tell whether S3 may send, whether failed jobs are kept, and long enough.

    Raises:
        DarkroomError: SQS refuses, or does not answer.
    """
    sqs: SQSClient = pipeline.client("sqs")
    jobs = read_queue(sqs, pipeline.jobs_queue_url)
    dead = read_queue(sqs, pipeline.dead_letter_queue_url)
    advice = deploy_advice(pipeline, DEPLOY_ANEW)
    yield from check_queue_policy(jobs, pipeline)
    if jobs.redrive.get("deadLetterTargetArn") == dead.arn:
        yield ok(f"A job that fails {jobs.redrive['maxReceiveCount']} times becomes a dead letter.")
    else:
        yield fault("The jobs queue does not move failed jobs to the dead-letter queue.", advice)
    if dead.retention <= jobs.retention:
        yield warning(
            "A dead letter may expire as soon as it is one: its age counts from its job's first day.",
            "Make dead_letter_retention_days larger than queue_retention_days.",
        )


def check_consumer(pipeline: Pipeline) -> Iterator[Finding]:
    """Tell whether the function takes the jobs, and has the time that it needs.

    Raises:
        DarkroomError: AWS refuses, or does not answer.
    """
    functions: LambdaClient = pipeline.client("lambda")
    jobs = read_queue(pipeline.client("sqs"), pipeline.jobs_queue_url)
    with aws_errors("Reading the event source mappings"):
        mappings = functions.list_event_source_mappings(EventSourceArn=jobs.arn)["EventSourceMappings"]
        timeout = functions.get_function_configuration(FunctionName=pipeline.function_name)["Timeout"]
    advice = deploy_advice(pipeline, DEPLOY_ANEW)
    ours = [each for each in mappings if each["FunctionArn"].endswith(f":{pipeline.function_name}:{LIVE}")]
    if not ours:
        yield fault(f"The alias {LIVE!r} of the function does not take jobs from the queue.", advice)
    for mapping in ours:
        if mapping["State"] not in {"Enabled", "Enabling", "Updating"}:
            yield fault(
                f"The function takes no jobs: its event source mapping is {mapping['State'].lower()}.",
                f"aws lambda update-event-source-mapping --uuid {mapping['UUID']} --enabled",
            )
        elif "ReportBatchItemFailures" not in mapping.get("FunctionResponseTypes", ()):
            yield fault("A failed job is taken for done: the mapping does not report batch item failures.", advice)
        else:
            yield ok("The function takes jobs from the queue, and reports those that failed.")
    for other in mappings:
        if other not in ours:
            yield warning(
                f"Another function takes jobs from the queue too: {printable(other['FunctionArn'])}.",
                "Give it a queue of its own: each job goes to one of the two.",
            )
    yield check_visibility(jobs.visibility, timeout, is_aws=pipeline.endpoint_url is None)


def check_visibility(visibility: int, timeout: int, *, is_aws: bool) -> Finding:
    """Tell whether a job stays hidden for as long as it may be worked on.

    On this machine nothing is throttled.
    """
    if visibility < timeout:
        return fault(
            f"A job shows again after {visibility} s, though the function may work for {timeout} s: it is done twice.",
            "Make visibility_timeout_seconds null, which is 6 times the function's timeout, and deploy."
            if is_aws
            else START_AGAIN,
        )
    if is_aws and visibility < _ADVISED_TIMEOUTS * timeout:
        return warning(
            f"A job shows again after {visibility} s: AWS advises 6 times the function's timeout of {timeout} s.",
            "Make visibility_timeout_seconds null, and deploy.",
        )
    # After the first receive its maximum makes no difference.
    wait = Backoff(visibility_seconds=visibility).mean_wait(1, is_handed_back=False)
    return ok(
        f"A job stays hidden for {visibility} s while it is worked on, which is {timeout} s at most; one that fails "
        f"shows again after some {wait:.0f} s."
    )


def expected_prefixes(deployed: Mapping[str, Any]) -> tuple[str, ...]:
    """Find the prefixes of keys in the stack's template."""
    found: list[str] = []
    for resource in deployed["Resources"].values():
        for each in resource.get("Properties", {}).get("NotificationConfiguration", {}).get("QueueConfigurations", ()):
            rules = each.get("Filter", {}).get("S3Key", {}).get("Rules", ())
            found.append(next((str(rule["Value"]) for rule in rules if rule["Name"] == "prefix"), ""))
        pattern = resource.get("Properties", {}).get("EventPattern", {})
        if EVENT_SOURCE in pattern.get("source", ()):
            found += prefixes_of(pattern)
        if resource.get("Type") == NOTIFICATION_TYPE:
            found += resource["Properties"]["Prefixes"]
    return tuple(dict.fromkeys(found)) or ("",)
