"""Read metrics from CloudWatch, or locally from the function's log."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol

from contract.metrics import NAMESPACE, STACK_DIMENSION, Metric
from darkroom.errors import aws_errors
from darkroom.pipeline.client import Pipeline

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.client import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import MetricDataQueryTypeDef

# Every job ends in one of these, so a minute in which one was reported has no others.
ENDINGS: Final = (Metric.RESIZED, Metric.REJECTED, Metric.FAILED, Metric.SUPERSEDED, Metric.REMOVED)

_MINUTE = timedelta(minutes=1)
# What CloudWatch is asked for: older figures say nothing of now.
_LOOK_BACK = 6 * _MINUTE
# Figures come each minute, and each one asked for costs money: aws.amazon.com/cloudwatch/pricing
_FRESH = timedelta(seconds=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A figure, and the end of the time that it was measured in."""

    value: float
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """What metrics tell; None is what nobody has measured, or not told yet.

    `oldest_seconds` is the age of the oldest job, of those that SQS has delivered less than three times, `concurrency`
    how many invocations ran at once, and the others are how many jobs ended so within one minute.
    """

    oldest_seconds: Measured | None = None
    concurrency: Measured | None = None
    resized: Measured | None = None
    rejected: Measured | None = None
    failed: Measured | None = None


class Metrics(Protocol):
    """Where readings come from."""

    def read(self) -> Readings:
        """Read what is known now.

        Raises:
            DarkroomError: AWS refuses, or does not answer.
        """


def utc_now() -> datetime:
    """Tell the time."""
    return datetime.now(UTC)


def metrics_of(pipeline: Pipeline, clock: Callable[[], datetime] = utc_now) -> Metrics:
    """Find where a pipeline's metrics are."""
    return LoggedMetrics(pipeline, clock) if pipeline.endpoint_url else CloudWatchMetrics(pipeline, clock)


class LoggedMetrics:
    """The metrics that the function has logged, for CloudWatch to find there.

    Those of the last sixty seconds.

    Source: CloudWatch embedded metric format,
    docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    """

    def __init__(self, pipeline: Pipeline, clock: Callable[[], datetime] = utc_now) -> None:
        self._pipeline = pipeline
        self._clock = clock

    def read(self) -> Readings:
        """Add up what was logged.

        The log tells nothing of the queue and of how many invocations run.
        """
        now = self._clock()
        with aws_errors("Reading the function's log"):
            lines = [line.text for line in self._pipeline.function_log('"CloudWatchMetrics"', now - _MINUTE)]
        return _readings(sums(lines), at=now)


class CloudWatchMetrics:
    """The metrics of CloudWatch, some minutes old.

    Those of S3's jobs, of the queue and of Lambda.
    """

    def __init__(self, pipeline: Pipeline, clock: Callable[[], datetime] = utc_now) -> None:
        self._pipeline = pipeline
        self._cloudwatch: CloudWatchClient = pipeline.client("cloudwatch")
        self._clock = clock
        self._read_at: datetime | None = None
        self._readings = Readings()

    def read(self) -> Readings:
        """Ask CloudWatch, or answer what it said less than twenty seconds ago."""
        now = self._clock()
        if self._read_at is None or now - self._read_at >= _FRESH:
            with aws_errors("Reading the metrics of CloudWatch"):
                self._readings = self._ask(now)
            self._read_at = now
        return self._readings

    def _ask(self, now: datetime) -> Readings:
        this_minute = now.replace(second=0, microsecond=0)
        answer = self._cloudwatch.get_metric_data(
            MetricDataQueries=[*self._queries()], StartTime=this_minute - _LOOK_BACK, EndTime=this_minute + _MINUTE
        )
        series = {
            result["Id"]: dict(zip(result["Timestamps"], result["Values"], strict=True))
            for result in answer["MetricDataResults"]
        }
        # A minute's metrics come in within the next one.
        complete = [minute for name in ENDINGS for minute in series[name.lower()] if minute + 2 * _MINUTE <= now]
        endings = Readings()
        if complete:
            newest = max(complete)
            endings = _readings({name: series[name.lower()].get(newest, 0) for name in ENDINGS}, at=newest + _MINUTE)
        return Readings(
            oldest_seconds=_newest(series["oldest"]),
            concurrency=_newest(series["concurrency"]),
            resized=endings.resized,
            rejected=endings.rejected,
            failed=endings.failed,
        )

    def _queries(self) -> Iterator["MetricDataQueryTypeDef"]:
        for name in ENDINGS:
            yield _query(name.lower(), NAMESPACE, name, "Sum", {STACK_DIMENSION: self._pipeline.stack_name})
        queue = self._pipeline.jobs_queue_url.rpartition("/")[2]
        yield _query("oldest", "AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", {"QueueName": queue})
        function = {"FunctionName": self._pipeline.function_name}
        yield _query("concurrency", "AWS/Lambda", "ConcurrentExecutions", "Maximum", function)


def sums(lines: Iterable[str]) -> Mapping[Metric, float]:
    """Add up the metrics of ours among the lines of a log."""
    totals = dict.fromkeys(ENDINGS, 0.0)
    for line in lines:
        members = _embedded(line)
        for name in totals:
            values = members.get(name, 0)
            totals[name] += sum(values) if isinstance(values, list) else values
    return totals


def _embedded(line: str) -> Mapping[str, Any]:
    try:
        members = json.loads(line)
        directives = members["_aws"]["CloudWatchMetrics"]
        return members if any(directive["Namespace"] == NAMESPACE for directive in directives) else {}
    except (ValueError, KeyError, TypeError):  # a line about something else
        return {}


def _readings(endings: Mapping[Metric, float], *, at: datetime) -> Readings:
    return Readings(
        resized=Measured(value=endings[Metric.RESIZED], at=at),
        rejected=Measured(value=endings[Metric.REJECTED], at=at),
        failed=Measured(value=endings[Metric.FAILED], at=at),
    )


def _newest(series: Mapping[datetime, float]) -> Measured | None:
    if not series:
        return None
    minute = max(series)
    return Measured(value=series[minute], at=minute + _MINUTE)


def _query(
    name: str, namespace: str, metric: str, statistic: str, dimensions: Mapping[str, str]
) -> "MetricDataQueryTypeDef":
    return {
        "Id": name,
        "MetricStat": {
            "Metric": {
                "Namespace": namespace,
                "MetricName": metric,
                "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
            },
            "Period": 60,
            "Stat": statistic,
        },
    }
