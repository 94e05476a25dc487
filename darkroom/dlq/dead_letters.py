"""Dead letters with their uploads, age and cause."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from contract.errors import MessageRefusedError
from contract.events import ObjectEvent
from contract.message_body import parse_body
from darkroom.dlq.attempts import Cause
from darkroom.dlq.causes import Failures, JobFailure
from darkroom.dlq.queue import DeadLetterMessage, DeadLetterQueue
from darkroom.errors import UsageError
from darkroom.pipeline.client import Pipeline


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A job that failed every time.

    `uploads` is empty where its body is no job; `attempts` is how often it was tried, and None where the function's log
    does not tell.
    """

    message_id: str
    body: str
    uploads: tuple[ObjectEvent, ...]
    sent: datetime
    attempts: int | None
    cause: Cause

    def age(self, now: datetime | None = None) -> timedelta:
        """Tell how long ago its job was sent."""
        return (now or datetime.now(UTC)) - self.sent


def read_dead_letters(pipeline: Pipeline, *, limit: int, failures: Failures | None = None) -> tuple[DeadLetter, ...]:
    """Read up to `limit` dead letters, the oldest first, and leave them in the queue.

    Who reads again and again keeps the `failures`, and asks the log but once about each letter.

    Raises:
        DarkroomError: SQS or CloudWatch does not answer.
    """
    messages = DeadLetterQueue(pipeline).peek(limit)
    found = (failures or Failures(pipeline)).of(messages)
    return tuple(_dead_letter(message, found[message.message_id]) for message in messages)


def by_cause(messages: Iterable[DeadLetter]) -> dict[str, tuple[DeadLetter, ...]]:
    """Group letters by the code of their cause, the largest group first."""
    groups: dict[str, list[DeadLetter]] = defaultdict(list)
    for message in messages:
        groups[message.cause.code].append(message)
    return {code: tuple(groups[code]) for code in sorted(groups, key=lambda code: (-len(groups[code]), code))}


def uploads_of(body: str) -> tuple[ObjectEvent, ...]:
    """Tell which uploads a message is about: none where it is no job."""
    try:
        return parse_body(body)
    except MessageRefusedError:
        return ()


def choose(messages: Sequence[DeadLetter], *, ids: Collection[str], code: str | None) -> tuple[DeadLetter, ...]:
    """Choose letters by the code of their cause, or else by their ids.

    A code chooses what it is the beginning of, too: `StorageError` all of S3's.

    Raises:
        UsageError: there are letters and none is such, or an id is the beginning of several.
    """
    if code is None:
        return choose_by_ids(messages, ids)
    chosen = tuple(message for message in messages if f"{message.cause.code}.".startswith(f"{code}."))
    if messages and not chosen:
        codes = ", ".join(sorted({message.cause.code for message in messages}))
        raise UsageError(f"No dead letter has the reason {code!r}. They have: {codes}.")
    return chosen


def choose_by_ids(messages: Sequence[DeadLetter], ids: Collection[str]) -> tuple[DeadLetter, ...]:
    """Choose letters by the beginning of their ids.

    Raises:
        UsageError: there is no such letter, or an id is the beginning of several.
    """
    chosen = {message.message_id: message for each in ids for message in [_only(messages, each)]}
    return tuple(chosen.values())


def _only(messages: Sequence[DeadLetter], beginning: str) -> DeadLetter:
    found = [message for message in messages if beginning and message.message_id.startswith(beginning)]
    if len(found) != 1:
        raise UsageError(
            f"{len(found) or 'No'} dead letters have an id that begins with {beginning!r}. See `darkroom dlq list`."
        )
    return found[0]


def _dead_letter(message: DeadLetterMessage, failure: JobFailure) -> DeadLetter:
    return DeadLetter(
        message_id=message.message_id,
        body=message.body,
        uploads=uploads_of(message.body),
        sent=message.sent,
        attempts=failure.attempts,
        cause=failure.cause,
    )
