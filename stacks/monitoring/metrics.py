"""CloudWatch metrics of one stack."""

from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs

from contract.metrics import NAMESPACE, STACK_DIMENSION, AnnounceMetric, Metric

MINUTE, FIVE_MINUTES, QUARTER_HOUR, HOUR = (Duration.minutes(minutes) for minutes in (1, 5, 15, 60))
SUM, COUNT, MAXIMUM = "Sum", "SampleCount", "Maximum"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmMetrics:
    """Each method names one metric and the statistic by which it means something.

    A period is asked of the caller.
    """

    stack_name: str
    jobs: sqs.IQueue
    dead_letters: sqs.IQueue
    function: lambda_.IFunction
    # None where outcomes are not announced.
    events: "EventMetrics | None" = None

    def of_jobs(self, metric: Metric, statistic: str, period: Duration) -> cloudwatch.Metric:
        """One of the function's own metrics."""
        return cloudwatch.Metric(
            namespace=NAMESPACE,
            metric_name=metric.value,
            dimensions_map={STACK_DIMENSION: self.stack_name},
            statistic=statistic,
            period=period,
            label=f"{metric.value} {statistic}" if statistic.startswith("p") else metric.value,
        )

    def share_of_jobs(self, metric: Metric, *, of_at_least: int, period: Duration) -> cloudwatch.MathExpression:
        """How many jobs of a hundred failed, or were rejected."""
        counted, all_jobs = (self.of_jobs(metric, statistic, period) for statistic in (SUM, COUNT))
        return _percent(metric.value, counted, all_jobs, of_at_least=of_at_least, period=period)

    def receives(self, period: Duration) -> cloudwatch.Metric:
        """How often a job was delivered at most, of those that came again."""
        return self.of_jobs(Metric.RECEIVES, MAXIMUM, period)

    def share_of_crashes(self, *, of_at_least: int, period: Duration) -> cloudwatch.MathExpression:
        """How many invocations of a hundred ended without an answer.

        A crash, a timeout, an import that fails.
        """
        errors = self.function.metric_errors(statistic=SUM, period=period)
        invocations = self.function.metric_invocations(statistic=SUM, period=period)
        return _percent("Crashed", errors, invocations, of_at_least=of_at_least, period=period)

    def dead_letters_waiting(self, period: Duration) -> cloudwatch.MathExpression:
        """How many dead letters wait for a person.

        The visible ones, and those that someone looks at just now. SQS tells how many are not visible only where there
        are some; where it tells nothing of the visible ones, it tells nothing of the queue, and neither does this.
        docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
        """
        return _waiting(self.dead_letters, "Dead letters", period)

    def oldest_job_seconds(self, period: Duration) -> cloudwatch.Metric:
        """How old the oldest job is, waiting or being done.

        Of those that were received less than three times. SQS leaves out a message that was received three times or
        more, redrive policy or not.
        docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
        """
        return self.jobs.metric_approximate_age_of_oldest_message(
            statistic=MAXIMUM, period=period, label="Oldest job, seconds"
        )

    def jobs_sent(self, period: Duration) -> cloudwatch.Metric:
        """How many jobs have come: from S3, from a backfill, from the dead-letter queue."""
        return self.jobs.metric_number_of_messages_sent(statistic=SUM, period=period, label="Sent")

    def throttles(self, period: Duration) -> cloudwatch.Metric:
        """How often Lambda had no room for the function, in all of its versions."""
        return self.function.metric_throttles(statistic=SUM, period=period)

    def concurrency(self, period: Duration) -> cloudwatch.Metric:
        """How many invocations ran at once, in all versions of the function.

        docs.aws.amazon.com/lambda/latest/dg/monitoring-concurrency.html
        """
        return self.function.metric("ConcurrentExecutions", statistic=MAXIMUM, period=period)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventMetrics:
    """What CloudWatch knows of the events queue and the announce function.

    Its dead letters are among it.
    """

    stack_name: str
    events: sqs.IQueue
    dead_letters: sqs.IQueue

    def dead_letters_waiting(self, period: Duration) -> cloudwatch.MathExpression:
        """How many events nobody took, and wait for a person."""
        return _waiting(self.dead_letters, "Undelivered events", period)

    def oldest_event_seconds(self, period: Duration) -> cloudwatch.Metric:
        """How old the oldest event is that has not reached its target."""
        return self.events.metric_approximate_age_of_oldest_message(
            statistic=MAXIMUM, period=period, label="Oldest event, seconds"
        )

    def sent(self, period: Duration) -> cloudwatch.Metric:
        """How many events have come, without what SQS dropped as a duplicate."""
        return self.events.metric_number_of_messages_sent(statistic=SUM, period=period, label="Sent")

    def of_announce(self, metric: AnnounceMetric, period: Duration) -> cloudwatch.Metric:
        """One of the announce function's own metrics."""
        return cloudwatch.Metric(
            namespace=NAMESPACE,
            metric_name=metric.value,
            dimensions_map={STACK_DIMENSION: self.stack_name},
            statistic=SUM,
            period=period,
            label=metric.value,
        )

    def deleted(self, period: Duration) -> cloudwatch.Metric:
        """How many events have reached their target."""
        return self.events.metric_number_of_messages_deleted(statistic=SUM, period=period, label="Delivered")

    def share_not_delivered(self, *, of_at_least: int, period: Duration) -> cloudwatch.MathExpression:
        """How many receives of a hundred did not end with the event at its target.

        By SQS's count: Lambda's Errors stay flat where a batch names its failed events. Events that are under way when
        a period ends count as failed in it and as none in the next, so one period alone tells little.
        """
        return cloudwatch.MathExpression(
            expression=f"100 * (received - FILL(deleted, 0)) / IF(received > {of_at_least}, received, {of_at_least})",
            using_metrics={
                "received": self.events.metric_number_of_messages_received(statistic=SUM, period=period),
                "deleted": self.deleted(period),
            },
            period=period,
            label="Not delivered %",
        )


def _percent(
    name: str, part: cloudwatch.Metric, whole: cloudwatch.Metric, *, of_at_least: int, period: Duration
) -> cloudwatch.MathExpression:
    """A hundred times the part, over the whole or over a number where the whole is less than that.

    One of one is no alarm then, two dozen of two dozen are, and nothing is ever divided by zero.
    docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
    """
    some, every = name.lower(), f"all_{name.lower()}"  # no two metrics of a graph may have one id
    return cloudwatch.MathExpression(
        expression=f"100 * {some} / IF({every} > {of_at_least}, {every}, {of_at_least})",
        using_metrics={some: part, every: whole},
        period=period,
        label=f"{name} %",
    )


def _waiting(queue: sqs.IQueue, label: str, period: Duration) -> cloudwatch.MathExpression:
    visible = queue.metric_approximate_number_of_messages_visible(statistic=MAXIMUM, period=period)
    looked_at = queue.metric_approximate_number_of_messages_not_visible(statistic=MAXIMUM, period=period)
    return cloudwatch.MathExpression(
        expression="visible + FILL(looked_at, 0)",
        using_metrics={"visible": visible, "looked_at": looked_at},
        period=period,
        label=label,
    )
