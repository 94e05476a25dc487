"""Read the dead-letter queue, and release its messages again.

SQS has no way of looking without receiving. So letters are received, which hides them for a moment, and released at
the end: meanwhile they are in flight, of which SQS allows 120,000, and CloudWatch counts them as not visible. What
stays of a look is one more on the letter's count of receives, so that this says nothing of how often its job was tried;
when it was sent, which its age and its retention count from, does not change.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from darkroom.errors import DarkroomError, aws_errors
from darkroom.parallel import WORKERS, map_parallel
from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.sqs import in_batches, queue_depth

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

READING = "Reading the dead-letter queue"

# Nobody gives them back for us if this process is killed while it looks: then they show again after so long.
_LOOK_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterMessage:
    """A message of the dead-letter queue.

    `attributes` are SQS's own, `handle` is good until the next look.
    """

    message_id: str
    body: str
    sent: datetime
    attributes: Mapping[str, str]
    handle: str

    @property
    def first_received(self) -> datetime | None:
        """When it was received first, as far as SQS tells."""
        milliseconds = self.attributes.get("ApproximateFirstReceiveTimestamp")
        return _time_of(milliseconds) if milliseconds else None


class DeadLetterQueue:
    """The dead letters of a pipeline.

    Every method raises DarkroomError where SQS does not answer.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self._sqs: SQSClient = pipeline.client("sqs")
        self._url = pipeline.dead_letter_queue_url
        # SQS asks a part of its servers and may miss what others hold, unless it is told to wait for it:
        # docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html
        self._wait_seconds = 0 if pipeline.endpoint_url else 1

    def count(self) -> int:
        """Tell how many letters there are, about."""
        return queue_depth(self._sqs, self._url).total

    def peek(self, limit: int) -> tuple[DeadLetterMessage, ...]:
        """Read the letters, the oldest first, or `limit` of them, and hand all back."""
        with self.receiving() as messages:
            found = messages.receive(limit)
        return tuple(sorted(found, key=lambda message: (message.sent, message.message_id)))

    @contextmanager
    def receiving(self) -> "Iterator[ReceivedMessages]":
        """Hold letters for as long as the block lasts.

        What is not deleted in it is released.
        """
        held = ReceivedMessages(self._sqs, self._url, self._wait_seconds)
        try:
            yield held
        finally:
            held.release()


class ReceivedMessages:
    """Letters that nobody else can receive for now."""

    def __init__(self, sqs: "SQSClient", url: str, wait_seconds: int) -> None:
        self._sqs = sqs
        self._url = url
        self._wait_seconds = wait_seconds
        self._lock = threading.Lock()
        self._messages: dict[str, DeadLetterMessage] = {}
        self._deleted: set[str] = set()

    def receive(self, limit: int) -> tuple[DeadLetterMessage, ...]:
        """Receive every letter that nobody holds, or about `limit` of them.

        Several requests are made at once.
        """
        with aws_errors(READING), ThreadPoolExecutor(WORKERS) as pool:
            for done in [pool.submit(self._receive_all, limit) for _ in range(WORKERS)]:
                done.result()
        return tuple(self._messages.values())[:limit]

    def receive_ten(self) -> tuple[DeadLetterMessage, ...] | None:
        """Receive up to ten letters that were not held before.

        None where there are no more.
        """
        for _ in range(self._most_old_answers()):
            with aws_errors(READING):
                received, new = self._receive()
            if new or not received:
                return new or None
        return None

    def delete(self, messages: Sequence[DeadLetterMessage]) -> None:
        """Delete up to ten letters for good."""
        entries = [{"Id": str(place), "ReceiptHandle": each.handle} for place, each in enumerate(messages)]
        with aws_errors("Deleting dead letters"):
            answer = self._sqs.delete_message_batch(QueueUrl=self._url, Entries=entries)  # type: ignore[arg-type]
        self._deleted.update(messages[int(entry["Id"])].message_id for entry in answer.get("Successful", []))
        if failed := answer.get("Failed"):
            raise DarkroomError(
                f"{len(failed)} dead letters could not be deleted ({failed[0]['Code']}), so they are still there. "
                "Run again: doing it twice harms nothing."
            )

    def release(self) -> None:
        """Let others receive what is still held.

        A letter that shows again already needs nothing.
        """
        kept = [message for name, message in self._messages.items() if name not in self._deleted]
        with aws_errors("Releasing the dead letters"):
            for _ in map_parallel(self._show_again, in_batches(kept)):
                pass

    def _receive_all(self, limit: int) -> None:
        without_news = 0
        while len(self._messages) < limit and without_news < self._most_old_answers():
            received, new = self._receive()
            if not received:
                return
            without_news = 0 if new else without_news + 1

    def _most_old_answers(self) -> int:
        """How many requests without a new letter say that there is none: what took long shows again meanwhile."""
        return 3 + len(self._messages) // 10

    def _receive(self) -> tuple[int, tuple[DeadLetterMessage, ...]]:
        """Receive up to ten: how many came, and those of them that are new."""
        answer = self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=10,
            VisibilityTimeout=_LOOK_SECONDS,
            WaitTimeSeconds=self._wait_seconds,
            MessageSystemAttributeNames=["All"],
        )
        messages = [_received(each) for each in answer.get("Messages", [])]
        with self._lock:
            new = tuple(message for message in messages if message.message_id not in self._messages)
            self._messages.update(
                (message.message_id, message) for message in messages
            )  # the newest handle is the good one
        return len(messages), new

    def _show_again(self, messages: Sequence[DeadLetterMessage]) -> None:
        entries = [
            {"Id": str(place), "ReceiptHandle": each.handle, "VisibilityTimeout": 0}
            for place, each in enumerate(messages)
        ]
        self._sqs.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)  # type: ignore[arg-type]


def _received(answered: "MessageTypeDef") -> DeadLetterMessage:
    attributes = answered["Attributes"]
    return DeadLetterMessage(
        message_id=answered["MessageId"],
        body=answered["Body"],
        sent=_time_of(attributes["SentTimestamp"]),
        attributes={str(name): value for name, value in attributes.items()},
        handle=answered["ReceiptHandle"],
    )


def _time_of(milliseconds: str) -> datetime:
    return datetime.fromtimestamp(int(milliseconds) / 1000, tz=UTC)
