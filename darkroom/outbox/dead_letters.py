"""Events that did not reach the log, and their redrive."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from darkroom.dlq.queue import DeadLetterMessage, DeadLetterQueue
from darkroom.outbox.queues import OutboxQueues, send_events
from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.sqs import RateLimiter

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


@dataclass(frozen=True, slots=True, kw_only=True)
class UndeliveredEvent:
    """A message of the events' dead-letter queue.

    Key and type are None where its body is no event. Size in bytes.
    """

    message_id: str
    sent: datetime
    size: int
    key: str | None
    type: str | None

    @classmethod
    def of(cls, letter: DeadLetterMessage) -> "UndeliveredEvent":
        """Describe a message, whatever its body."""
        event = _event_of(letter)
        return cls(
            message_id=letter.message_id,
            sent=letter.sent,
            size=len(letter.body.encode()),
            key=event["subject"] if event else None,
            type=event["type"] if event else None,
        )


def read_undelivered(pipeline: Pipeline, queues: OutboxQueues, limit: int) -> tuple[tuple[UndeliveredEvent, ...], int]:
    """Read events that nobody took, the oldest first, and how many there are, about.

    A key of which ten are received shows no more before these are released, as the queue keeps its order.

    Raises:
        DarkroomError: SQS refuses, or does not answer.
    """
    queue = DeadLetterQueue(queues.of(pipeline))
    letters = queue.peek(limit)
    return tuple(map(UndeliveredEvent.of, letters)), queue.count()


def redrive_events(pipeline: Pipeline, queues: OutboxQueues, pace: RateLimiter) -> Iterator[int]:
    """Send every event again, and only then take it away.

    Yield how many are moved with each request. What is no event stays. SQS's own message move task is not used, so that
    it is the same here and on AWS.

    Raises:
        DarkroomError: SQS refuses, or does not answer. No event is lost.
    """
    sqs: SQSClient = pipeline.client("sqs")
    run = uuid4().hex
    with DeadLetterQueue(queues.of(pipeline)).receiving() as held:
        while ten := held.receive_ten():
            events = [letter for letter in ten if _event_of(letter)]
            if events:
                pace.wait(len(events))
                send_events(sqs, queues.events_url, [letter.body for letter in events], run=run)
                held.delete(events)
            yield len(events)


def _event_of(letter: DeadLetterMessage) -> dict[str, str] | None:
    """Read what sending it takes; None where that is not there."""
    try:
        event = json.loads(letter.body)
        return {name: event[name] for name in ("id", "subject", "type") if event[name].encode()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
