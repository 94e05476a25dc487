"""Count, batch and send messages of a queue."""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, TypeVar

from darkroom.errors import DarkroomError, aws_errors

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_Item = TypeVar("_Item")

_WAITING: Final = "ApproximateNumberOfMessages"
_IN_FLIGHT: Final = "ApproximateNumberOfMessagesNotVisible"
_DELAYED: Final = "ApproximateNumberOfMessagesDelayed"

_ATTEMPTS = 5
_REST_SECONDS = 0.5
# How many messages a request may have, and what they may weigh together: SQS took no more for most of its life, and
# some that speak like it still do not:
# docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
_TEN = 10
_REQUEST_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueDepth:
    """How many messages wait, are being worked on, and may not be received yet.

    Approximately, as SQS knows them.

    Source: docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html
    """

    waiting: int
    in_flight: int
    delayed: int

    @property
    def total(self) -> int:
        """How many messages the queue has in all."""
        return self.waiting + self.in_flight + self.delayed


def queue_depth(sqs: "SQSClient", queue_url: str) -> QueueDepth:
    """Ask SQS how many messages a queue has.

    Raises:
        DarkroomError: SQS refuses, or does not answer.
    """
    with aws_errors("Counting the messages of a queue"):
        answer = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=[_WAITING, _IN_FLIGHT, _DELAYED])
    numbers = answer["Attributes"]
    return QueueDepth(
        waiting=int(numbers[_WAITING]), in_flight=int(numbers[_IN_FLIGHT]), delayed=int(numbers[_DELAYED])
    )


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
    with aws_errors(f"Reading the queue {url}"):
        attributes: Mapping[str, str] = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]  # type: ignore[assignment]
    return Queue(
        arn=attributes["QueueArn"],
        visibility=int(attributes["VisibilityTimeout"]),
        retention=int(attributes["MessageRetentionPeriod"]),
        policy=json.loads(attributes.get("Policy") or "{}"),
        redrive=json.loads(attributes.get("RedrivePolicy") or "{}"),
    )


class RateLimiter:
    """Lets so many things a second pass, and no burst after a pause."""

    def __init__(
        self, rate: float, *, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._rate = rate
        self._clock = clock
        self._sleep = sleep
        self._next = clock()

    def wait(self, count: int) -> None:
        """Wait until so many more may pass."""
        now = self._clock()
        if self._next > now:
            self._sleep(self._next - now)
        self._next = max(self._next, now) + count / self._rate


def send_all(
    sqs: "SQSClient", queue_url: str, bodies: Iterable[str], limiter: RateLimiter, *, stamp: Callable[[str], str] = str
) -> Iterator[int]:
    """Send every message; yield how many are sent with each request, once they are.

    `stamp` is called with a body right before it is sent, each time that it is.

    Raises:
        DarkroomError: SQS does not take a message.
    """
    for ten in in_batches(bodies):
        limiter.wait(len(ten))
        send(sqs, queue_url, ten, stamp)
        yield len(ten)


def send(  # noqa: PLR0913 - two of them for tests and for FIFO queues alone
    sqs: "SQSClient",
    queue_url: str,
    bodies: Sequence[str],
    stamp: Callable[[str], str] = str,
    *,
    members: Callable[[str], Mapping[str, str]] = lambda _: {},
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Send up to ten messages.

    When this returns, SQS has all of them; where it does not return, perhaps some. `members` tells what a message's
    entry has beside its body: a FIFO queue asks for more.

    Raises:
        DarkroomError: SQS does not take a message, though it was asked several times.
    """
    for few in _requests(bodies):
        unsent = dict(enumerate(few))
        for attempt in range(_ATTEMPTS):
            if attempt:
                sleep(_REST_SECONDS * 2**attempt)
            entries = [
                {"Id": str(place), "MessageBody": stamp(body), **members(body)} for place, body in unsent.items()
            ]
            with aws_errors("Sending to a queue"):
                answer = sqs.send_message_batch(QueueUrl=queue_url, Entries=entries)  # type: ignore[arg-type]
            failed = answer.get("Failed", [])
            unsent = {int(entry["Id"]): unsent[int(entry["Id"])] for entry in failed}
            if not unsent or any(entry["SenderFault"] for entry in failed):
                break
        if unsent:
            raise DarkroomError(
                f"SQS does not take {len(unsent)} messages: {failed[0]['Code']}, {failed[0].get('Message', '')}. "
                "Run again when it does: what was sent twice is done once."
            )


def _requests(bodies: Sequence[str]) -> Iterator[list[str]]:
    request: list[str] = []
    weight = 0
    for body in bodies:
        length = len(body.encode())
        if request and weight + length > _REQUEST_BYTES:
            yield request
            request, weight = [], 0
        request.append(body)
        weight += length
    if request:
        yield request


def in_batches(items: Iterable[_Item]) -> Iterator[tuple[_Item, ...]]:
    """Group items ten by ten, in order; the last group has what is left."""
    remaining = iter(items)
    while ten := tuple(islice(remaining, _TEN)):
        yield ten
