"""Check the announce function: its state, failures and oldest event."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from darkroom.doctor.findings import Finding, fault, ok, warning
from darkroom.errors import aws_errors
from darkroom.outbox.refusals import REFUSALS, Refusal, refusal_in
from darkroom.pipeline.client import LogLine, Pipeline

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_logs import CloudWatchLogsClient

_LOOK_BACK = timedelta(hours=1)
# As the alarm `oldest-event` has it.
_OLD_SECONDS = 390
_PATTERN = "{ " + " || ".join(f'$.message = "{text}"' for text in REFUSALS) + " }"
_RUNBOOK = "See docs/runbook.md, announce-failures."
_REACH = (
    "See that brokers are up, that their security group lets the function's in on the port of its auth (9098 for iam, "
    "9096 for scram), and that a route leads there."
)
# What to do about it, by the code that the function logs.
_ADVICE = {
    "KafkaError._AUTHENTICATION": "Write the password that the cluster knows into the secret, or let the role connect.",
    "KafkaError._SSL": "Have the brokers show a certificate of a public authority.",
    "KafkaError._RESOLVE": "See that bootstrap_servers are the cluster's, and that the VPC resolves names.",
    "KafkaError._TRANSPORT": _REACH,
    "KafkaError._ALL_BROKERS_DOWN": _REACH,
    "KafkaError._NO_ANSWER": _REACH,
    "KafkaError.TOPIC_AUTHORIZATION_FAILED": "Let the function's role, or the user of its secret, write the topic.",
    "KafkaError.UNKNOWN_TOPIC_OR_PART": "Make the topic, then announce what it lacks: darkroom events backfill",
    "KafkaError.MSG_SIZE_TOO_LARGE": "Raise the topic's max.message.bytes to 2 MiB.",
    "ConnectTimeoutError": "Make an interface endpoint for secretsmanager in the function's subnets, or a NAT gateway.",
    "MessageRefusedError": "Something else sends to the events queue: find it, and take its permission away.",
}


def check_state(function: Mapping[str, Any]) -> Iterator[Finding]:
    """Tell whether Lambda can start the function.

    In a VPC it may not get a network interface. docs.aws.amazon.com/lambda/latest/dg/functions-states.html
    """
    state, update = function.get("State", "Active"), function.get("LastUpdateStatus", "Successful")
    if state not in {"Active", "Inactive"} or update == "Failed":
        reason = function.get("StateReason") or function.get("LastUpdateStatusReason") or "no reason is given"
        yield fault(
            f"Lambda cannot start the announce function, which is {state.lower()}: {reason}.",
            "See that its subnets, its security group and its role are there, then deploy a change.",
        )


def check_failures(pipeline: Pipeline, function: Mapping[str, Any]) -> Iterator[Finding]:
    """Tell which events were not taken in the last hour.

    And why the last of them was not.

    Raises:
        DarkroomError: CloudWatch refuses, or does not answer.
    """
    default = f"/aws/lambda/{function['FunctionName']}"
    log_group = function.get("LoggingConfig", {}).get("LogGroup", default)
    failures = _failures(pipeline, log_group, datetime.now(UTC) - _LOOK_BACK)
    if failures:
        code = failures[-1].code
        yield warning(
            f"{len(failures):,} times in the last hour an event was not taken; the last time for {code}.",
            _ADVICE.get(code, _RUNBOOK),
        )


def check_age(pipeline: Pipeline, events_url: str) -> Iterator[Finding]:
    """Tell how long the oldest event has waited.

    An emulator measures that of no queue.

    Raises:
        DarkroomError: CloudWatch refuses, or does not answer.
    """
    if pipeline.endpoint_url is not None:
        return
    seconds = _oldest_seconds(pipeline, events_url.rpartition("/")[2])
    if seconds is not None and seconds > _OLD_SECONDS:
        yield warning(
            f"An event has waited for {seconds / 60:,.0f} minutes: readers are late by as much, and nothing is lost.",
            "See docs/runbook.md, oldest-event.",
        )
    elif seconds is not None:
        yield ok(f"The oldest event has waited for {seconds:,.0f} s.")


def _failures(pipeline: Pipeline, log_group: str, since: datetime) -> list[Refusal]:
    """Read what the function logged, the newest last; an emulator takes no pattern, so the lines are looked at."""
    logs: CloudWatchLogsClient = pipeline.client("logs")
    with aws_errors("Reading the log of the announce function"):
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=log_group, filterPattern=_PATTERN, startTime=int(since.timestamp() * 1000)
        )
        events = [event for page in pages for event in page["events"]]
    lines = (LogLine(milliseconds=event["timestamp"], text=event["message"]) for event in events)
    return sorted(filter(None, map(refusal_in, lines)), key=lambda each: each.milliseconds)


def _oldest_seconds(pipeline: Pipeline, queue: str) -> float | None:
    """Ask for the newest figure of the last hour; a queue that nobody uses has none."""
    cloudwatch: CloudWatchClient = pipeline.client("cloudwatch")
    now = datetime.now(UTC)
    with aws_errors("Reading the metrics of the events queue"):
        points = cloudwatch.get_metric_statistics(
            Namespace="AWS/SQS",
            MetricName="ApproximateAgeOfOldestMessage",
            Dimensions=[{"Name": "QueueName", "Value": queue}],
            StartTime=now - _LOOK_BACK,
            EndTime=now + timedelta(minutes=1),
            Period=60,
            Statistics=["Maximum"],
        )["Datapoints"]
    return max(points, key=lambda point: point["Timestamp"])["Maximum"] if points else None
