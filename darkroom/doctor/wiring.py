"""Check the notification, queues, policy and event source mapping."""

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from contract.events import NOTIFIED_EVENTS
from darkroom.doctor.findings import Finding, fault, ok, warning
from darkroom.errors import aws_errors
from darkroom.pipeline.advice import START_AGAIN, deploy_advice
from darkroom.pipeline.client import LIVE, Pipeline
from darkroom.pipeline.deployed_config import read_notifications
from darkroom.pipeline.sqs import Queue, read_queue
from darkroom.text import printable

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient


_DEPLOY = "Deploy the stack again, with any change that makes CloudFormation look at it."
# docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html: six times, for a function that is throttled
_ADVISED_TIMEOUTS = 6
_ANOTHER_BUCKET = "a-bucket-of-no-stack"


def check_notification(pipeline: Pipeline, deployed: Mapping[str, Any]) -> Iterator[Finding]:
    """Tell whether the uploads bucket sends what happens in it to the jobs queue.

    Raises:
        DarkroomError: AWS refuses, or does not answer.
    """
    s3: S3Client = pipeline.client("s3")
    arn = read_queue(pipeline.client("sqs"), pipeline.jobs_queue_url).arn
    with aws_errors("Reading the notifications of the uploads bucket"):
        notifications = read_notifications(s3, pipeline.uploads_bucket)
    found = {(event, each.prefix) for each in notifications if each.queue_arn == arn for event in each.events}
    is_complete = True
    for prefix in expected_prefixes(deployed):
        if missing := [event for event in NOTIFIED_EVENTS if (event, prefix) not in found]:
            is_complete = False
            yield fault(
                f"The jobs queue is not sent {', '.join(missing)} of keys that start with {prefix!r}.",
                f"{deploy_advice(pipeline, _DEPLOY)} Then `darkroom backfill` does what was missed.",
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
    advice = deploy_advice(pipeline, _DEPLOY)
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


def check_queue_policy(jobs: Queue, pipeline: Pipeline) -> Iterator[Finding]:
    """Tell whether the uploads bucket may send to the jobs queue, and no other."""
    uploads_bucket, advice = pipeline.uploads_bucket, deploy_advice(pipeline, _DEPLOY)
    statements = jobs.policy.get("Statement", ())
    buckets = f"arn:{jobs.arn.split(':')[1]}:s3:::"
    if any(lets_s3_send(statement, f"{buckets}{uploads_bucket}") for statement in statements):
        yield ok("The uploads bucket may send to the jobs queue.")
    else:
        yield fault(f"The jobs queue's policy does not let {uploads_bucket} send to it.", advice)
    if any(lets_s3_send(statement, f"{buckets}{_ANOTHER_BUCKET}") for statement in statements):
        yield warning(
            "The jobs queue's policy lets other buckets send to it: one that an earlier stack left behind fills the "
            "dead-letter queue.",
            advice,
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
    advice = deploy_advice(pipeline, _DEPLOY)
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
    """Tell whether a job stays hidden for as long as it may be worked on; on this machine nothing is throttled."""
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
    return ok(f"A job stays hidden for {visibility} s, and the function works for {timeout} s at most.")


def expected_prefixes(deployed: Mapping[str, Any]) -> tuple[str, ...]:
    """Find the prefixes of keys in the stack's template."""
    found: list[str] = []
    for resource in deployed["Resources"].values():
        for each in resource.get("Properties", {}).get("NotificationConfiguration", {}).get("QueueConfigurations", ()):
            rules = each.get("Filter", {}).get("S3Key", {}).get("Rules", ())
            found.append(next((str(rule["Value"]) for rule in rules if rule["Name"] == "prefix"), ""))
    return tuple(dict.fromkeys(found)) or ("",)


def lets_s3_send(statement: Mapping[str, Any], bucket_arn: str) -> bool:
    """Tell whether a statement of a queue's policy lets S3 send to it on behalf of a bucket."""
    principal = statement.get("Principal")
    services = _list(principal.get("Service", ())) if isinstance(principal, dict) else []
    actions = {action.lower() for action in _list(statement.get("Action", ()))}
    is_allowed = statement.get("Effect") == "Allow" and "s3.amazonaws.com" in services
    return is_allowed and bool(actions & {"sqs:sendmessage", "sqs:*"}) and _is_source(statement, bucket_arn)


def _is_source(statement: Mapping[str, Any], bucket_arn: str) -> bool:
    """Tell whether the conditions on where a message comes from hold for a bucket; all of them must."""
    return all(
        any(fnmatchcase(bucket_arn, pattern) for pattern in _list(patterns)) is not ("not" in operator.lower())
        for operator, conditions in statement.get("Condition", {}).items()
        if operator.lower().startswith(("arn", "string"))
        for key, patterns in conditions.items()
        if key.lower() == "aws:sourcearn"
    )


def _list(value: str | Sequence[str]) -> list[str]:
    """Read what a policy holds as one text or as a list of them."""
    return [value] if isinstance(value, str) else list(value)
