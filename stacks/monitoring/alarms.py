"""The alarms: metric, threshold, meaning and first command.

Each has a section of its name in docs/runbook.md.
"""

from dataclasses import dataclass
from math import ceil

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from contract.metrics import Metric
from stacks.config.config import Config
from stacks.monitoring.metrics import FIVE_MINUTES, HOUR, MINUTE, QUARTER_HOUR, AlarmMetrics, EventMetrics

# After so many tries a fault no longer looks like one that passes.
_TRIES = 3

# "At the cap" begins a little below it: invocations end and begin, and a minute's maximum may just miss it.
_NEAR = 0.9

# Longer than an event that was not taken stays hidden, so that one retry is no alarm; and five minutes of it are over
# before the third receive, after which SQS counts its age no more: `AlarmMetrics.oldest_job_seconds`.
_OLD_EVENT_SECONDS = 390
# Of events that come again and again most are not delivered; of those that pass, next to none. The only one of a night
# comes twice in a quarter of an hour.
_UNDELIVERED_PERCENT = 50
_LEAST_EVENTS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One alarm on a metric.

    It goes off when `periods` in a row, of the metric's own, are over (or under) the threshold. With `of_them` it goes
    off when that many of the last `periods` are, and is over when fewer are.
    """

    name: str
    means: str
    first_command: str
    metric: cloudwatch.IMetric
    threshold: float
    periods: int = 1
    of_them: int | None = None
    comparison: cloudwatch.ComparisonOperator = cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD
    # An idle stack has no data, which is no fault.
    missing: cloudwatch.TreatMissingData = cloudwatch.TreatMissingData.NOT_BREACHING

    def description(self, stack_name: str) -> str:
        """Say what someone who is woken by it needs first."""
        return (
            f"{self.means} First: darkroom {self.first_command} --stack {stack_name}. "
            f"Then: docs/runbook.md, section {self.name}."
        )

    def make(self, scope: Construct, stack_name: str) -> cloudwatch.Alarm:
        """Add it to a stack."""
        return cloudwatch.Alarm(
            scope,
            self.name,
            alarm_name=f"{stack_name}-{self.name}",
            alarm_description=self.description(stack_name),
            metric=self.metric,
            threshold=self.threshold,
            comparison_operator=self.comparison,
            evaluation_periods=self.periods,
            datapoints_to_alarm=self.of_them,
            treat_missing_data=self.missing,
        )


def alarms_for(config: Config, metrics: AlarmMetrics) -> list[Alarm]:
    """Decide on the alarms of a configuration, the most urgent first."""
    return [
        *_of_the_queues(config, metrics),
        *_of_retries(config, metrics),
        *_of_outcomes(config, metrics),
        *_of_the_function(config, metrics),
        *_of_silence(config, metrics),
        *(_of_events(metrics.events) if metrics.events else []),
    ]


def _of_the_queues(config: Config, metrics: AlarmMetrics) -> list[Alarm]:
    return [
        _of_waiting_dead_letters(
            name="dead-letters",
            means="Jobs failed every time and wait in the dead-letter queue for a person; nothing is lost yet.",
            first_command="dlq list",
            waiting=metrics.dead_letters_waiting(MINUTE),
        ),
        Alarm(
            name="oldest-message",
            means=f"A job is older than {config.oldest_message_seconds} seconds: more comes in than is done, or the "
            "function does not even start. SQS leaves out jobs that it delivered three times.",
            first_command="status",
            metric=metrics.oldest_job_seconds(MINUTE),
            threshold=config.oldest_message_seconds,
            periods=5,
        ),
    ]


def _of_waiting_dead_letters(*, name: str, means: str, first_command: str, waiting: cloudwatch.IMetric) -> Alarm:
    return Alarm(
        name=name,
        means=means,
        first_command=first_command,
        metric=waiting,
        threshold=0,
        # While messages pass from visible to looked at, a minute may count none of them.
        periods=5,
        of_them=1,
        # A queue that nobody uses has no data after six hours, and its messages are still there.
        missing=cloudwatch.TreatMissingData.IGNORE,
    )


def _of_retries(config: Config, metrics: AlarmMetrics) -> list[Alarm]:
    tries = min(_TRIES, config.max_receive_count - 1)
    if tries == 0:
        return []  # the first failure makes a dead letter
    # Each try is a single data point: those of two tries that are furthest apart must be seen together.
    gap = config.visibility_seconds + FIVE_MINUTES.to_seconds()
    return [
        Alarm(
            name="failing-job",
            means=f"A job was tried {tries} times and is not done; it is tried on, and then becomes a dead letter.",
            first_command="doctor",
            metric=metrics.receives(FIVE_MINUTES),
            threshold=tries,
            periods=ceil(gap / FIVE_MINUTES.to_seconds()) + 1,
            of_them=1,
        )
    ]


def _of_outcomes(config: Config, metrics: AlarmMetrics) -> list[Alarm]:
    least = config.alarm_minimum_jobs
    return [
        # Lambda's own Errors stay flat here: a batch that names its failed jobs is a success to Lambda.
        Alarm(
            name="failed-jobs",
            means=f"More than {config.alarm_failed_percent} % of the jobs fail: infrastructure errors, retried.",
            first_command="doctor",
            metric=metrics.share_of_jobs(Metric.FAILED, of_at_least=least, period=QUARTER_HOUR),
            threshold=config.alarm_failed_percent,
        ),
        # Over an hour: a person who uploads a folder of texts is no broken client.
        Alarm(
            name="rejected-images",
            means=f"More than {config.alarm_rejected_percent} % of the jobs end as rejected: a client uploads what is "
            "no image, or images are over a limit.",
            first_command="status",
            metric=metrics.share_of_jobs(Metric.REJECTED, of_at_least=least, period=HOUR),
            threshold=config.alarm_rejected_percent,
        ),
    ]


def _of_the_function(config: Config, metrics: AlarmMetrics) -> list[Alarm]:
    alarms = [
        # What dies counts nothing of its own, and only then do Lambda's Errors tell more than the jobs do.
        Alarm(
            name="function-crashes",
            means=f"More than {config.alarm_failed_percent} % of the invocations end without an answer: the function "
            "does not start, or runs into its timeout.",
            first_command="doctor",
            metric=metrics.share_of_crashes(of_at_least=config.alarm_minimum_jobs, period=QUARTER_HOUR),
            threshold=config.alarm_failed_percent,
        ),
        Alarm(
            name="throttles",
            means="Lambda has no room for the function: others use up the account's concurrency, and each throttled "
            "batch costs its jobs a receive.",
            first_command="status",
            metric=metrics.throttles(FIVE_MINUTES),
            threshold=0,
            periods=3,
        ),
    ]
    if config.max_concurrency is not None:
        minutes = config.alarm_at_cap_minutes
        alarms.append(
            Alarm(
                name="concurrency-at-cap",
                means=f"For {minutes} minutes the function has run as often at once as max_concurrency, "
                f"{config.max_concurrency}, allows: what comes in may be more than that can do.",
                first_command="status",
                metric=metrics.concurrency(MINUTE),
                threshold=config.max_concurrency * _NEAR,
                periods=minutes,
            )
        )
    return alarms


def _of_silence(config: Config, metrics: AlarmMetrics) -> list[Alarm]:
    hours = config.alarm_no_jobs_hours
    if hours is None:
        return []
    return [
        # A queue that nobody uses has no data after six hours:
        # docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/monitoring-using-cloudwatch.html
        Alarm(
            name="no-jobs",
            means=f"No job has come for {hours} hours: nobody uploads, or S3 no longer tells the queue.",
            first_command="doctor",
            metric=metrics.jobs_sent(HOUR),
            threshold=1,
            periods=hours,
            comparison=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
            missing=cloudwatch.TreatMissingData.BREACHING,
        )
    ]


def _of_events(metrics: EventMetrics) -> list[Alarm]:
    return [
        _of_waiting_dead_letters(
            name="undelivered-events",
            means="Events were not taken for days, or are too large, and wait in the events' dead-letter queue; "
            "readers do not know of them.",
            first_command="events dlq",
            waiting=metrics.dead_letters_waiting(MINUTE),
        ),
        Alarm(
            name="oldest-event",
            means=f"An event is older than {_OLD_EVENT_SECONDS} seconds and has not reached the log: readers fall "
            "behind, nothing is lost for days.",
            first_command="doctor",
            metric=metrics.oldest_event_seconds(MINUTE),
            threshold=_OLD_EVENT_SECONDS,
            periods=5,
        ),
        Alarm(
            name="announce-failures",
            means=f"More than {_UNDELIVERED_PERCENT} % of the events that were tried did not reach the log, for half "
            "an hour: the brokers, the bus, a secret or a permission is wrong.",
            first_command="doctor",
            metric=metrics.share_not_delivered(of_at_least=_LEAST_EVENTS, period=QUARTER_HOUR),
            threshold=_UNDELIVERED_PERCENT,
            periods=2,
        ),
    ]
