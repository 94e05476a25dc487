"""Read an event about an object that EventBridge delivers.

docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
"""

from collections.abc import Mapping
from typing import Any, Final

from contract.errors import MessageRefusedError
from contract.events import EventType, ObjectEvent
from contract.fields import checked_key, object_in, parse_sequencer, parse_time, shown, text_in

EVENT_SOURCE: Final = "aws.s3"
CREATED: Final = "Object Created"
DELETED: Final = "Object Deleted"
# A lifecycle rule's deletion differs from a person's by its reason alone.
_BY_A_RULE = "Lifecycle Expiration"
_DELETIONS = {
    ("Permanently Deleted", False): EventType.DELETED,
    ("Permanently Deleted", True): EventType.EXPIRED_FOR_GOOD,
    ("Delete Marker Created", False): EventType.MARKED_DELETED,
    ("Delete Marker Created", True): EventType.EXPIRED,
}


def parse_delivered(event: Mapping[str, Any]) -> ObjectEvent:
    """Read one event; its key is as it is, for here S3 encodes none.

    Raises:
        MessageRefusedError: it is none of S3's, or of a kind that this pipeline does not ask for.
    """
    if event.get("source") != EVENT_SOURCE:
        raise MessageRefusedError(f"source {shown(event.get('source'))}: expected {EVENT_SOURCE!r}")
    detail = object_in(event, "detail")
    version = detail.get("event-version", "1.0")
    if not isinstance(version, str) or not version.startswith("1."):
        raise MessageRefusedError(f"event-version {shown(version)}: only version 1 of S3's events is known here")
    object_ = object_in(detail, "object")
    version_id, etag, size = object_.get("version-id"), object_.get("etag", ""), object_.get("size", 0)
    if not isinstance(version_id, str | None) or not isinstance(etag, str) or not isinstance(size, int):
        raise MessageRefusedError(f"version-id, etag or size is of another type: {shown(object_)}")
    key = text_in(object_, "key")
    return ObjectEvent(
        change=_parse_change(text_in(event, "detail-type"), detail),
        bucket=text_in(object_in(detail, "bucket"), "name"),
        key=checked_key(key, key),
        version_id=version_id or None,
        etag=etag.strip('"'),
        size=size,
        sequencer=parse_sequencer(text_in(object_, "sequencer")),
        time=parse_time(text_in(event, "time")),
    )


def _parse_change(detail_type: str, detail: Mapping[str, Any]) -> EventType:
    if detail_type == CREATED:
        return EventType.CREATED
    if detail_type != DELETED:
        raise MessageRefusedError(f"detail-type {shown(detail_type)}: expected {CREATED!r} or {DELETED!r}")
    deletion = text_in(detail, "deletion-type")
    change = _DELETIONS.get((deletion, detail.get("reason") == _BY_A_RULE))
    if change is None:
        known = " or ".join(sorted({repr(each) for each, _ in _DELETIONS}))
        raise MessageRefusedError(f"deletion-type {shown(deletion)}: expected {known}")
    return change
