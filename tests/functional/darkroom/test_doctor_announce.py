"""What `darkroom doctor` sees of the announce function: its state, why events are not taken, and how long they wait."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from darkroom.doctor.announce import check_age, check_failures, check_state
from darkroom.doctor.findings import Finding, Level
from darkroom.errors import DarkroomError
from darkroom.pipeline.client import Pipeline
from support.events.announcements import MemoryTarget, consumer_of, handle, image_event

LOG_GROUP = "Darkroom-Announce"
FUNCTION = {"FunctionName": "announce", "LoggingConfig": {"LogGroup": LOG_GROUP}}
QUEUE_URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/events.fifo"


def lines_of(refused: Mapping[str, str], capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What the function itself logs where its target refuses these messages."""
    capsys.readouterr()
    handle(consumer_of(MemoryTarget(refused=refused)), [image_event("a", 1), image_event("b", 1)])
    return capsys.readouterr().out.splitlines()


def log(pipeline: Pipeline, lines: list[str], *, ago: timedelta = timedelta(minutes=5)) -> None:
    """Have the function's log hold these lines, one second after the other."""
    logs, stream = pipeline.client("logs"), f"stream-{ago.total_seconds():.0f}"
    if not logs.describe_log_groups(logGroupNamePrefix=LOG_GROUP)["logGroups"]:
        logs.create_log_group(logGroupName=LOG_GROUP)
    logs.create_log_stream(logGroupName=LOG_GROUP, logStreamName=stream)
    start = int((datetime.now(UTC) - ago).timestamp() * 1000)
    events = [{"timestamp": start + 1_000 * number, "message": line} for number, line in enumerate(lines)]
    logs.put_log_events(logGroupName=LOG_GROUP, logStreamName=stream, logEvents=events)


def found(findings: Any) -> list[tuple[Level, str, str]]:
    return [(each.level, each.what, each.advice) for each in findings]


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("KafkaError._AUTHENTICATION", "Write the password that the cluster knows into the secret"),
        ("KafkaError._TRANSPORT", "security group"),
        ("KafkaError._SSL", "certificate"),
        ("KafkaError.TOPIC_AUTHORIZATION_FAILED", "write the topic"),
        ("KafkaError.UNKNOWN_TOPIC_OR_PART", "darkroom events backfill"),
        ("KafkaError.SOMETHING_NEW", "docs/runbook.md, announce-failures"),
    ],
)
def test_why_the_last_event_was_not_taken_is_told_with_what_to_do(
    code: str, advice: str, pipeline: Pipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    log(pipeline, lines_of({"a-1": "KafkaError._RESOLVE"}, capsys), ago=timedelta(minutes=30))
    log(pipeline, ["START RequestId: 1", *lines_of({"b-1": code}, capsys)])

    ((level, what, told),) = found(check_failures(pipeline, FUNCTION))

    assert level is Level.WARNING
    assert what == f"2 times in the last hour an event was not taken; the last time for {code}."
    assert advice in told


def test_failures_of_before_and_events_that_were_taken_are_not_told(
    pipeline: Pipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    log(pipeline, lines_of({"a-1": "KafkaError._SSL"}, capsys), ago=timedelta(hours=2))
    log(pipeline, lines_of({}, capsys))

    assert found(check_failures(pipeline, FUNCTION)) == []


def test_a_log_that_is_not_there_is_said_so(pipeline: Pipeline) -> None:
    with pytest.raises(DarkroomError, match="Reading the log of the announce function"):
        list(check_failures(pipeline, FUNCTION))


def measure(pipeline: Pipeline, seconds: float, *, minutes_ago: int) -> None:
    """Have SQS tell how old the oldest event was."""
    pipeline.client("cloudwatch").put_metric_data(
        Namespace="AWS/SQS",
        MetricData=[
            {
                "MetricName": "ApproximateAgeOfOldestMessage",
                "Value": seconds,
                "Timestamp": datetime.now(UTC) - timedelta(minutes=minutes_ago),
                "Dimensions": [{"Name": "QueueName", "Value": "events.fifo"}],
            }
        ],
    )


@pytest.mark.parametrize(
    ("ages", "told"),
    [
        ([], []),
        ([12], [Finding(Level.OK, "The oldest event has waited for 12 s.")]),
        ([3, 7_200], [Level.WARNING]),
        ([7_200, 3], [Finding(Level.OK, "The oldest event has waited for 3 s.")]),
    ],
)
def test_the_age_of_the_oldest_event_is_the_newest_figure(ages: list[float], told: Any, pipeline: Pipeline) -> None:
    for number, age in enumerate(ages):
        measure(pipeline, age, minutes_ago=10 * (len(ages) - number))

    findings = list(check_age(pipeline, QUEUE_URL))

    assert [each.level if each.level is Level.WARNING else each for each in findings] == told
    assert [each for each in findings if each.level is Level.WARNING and "120 minutes" not in each.what] == []


def test_an_emulator_is_not_asked_for_ages(pipeline: Pipeline) -> None:
    here = replace(pipeline, endpoint_url="http://127.0.0.1:1")

    assert list(check_age(here, QUEUE_URL)) == []


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ({}, []),
        ({"State": "Active", "LastUpdateStatus": "Successful"}, []),
        ({"State": "Inactive"}, []),
        ({"State": "Failed", "StateReason": "no such subnet"}, ["which is failed: no such subnet"]),
        ({"State": "Pending"}, ["which is pending: no reason is given"]),
        ({"LastUpdateStatus": "Failed", "LastUpdateStatusReason": "no ENI"}, ["no ENI"]),
    ],
)
def test_a_function_that_lambda_cannot_start_is_a_fault_with_lambdas_reason(
    function: dict[str, str], said: list[str]
) -> None:
    findings = list(check_state(function))

    assert [each.level for each in findings] == [Level.FAULT] * len(said)
    assert all(text in each.what for each, text in zip(findings, said, strict=True))


def test_every_line_of_a_refused_message_counts_too(pipeline: Pipeline) -> None:
    refused = {
        "message": "message refused",
        "message_id": "1",
        "error_code": "MessageRefusedError",
        "error": "not JSON",
    }
    log(pipeline, [json.dumps(refused)])

    ((_, what, advice),) = found(check_failures(pipeline, FUNCTION))

    assert "MessageRefusedError" in what
    assert "Something else sends" in advice
