"""Names of the metrics that the function publishes."""

from enum import StrEnum

NAMESPACE = "Darkroom"
# Powertools' name for the one dimension of every metric. Its value is the stack's name: two stacks in one account would
# count together without it.
STACK_DIMENSION = "service"


class Metric(StrEnum):
    """A metric of the function's own.

    `Failed` and `Rejected` are 1 or 0 for every job, so that each by itself has the share: its sum over its count. A
    share of two metrics would be missing whenever either is.

    `Receives` is how often SQS had delivered the message that came most often of its batch, where that is more than
    once. It is counted before the work begins: a function that is killed counts nothing.
    """

    RESIZED = "Resized"
    REJECTED = "Rejected"
    REMOVED = "Removed"
    SUPERSEDED = "Superseded"
    FAILED = "Failed"
    RECEIVES = "Receives"
    JOB_MILLIS = "JobMillis"
    SOURCE_BYTES = "SourceBytes"
    RENDITION_BYTES = "RenditionBytes"


class AnnounceMetric(StrEnum):
    """A metric of the announce function's own.

    Both are counted once a batch, so 0 is counted, too.
    """

    ANNOUNCED = "EventsAnnounced"
    FAILED = "EventsNotAnnounced"
