"""The dashboard: alarms, queues, function, outcomes, and events."""

from collections.abc import Sequence

from aws_cdk import aws_cloudwatch as cloudwatch

from contract.metrics import AnnounceMetric, Metric
from stacks.monitoring.metrics import FIVE_MINUTES, SUM, AlarmMetrics, EventMetrics

_ROW = 24  # a dashboard is so many units wide
_HEIGHT = 6
_OUTCOMES = (Metric.RESIZED, Metric.REJECTED, Metric.REMOVED, Metric.SUPERSEDED, Metric.FAILED)
_PERIOD = FIVE_MINUTES


def rows_of(metrics: AlarmMetrics, alarms: Sequence[cloudwatch.IAlarm]) -> list[list[cloudwatch.IWidget]]:
    """Every widget, row by row."""
    return [
        [cloudwatch.AlarmStatusWidget(alarms=alarms, title="Alarms: docs/runbook.md", width=_ROW, height=3)],
        _row(_queues(metrics)),
        _row(_function(metrics)),
        _row(_outcomes(metrics)),
        *([_row(_events(metrics.events))] if metrics.events else []),
    ]


def _queues(metrics: AlarmMetrics) -> dict[str, list[cloudwatch.IMetric]]:
    jobs = metrics.jobs
    return {
        "Jobs: waiting, and being done": [
            jobs.metric_approximate_number_of_messages_visible(statistic="Maximum", period=_PERIOD, label="Waiting"),
            jobs.metric_approximate_number_of_messages_not_visible(
                statistic="Maximum", period=_PERIOD, label="Being done, or hidden until the next try"
            ),
        ],
        "Jobs: come and gone": [
            metrics.jobs_sent(_PERIOD),
            jobs.metric_number_of_messages_deleted(statistic=SUM, period=_PERIOD, label="Done"),
        ],
        "Oldest job, seconds": [metrics.oldest_job_seconds(_PERIOD)],
        "Dead letters": [metrics.dead_letters_waiting(_PERIOD)],
    }


def _function(metrics: AlarmMetrics) -> dict[str, list[cloudwatch.IMetric]]:
    function = metrics.function
    return {
        "Invocations at once": [metrics.concurrency(_PERIOD)],
        "Invocations": [function.metric_invocations(statistic=SUM, period=_PERIOD)],
        "Duration of a batch, milliseconds": [
            function.metric_duration(statistic=statistic, period=_PERIOD, label=statistic)
            for statistic in ("p50", "p99", "Maximum")
        ],
        "Crashes, throttles, and receives of one job": [
            function.metric_errors(statistic=SUM, period=_PERIOD),
            metrics.throttles(_PERIOD),
            metrics.receives(_PERIOD),
        ],
    }


def _outcomes(metrics: AlarmMetrics) -> dict[str, list[cloudwatch.IMetric]]:
    return {
        "Ends of jobs": [metrics.of_jobs(metric, SUM, _PERIOD) for metric in _OUTCOMES],
        "Failed and rejected, %": [
            metrics.share_of_jobs(metric, of_at_least=1, period=_PERIOD) for metric in (Metric.FAILED, Metric.REJECTED)
        ],
        "A job, milliseconds": [
            metrics.of_jobs(Metric.JOB_MILLIS, statistic, _PERIOD) for statistic in ("p50", "p95", "p99")
        ],
        "Bytes in and out": [
            metrics.of_jobs(metric, SUM, _PERIOD) for metric in (Metric.SOURCE_BYTES, Metric.RENDITION_BYTES)
        ],
    }


def _events(metrics: EventMetrics) -> dict[str, list[cloudwatch.IMetric]]:
    return {
        "Events: come and delivered": [metrics.sent(_PERIOD), metrics.deleted(_PERIOD)],
        "Events: announced, or not": [metrics.of_announce(metric, _PERIOD) for metric in AnnounceMetric],
        "Oldest event, seconds": [metrics.oldest_event_seconds(_PERIOD)],
        "Undelivered events": [metrics.dead_letters_waiting(_PERIOD)],
    }


def _row(graphs: dict[str, list[cloudwatch.IMetric]]) -> list[cloudwatch.IWidget]:
    return [
        cloudwatch.GraphWidget(
            title=title,
            left=drawn,
            left_y_axis=cloudwatch.YAxisProps(min=0, show_units=False),
            width=_ROW // len(graphs),
            height=_HEIGHT,
        )
        for title, drawn in graphs.items()
    ]
