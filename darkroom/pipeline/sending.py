"""Puts messages into a queue: ten in a request, no faster than is asked, and each until SQS has it."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from darkroom.answering import answering
from darkroom.errors import DarkroomError
from darkroom.pipeline.tens import in_tens

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

_ATTEMPTS = 5
_REST_SECONDS = 0.5
# What ten messages of one request may weigh together: SQS took no more for most of its life, and some that speak like
# it still do not. docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
_REQUEST_BYTES = 256 * 1024


class Pace:
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
    sqs: "SQSClient", queue_url: str, bodies: Iterable[str], pace: Pace, *, stamp: Callable[[str], str] = str
) -> Iterator[int]:
    """Send every message; yield how many are sent with each request, once they are.

    `stamp` is called with a body right before it is sent, each time that it is.

    Raises:
        DarkroomError: SQS does not take a message.
    """
    for ten in in_tens(bodies):
        pace.wait(len(ten))
        send(sqs, queue_url, ten, stamp)
        yield len(ten)


def send(
    sqs: "SQSClient",
    queue_url: str,
    bodies: Sequence[str],
    stamp: Callable[[str], str] = str,
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Send up to ten messages. When this returns, SQS has all of them; where it does not return, perhaps some.

    Raises:
        DarkroomError: SQS does not take a message, though it was asked several times.
    """
    for few in _requests(bodies):
        unsent = dict(enumerate(few))
        for attempt in range(_ATTEMPTS):
            if attempt:
                sleep(_REST_SECONDS * 2**attempt)
            entries = [{"Id": str(place), "MessageBody": stamp(body)} for place, body in unsent.items()]
            with answering("Sending to the jobs queue"):
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
