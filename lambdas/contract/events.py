"""Parse S3 events from an SQS message body.

The shapes are those of https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import unquote_plus

from contract.errors import MessageRefusedError
from contract.keys import MAX_KEY_BYTES

_SEQUENCER = re.compile(r"[0-9A-F]{1,64}")
_SHOWN_CHARACTERS = 200

# What `darkroom backfill` adds to a record, which is otherwise as S3 would write it.
REQUESTED = "darkroomRequested"


# What the uploads bucket tells of. A rule that expires a current version puts a delete marker on it. Of old versions
# that expire, which is `LifecycleExpiration:Delete`, there are many, and they change no picture.
NOTIFIED_EVENTS = ("s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:LifecycleExpiration:DeleteMarkerCreated")


class EventType(StrEnum):
    """What happened to a key: S3's own names of the events."""

    CREATED = "ObjectCreated"
    DELETED = "ObjectRemoved:Delete"  # a version, or a delete marker, was removed for good
    MARKED_DELETED = "ObjectRemoved:DeleteMarkerCreated"
    # By a lifecycle rule: docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-configure-notification.html
    EXPIRED = "LifecycleExpiration:DeleteMarkerCreated"
    EXPIRED_FOR_GOOD = "LifecycleExpiration:Delete"  # an old version, or what a bucket without versions had


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectEvent:
    """One event about one object version.

    `size` is in bytes; `etag` has no quotes; both are those of the event, so they are 0 and empty where it tells none.
    `time` is when S3 took it. `requested` is when `darkroom backfill` asked to do it again, None for S3's own events.
    """

    change: EventType
    bucket: str
    key: str
    version_id: str | None
    etag: str
    size: int
    sequencer: str
    time: datetime
    requested: datetime | None = None


def parse_body(body: str) -> tuple[ObjectEvent, ...]:
    """Read the uploads that a message is about.

    None for the test event that S3 sends when it is wired to the queue.

    Raises:
        MessageRefusedError: the body is not an S3 event, or not one of a kind that this pipeline asks for.
    """
    message = _parse_object(body)
    if message.get("Event") == "s3:TestEvent":
        return ()
    records = message.get("Records")
    if not isinstance(records, list) or not records:
        raise MessageRefusedError(f"not an S3 event, it has no list of Records: {_shown(body)}")
    return tuple(_parse_record(record) for record in records)


def _parse_object(body: str) -> Mapping[str, Any]:
    try:
        message = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MessageRefusedError(f"not JSON: {_shown(body)}") from error
    if not isinstance(message, dict):
        raise MessageRefusedError(f"not a JSON object: {_shown(body)}")
    return message


def _parse_record(record: object) -> ObjectEvent:
    version = _text(record, "eventVersion")
    if not version.startswith("2."):
        raise MessageRefusedError(f"eventVersion {_shown(version)}: only version 2 of S3's events is known here")
    object_ = _member(_member(record, "s3"), "object")
    version_id = object_.get("versionId")
    etag = object_.get("eTag", "")
    size = object_.get("size", 0)
    if not isinstance(version_id, str | None) or not isinstance(etag, str) or not isinstance(size, int):
        raise MessageRefusedError(f"versionId, eTag or size is of another type: {_shown(object_)}")
    return ObjectEvent(
        change=_parse_change(_text(record, "eventName")),
        bucket=_text(_member(_member(record, "s3"), "bucket"), "name"),
        key=_parse_key(_text(object_, "key")),
        version_id=version_id or None,
        etag=etag.strip('"'),
        size=size,
        sequencer=_parse_sequencer(_text(object_, "sequencer")),
        time=_parse_time(_text(record, "eventTime")),
        requested=_parse_requested(record),
    )


def _parse_change(event_name: str) -> EventType:
    if event_name.startswith("ObjectCreated:"):
        return EventType.CREATED
    try:
        return EventType(event_name)
    except ValueError:
        raise MessageRefusedError(
            f"eventName {_shown(event_name)}: expected ObjectCreated:*, ObjectRemoved:* or LifecycleExpiration:*"
        ) from None


def _parse_key(encoded: str) -> str:
    try:
        key = unquote_plus(encoded, errors="strict")
        length = len(key.encode())
    except UnicodeError:
        raise MessageRefusedError(f"key {_shown(encoded)}: not URL-encoded UTF-8") from None
    if not 1 <= length <= MAX_KEY_BYTES:
        raise MessageRefusedError(f"key {_shown(encoded)}: {length} bytes, S3's keys have 1 to {MAX_KEY_BYTES}")
    return key


def _parse_requested(record: object) -> datetime | None:
    is_request = isinstance(record, dict) and REQUESTED in record
    return _parse_time(_text(record, REQUESTED)) if is_request else None


def _parse_time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise MessageRefusedError(f"time {_shown(text)}: not a time as ISO 8601 writes it") from None
    if time.tzinfo is None:
        raise MessageRefusedError(f"time {_shown(text)}: it names no time zone")
    return time


def _parse_sequencer(sequencer: str) -> str:
    if not _SEQUENCER.fullmatch(sequencer.upper()):
        raise MessageRefusedError(f"sequencer {_shown(sequencer)}: not a hexadecimal string")
    return sequencer.upper()


def _member(container: object, name: str) -> Mapping[str, Any]:
    value = container.get(name) if isinstance(container, dict) else None
    if not isinstance(value, dict):
        raise MessageRefusedError(f"no object {name!r} in {_shown(container)}")
    return value


def _text(container: object, name: str) -> str:
    value = container.get(name) if isinstance(container, dict) else None
    if not isinstance(value, str) or not value:
        raise MessageRefusedError(f"no text {name!r} in {_shown(container)}")
    return value


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
