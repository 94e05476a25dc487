"""What is told of a pipeline's queues and metrics, on moto; nothing that was not measured is told."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from darkroom.errors import DarkroomError
from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.metrics import CloudWatchMetrics, Measured, Readings
from darkroom.pipeline.sqs import QueueDepth, queue_depth
from darkroom.pipeline.status import StatusReader

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.client import CloudWatchClient

NOW = datetime.now(UTC).replace(second=30, microsecond=0)
THIS_MINUTE = NOW.replace(second=0)


class Clock:
    """The time, as a test says."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def put(
    pipeline: Pipeline, name: str, value: float, *, minutes_ago: int, of: str = "Darkroom", **dimensions: str
) -> None:
    """Publish a figure of one of the last minutes."""
    cloudwatch: CloudWatchClient = pipeline.client("cloudwatch")
    cloudwatch.put_metric_data(
        Namespace=of,
        MetricData=[
            {
                "MetricName": name,
                "Value": value,
                "Timestamp": THIS_MINUTE - timedelta(minutes=minutes_ago),
                "Dimensions": [{"Name": key, "Value": text} for key, text in (dimensions or SERVICE).items()],
            }
        ],
    )


SERVICE = {"service": "Darkroom"}  # the stack's name


def ago(minutes: int) -> datetime:
    return THIS_MINUTE - timedelta(minutes=minutes)


def read(pipeline: Pipeline) -> Readings:
    return CloudWatchMetrics(pipeline, Clock()).read()


def test_what_cloudwatch_does_not_know_is_absent_and_never_zero(pipeline: Pipeline) -> None:
    assert read(pipeline) == Readings()


def test_the_newest_whole_minute_that_was_reported_is_told_with_its_end(pipeline: Pipeline) -> None:
    for minutes, resized in ((4, 40.0), (3, 30.0), (1, 1.0), (0, 0.5)):
        put(pipeline, "Resized", resized, minutes_ago=minutes)
    put(pipeline, "Rejected", 2, minutes_ago=3)

    readings = read(pipeline)

    assert readings.resized == Measured(value=30, at=ago(2))
    assert readings.rejected == Measured(value=2, at=ago(2))
    assert readings.failed == Measured(value=0, at=ago(2))  # the minute was reported, and without any


@pytest.mark.parametrize("name", ["Superseded", "Removed", "Failed"])
def test_a_minute_in_which_any_job_ended_was_reported(pipeline: Pipeline, name: str) -> None:
    put(pipeline, name, 3, minutes_ago=2)

    assert read(pipeline).resized == Measured(value=0, at=ago(1))


def test_figures_older_than_six_minutes_say_nothing_of_now(pipeline: Pipeline) -> None:
    put(pipeline, "Resized", 3, minutes_ago=7)

    assert read(pipeline).resized is None


def test_the_metrics_of_another_stack_are_not_told(pipeline: Pipeline) -> None:
    put(pipeline, "Resized", 3, minutes_ago=3, service="Another")

    assert read(pipeline).resized is None


def test_the_age_of_the_oldest_job_and_the_concurrency_are_those_of_this_queue_and_function(
    pipeline: Pipeline,
) -> None:
    put(pipeline, "ApproximateAgeOfOldestMessage", 95, minutes_ago=1, of="AWS/SQS", QueueName="jobs")
    put(pipeline, "ApproximateAgeOfOldestMessage", 7, minutes_ago=0, of="AWS/SQS", QueueName="dead-letters")
    put(pipeline, "ConcurrentExecutions", 12, minutes_ago=2, of="AWS/Lambda", FunctionName="resize")

    readings = read(pipeline)

    assert readings.oldest_seconds == Measured(value=95, at=ago(0))
    assert readings.concurrency == Measured(value=12, at=ago(1))


def test_cloudwatch_is_asked_three_times_a_minute_at_most(pipeline: Pipeline) -> None:
    clock = Clock()
    metrics = CloudWatchMetrics(pipeline, clock)
    asked: list[str] = []
    metrics._cloudwatch.meta.events.register("before-call", lambda model, **_: asked.append(model.name))  # noqa: SLF001

    for _ in range(30):
        metrics.read()
        clock.now += timedelta(seconds=2)

    assert asked == ["GetMetricData"] * 3


def test_messages_are_counted_by_what_they_wait_for(pipeline: Pipeline) -> None:
    sqs = pipeline.client("sqs")
    for delay in (0, 0, 0, 60):
        sqs.send_message(QueueUrl=pipeline.jobs_queue_url, MessageBody="job", DelaySeconds=delay)
    sqs.receive_message(QueueUrl=pipeline.jobs_queue_url)

    assert queue_depth(sqs, pipeline.jobs_queue_url) == QueueDepth(waiting=2, in_flight=1, delayed=1)


def test_dead_letters_count_while_somebody_looks_at_them(pipeline: Pipeline) -> None:
    sqs = pipeline.client("sqs")
    for _ in range(2):
        sqs.send_message(QueueUrl=pipeline.dead_letter_queue_url, MessageBody="job")
    sqs.receive_message(QueueUrl=pipeline.dead_letter_queue_url)

    status = StatusReader(pipeline, clock=Clock()).read()

    assert (status.at, status.dead_letters, status.jobs.total) == (NOW, 2, 0)


def test_a_right_that_is_missing_is_named(pipeline: Pipeline) -> None:
    metrics = CloudWatchMetrics(pipeline, Clock())

    def refuse(**_: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "cloudwatch:GetMetricData"}}, "GetMetricData")

    metrics._cloudwatch.meta.events.register("before-call", refuse)  # noqa: SLF001

    with pytest.raises(DarkroomError, match=r"Reading the metrics of CloudWatch failed: .+ cloudwatch:GetMetricData"):
        metrics.read()
