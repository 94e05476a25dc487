"""Save discarded dead letters to a JSON Lines file."""

import json
import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from darkroom.dlq.queue import DeadLetterMessage, DeadLetterQueue
from darkroom.errors import DarkroomError, UsageError
from darkroom.pipeline.client import Pipeline


def default_file(now: datetime | None = None) -> Path:
    """Name the file that no other call names."""
    return Path(f"dead-letters-{now or datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}.jsonl")


def discard(pipeline: Pipeline, ids: Collection[str], file: Path) -> Iterator[int]:
    """Save these letters, ten at a time, each on the disk before it is deleted.

    Yield how many are gone with each ten. What others hold just now, or have taken away, is passed over: the sum of
    what is yielded tells.

    Raises:
        UsageError: the file is there already, or cannot be written.
        DarkroomError: the disk or SQS refuses. What is not saved is not deleted.
    """
    missing = set(ids)
    with _new(file) as descriptor, DeadLetterQueue(pipeline).receiving() as received:
        while missing and (ten := received.receive_ten()):
            chosen = [message for message in ten if message.message_id in missing]
            if chosen:
                _save(descriptor, chosen, file)
                received.delete(chosen)
                missing.difference_update(message.message_id for message in chosen)
                yield len(chosen)


def saved_bodies(file: Path) -> Iterator[str]:
    """Read the messages of saved letters.

    Raises:
        UsageError: the file cannot be read, or a line is no saved letter.
    """
    try:
        with file.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                yield _body(line, f"--from {str(file)!r}, line {number}")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(f"--from {str(file)!r} cannot be read: {reason}. Check the path.") from error


def count_saved(file: Path) -> int:
    """Count saved letters, all of which can be read.

    Raises:
        UsageError: as `saved_bodies`.
    """
    return sum(1 for _ in saved_bodies(file))


@contextmanager
def _new(file: Path) -> Iterator[int]:
    """Make a file that was not there; one into which nothing was saved goes again."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise UsageError(f"--save {str(file)!r} is there already. Name a file that is not.") from None
    except OSError as error:
        raise UsageError(f"--save {str(file)!r} cannot be written: {error.strerror}. Choose another place.") from error
    try:
        yield descriptor
    finally:
        is_empty = os.fstat(descriptor).st_size == 0
        os.close(descriptor)
        if is_empty:
            file.unlink()


def _save(descriptor: int, messages: Sequence[DeadLetterMessage], file: Path) -> None:
    lines = "".join(f"{_line(message)}\n" for message in messages).encode()
    try:
        while lines:
            lines = lines[os.write(descriptor, lines) :]
        os.fsync(descriptor)
    except OSError as error:
        raise DarkroomError(
            f"{str(file)!r} cannot be written: {error.strerror}. What is not in it is still a dead letter."
        ) from error


def _line(message: DeadLetterMessage) -> str:
    return json.dumps(
        {"message_id": message.message_id, "attributes": dict(message.attributes), "body": message.body}, sort_keys=True
    )


def _body(line: str, where: str) -> str:
    try:
        message = json.loads(line)
    except ValueError:
        message = None
    body = message.get("body") if isinstance(message, dict) else None
    if not isinstance(body, str) or not body:
        raise UsageError(f"{where}, is no saved letter: {line[:80]!r}. Take the line out, or give another file.")
    return body
