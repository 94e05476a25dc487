"""Read a record of a notification that S3 sends to a queue itself.

docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
"""

from datetime import datetime
from urllib.parse import unquote_plus

from contract.errors import MessageRefusedError
from contract.events import EventType, ObjectEvent
from contract.fields import checked_key, object_in, parse_sequencer, parse_time, shown, text_in

# What `darkroom backfill` adds to a record, which is otherwise as S3 would write it.
REQUESTED = "darkroomRequested"


def parse_record(record: object) -> ObjectEvent:
    """Read one record.

    Raises:
        MessageRefusedError: it is none, or of a kind that this pipeline does not ask for.
    """
    version = text_in(record, "eventVersion")
    if not version.startswith("2."):
        raise MessageRefusedError(f"eventVersion {shown(version)}: only version 2 of S3's events is known here")
    object_ = object_in(object_in(record, "s3"), "object")
    version_id = object_.get("versionId")
    etag = object_.get("eTag", "")
    size = object_.get("size", 0)
    if not isinstance(version_id, str | None) or not isinstance(etag, str) or not isinstance(size, int):
        raise MessageRefusedError(f"versionId, eTag or size is of another type: {shown(object_)}")
    return ObjectEvent(
        change=_parse_change(text_in(record, "eventName")),
        bucket=text_in(object_in(object_in(record, "s3"), "bucket"), "name"),
        key=_parse_key(text_in(object_, "key")),
        version_id=version_id or None,
        etag=etag.strip('"'),
        size=size,
        sequencer=parse_sequencer(text_in(object_, "sequencer")),
        time=parse_time(text_in(record, "eventTime")),
        requested=_parse_requested(record),
    )


def _parse_change(event_name: str) -> EventType:
    if event_name.startswith("ObjectCreated:"):
        return EventType.CREATED
    try:
        return EventType(event_name)
    except ValueError:
        raise MessageRefusedError(
            f"eventName {shown(event_name)}: expected ObjectCreated:*, ObjectRemoved:* or LifecycleExpiration:*"
        ) from None


def _parse_key(encoded: str) -> str:
    try:
        key = unquote_plus(encoded, errors="strict")
    except UnicodeError:
        raise MessageRefusedError(f"key {shown(encoded)}: not URL-encoded UTF-8") from None
    return checked_key(key, encoded)


def _parse_requested(record: object) -> datetime | None:
    is_request = isinstance(record, dict) and REQUESTED in record
    return parse_time(text_in(record, REQUESTED)) if is_request else None
