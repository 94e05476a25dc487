"""The dead letters as a person, the command line or the console sees them: what each is about, and why it failed."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from darkroom.answering import answering
from darkroom.causes import Cause, find_causes
from darkroom.dead_letter_queue import DeadLetterQueue, Letter
from darkroom.deployment import Pipeline
from darkroom.errors import UsageError
from resize.errors import MessageRefusedError
from resize.events import Upload, parse_body

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A job that failed every time. `uploads` is empty where its body is no job; `receives` counts looks at it too."""

    message_id: str
    body: str
    uploads: tuple[Upload, ...]
    sent: datetime
    receives: int
    cause: Cause

    def age(self, now: datetime | None = None) -> timedelta:
        """Tell how long ago its job was sent."""
        return (now or datetime.now(UTC)) - self.sent


def read_dead_letters(pipeline: Pipeline, *, limit: int) -> tuple[DeadLetter, ...]:
    """Read up to `limit` dead letters, the oldest first, and leave them as they were.

    Raises:
        DarkroomError: SQS or CloudWatch does not answer.
    """
    letters = DeadLetterQueue(pipeline).look(limit)
    causes = find_causes(letters, pipeline, _max_receives(pipeline))
    return tuple(_dead_letter(letter, causes) for letter in letters)


def by_cause(letters: Iterable[DeadLetter]) -> dict[str, tuple[DeadLetter, ...]]:
    """Group letters by the code of their cause, the largest group first."""
    groups: dict[str, list[DeadLetter]] = defaultdict(list)
    for letter in letters:
        groups[letter.cause.code].append(letter)
    return {code: tuple(groups[code]) for code in sorted(groups, key=lambda code: (-len(groups[code]), code))}


def uploads_of(body: str) -> tuple[Upload, ...]:
    """Tell which uploads a message is about: none where it is no job."""
    try:
        return parse_body(body)
    except MessageRefusedError:
        return ()


def choose(letters: Sequence[DeadLetter], *, ids: Collection[str], code: str | None) -> tuple[DeadLetter, ...]:
    """Choose letters by the code of their cause, or else by their ids.

    A code chooses what it is the beginning of, too: `StorageError` all of S3's.

    Raises:
        UsageError: there is no such letter, or an id is the beginning of several.
    """
    if code is None:
        return choose_by_ids(letters, ids)
    return tuple(letter for letter in letters if f"{letter.cause.code}.".startswith(f"{code}."))


def choose_by_ids(letters: Sequence[DeadLetter], ids: Collection[str]) -> tuple[DeadLetter, ...]:
    """Choose letters by the beginning of their ids.

    Raises:
        UsageError: there is no such letter, or an id is the beginning of several.
    """
    chosen = {letter.message_id: letter for each in ids for letter in [_only(letters, each)]}
    return tuple(chosen.values())


def _only(letters: Sequence[DeadLetter], beginning: str) -> DeadLetter:
    found = [letter for letter in letters if beginning and letter.message_id.startswith(beginning)]
    if len(found) != 1:
        raise UsageError(
            f"{len(found) or 'No'} dead letters have an id that begins with {beginning!r}. See `darkroom dlq list`."
        )
    return found[0]


def _dead_letter(letter: Letter, causes: Mapping[str, Cause]) -> DeadLetter:
    return DeadLetter(
        message_id=letter.message_id,
        body=letter.body,
        uploads=uploads_of(letter.body),
        sent=letter.sent,
        receives=letter.receives,
        cause=causes[letter.message_id],
    )


def _max_receives(pipeline: Pipeline) -> int:
    sqs: SQSClient = pipeline.client("sqs")
    with answering("Reading the jobs queue"):
        answer = sqs.get_queue_attributes(QueueUrl=pipeline.jobs_queue_url, AttributeNames=["RedrivePolicy"])
    return int(json.loads(answer.get("Attributes", {}).get("RedrivePolicy", "{}")).get("maxReceiveCount", 1))
