"""Announce the newest outcome of every key again."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from darkroom.outbox.manifests import StandingManifests
from darkroom.outbox.queues import OutboxQueues, send_events
from darkroom.pipeline.sqs import RateLimiter, in_batches

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# AWS's list prices of 2026 in us-east-1, in USD for a million: aws.amazon.com/s3/pricing for a read, and
# aws.amazon.com/sqs/pricing for FIFO requests. An event is received and deleted as well; ten at a time, at best.
_MILLION = 1_000_000
_READ = 0.40
_FIFO_REQUEST = 0.50
_REQUESTS = 3


@dataclass(frozen=True, slots=True)
class Announced:
    """How many manifests of a page were announced.

    This version cannot read the others.
    """

    sent: int
    unreadable: int

    @property
    def total(self) -> int:
        """How many manifests were looked at."""
        return self.sent + self.unreadable


def most_dollars(manifests: int) -> float:
    """What announcing so many costs at most, in USD: with one event a request."""
    return manifests * (_READ + _REQUESTS * _FIFO_REQUEST) / _MILLION


def announce_again(manifests: StandingManifests, queues: OutboxQueues, pace: RateLimiter) -> Iterator[Announced]:
    """Send an event for each manifest; yield what became of each page.

    An event has the id that it had before, so who knows it already drops it. It may come after a newer one of its key,
    as every repeat may.

    Raises:
        DarkroomError: S3 or SQS refuses, or does not answer. Done again from the start, nothing is announced wrongly.
    """
    sqs: SQSClient = manifests.pipeline.client("sqs")
    run = uuid4().hex
    for page in manifests.events():
        events = [event for event in page if event is not None]
        for ten in in_batches(events):
            pace.wait(len(ten))
            send_events(sqs, queues.events_url, [event.to_json() for event in ten], run=run)
        yield Announced(sent=len(events), unreadable=len(page) - len(events))
