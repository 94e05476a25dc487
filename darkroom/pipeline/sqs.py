"""Counts the messages of a queue, without touching any."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from darkroom.answering import answering

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


_WAITING: Final = "ApproximateNumberOfMessages"
_IN_FLIGHT: Final = "ApproximateNumberOfMessagesNotVisible"
_DELAYED: Final = "ApproximateNumberOfMessagesDelayed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many messages wait, are being worked on, and may not be received yet: approximately, as SQS knows them.

    Source: docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html
    """

    waiting: int
    in_flight: int
    delayed: int

    @property
    def total(self) -> int:
        """How many messages the queue has in all."""
        return self.waiting + self.in_flight + self.delayed


def count_messages(sqs: "SQSClient", queue_url: str) -> Counts:
    """Ask SQS how many messages a queue has.

    Raises:
        DarkroomError: SQS refuses, or does not answer.
    """
    with answering("Counting the messages of a queue"):
        answer = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=[_WAITING, _IN_FLIGHT, _DELAYED])
    numbers = answer["Attributes"]
    return Counts(waiting=int(numbers[_WAITING]), in_flight=int(numbers[_IN_FLIGHT]), delayed=int(numbers[_DELAYED]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A queue's attributes, as far as they are part of the wiring; times in seconds."""

    arn: str
    visibility: int
    retention: int
    policy: Mapping[str, Any]
    redrive: Mapping[str, Any]

    @property
    def max_receives(self) -> int:
        """How often a message is delivered before it is a dead letter."""
        return int(self.redrive.get("maxReceiveCount", 1))


def read_queue(sqs: "SQSClient", url: str) -> Queue:
    """Read a queue.

    Raises:
        DarkroomError: SQS refuses, or does not answer.
    """
    with answering(f"Reading the queue {url}"):
        told: Mapping[str, str] = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]  # type: ignore[assignment]
    return Queue(
        arn=told["QueueArn"],
        visibility=int(told["VisibilityTimeout"]),
        retention=int(told["MessageRetentionPeriod"]),
        policy=json.loads(told.get("Policy") or "{}"),
        redrive=json.loads(told.get("RedrivePolicy") or "{}"),
    )
