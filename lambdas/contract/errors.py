"""Errors shared by every function and its callers."""

from collections.abc import Iterable
from enum import StrEnum

_SHOWN_CHARACTERS = 200


class Reason(StrEnum):
    """Why an image is rejected.

    The codes that a manifest and the `Rejected` metric carry.
    """

    EMPTY = "empty"
    UNKNOWN_FORMAT = "unknown_format"
    CORRUPT = "corrupt"
    UNSUPPORTED = "unsupported"
    TOO_MANY_BYTES = "too_many_bytes"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_MANY_FRAMES = "too_many_frames"
    TOO_MANY_SCANS = "too_many_scans"
    OUT_OF_MEMORY = "out_of_memory"
    TIMED_OUT = "timed_out"
    CRASHED = "crashed"
    ABORTED = "aborted"
    DECODER_FAILED = "decoder_failed"
    ENCODER_FAILED = "encoder_failed"
    ARCHIVED = "archived"


class MessageRefusedError(Exception):
    """The message is not a job of this queue.

    It goes to the dead-letter queue, for a person to read.
    """


class StorageError(Exception):
    """S3 did not do what it was asked: the queue tries the job again."""

    def __init__(self, operation: str, key: str, code: str) -> None:
        super().__init__(f"S3 {operation} of {key!r} failed: {code}")
        self.code = f"StorageError.{operation}.{code}"


class QueueError(Exception):
    """SQS did not set when a job is tried again.

    It is when the queue's visibility timeout ends.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"SQS ChangeMessageVisibilityBatch failed: {code}: {detail}")
        self.code = f"QueueError.{code}"


class AnnouncementError(Exception):
    """SQS did not take an outcome's event.

    The queue tries the job again, and that announces it.
    """

    def __init__(self, key: str, code: str) -> None:
        super().__init__(f"SQS SendMessage of the event of {key!r} failed: {code}")
        self.code = f"AnnouncementError.{code}"


class SettingsError(ValueError):
    """A configured value cannot work.

    The message names the key, the value and what is allowed.
    """

    def __init__(self, key: str, value: object, allowed: str) -> None:
        super().__init__(f"{key}: {_short(repr(value))} is not allowed; expected {allowed}")
        self.key = key
        self.value = value
        self.allowed = allowed


def _short(text: str) -> str:
    """Keep the start of what is too long to be read: a message says it in one or two lines."""
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"


def nearest(word: str, known: Iterable[str]) -> str:
    """Find the known word that one is most like.

    It is suggested where that one is not allowed.
    """
    import difflib  # noqa: PLC0415 - no job needs it, and the function starts without

    (found,) = difflib.get_close_matches(word, known, n=1, cutoff=0.0)
    return found


def code_of(error: Exception) -> str:
    """Name what went wrong by a code that is the same for every job that fails so.

    Dead letters are grouped by it.
    """
    return error.code if isinstance(error, StorageError | QueueError | AnnouncementError) else type(error).__name__
