"""Builders of what S3 and SQS send."""

import json
from typing import Any
from urllib.parse import quote_plus

from contract.events import EventType, ObjectEvent

UPLOADS = "uploads"


def s3_record(
    key: str = "photo.jpg",
    *,
    event: str = "ObjectCreated:Put",
    bucket: str = UPLOADS,
    version_id: str | None = None,
    sequencer: str = "0065AB0000000001",
    size: int = 1024,
) -> dict[str, Any]:
    """One record of an S3 notification, with its key encoded as S3 does it."""
    described = {"key": quote_plus(key, safe="/"), "size": size, "eTag": "d41d8", "sequencer": sequencer}
    if version_id is not None:
        described["versionId"] = version_id
    return {
        "eventVersion": "2.6",
        "eventSource": "aws:s3",
        "awsRegion": "eu-west-1",
        "eventTime": "2026-11-23T20:50:00.000Z",
        "eventName": event,
        "s3": {"s3SchemaVersion": "1.0", "bucket": {"name": bucket}, "object": described},
    }


def s3_body(*records: dict[str, Any]) -> str:
    """The body of the SQS message that carries them."""
    return json.dumps({"Records": records})


def eventbridge_event(
    key: str = "photo.jpg",
    *,
    detail_type: str = "Object Created",
    bucket: str = UPLOADS,
    version_id: str | None = None,
    sequencer: str = "617f08299329d189",
    **detail: str,
) -> dict[str, Any]:
    """An event that EventBridge delivers; `detail` has what tells a deletion's kind, with _ for each -."""
    object_ = {"key": key, "size": 1024, "etag": "d41d8", "sequencer": sequencer}
    if version_id is not None:
        object_["version-id"] = version_id
    return {
        "version": "0",
        "id": "17793124-05d4-b198-2fde-7ededc63b103",
        "detail-type": detail_type,
        "source": "aws.s3",
        "account": "123456789012",
        "time": "2026-11-23T20:50:00Z",
        "region": "eu-west-1",
        "resources": [f"arn:aws:s3:::{bucket}"],
        "detail": {
            "version": "0",
            "event-version": "1.1",
            "bucket": {"name": bucket},
            "object": object_,
            **{name.replace("_", "-"): value for name, value in detail.items()},
        },
    }


_DELETIONS = {
    EventType.DELETED: ("Permanently Deleted", "DeleteObject"),
    EventType.EXPIRED_FOR_GOOD: ("Permanently Deleted", "Lifecycle Expiration"),
    EventType.MARKED_DELETED: ("Delete Marker Created", "DeleteObject"),
    EventType.EXPIRED: ("Delete Marker Created", "Lifecycle Expiration"),
}


def eventbridge_body(event: ObjectEvent) -> str:
    """What EventBridge delivers of an event, whose time it tells in whole seconds."""
    kind = {"reason": "PutObject"}
    if event.change is not EventType.CREATED:
        deletion_type, reason = _DELETIONS[event.change]
        kind = {"detail_type": "Object Deleted", "deletion_type": deletion_type, "reason": reason}
    message = eventbridge_event(
        event.key,
        bucket=event.bucket,
        version_id=event.version_id,
        sequencer=event.sequencer.lower(),
        **kind,
    )
    message["detail"]["object"] |= {"etag": event.etag, "size": event.size}
    return json.dumps(message | {"time": event.time.strftime("%Y-%m-%dT%H:%M:%SZ")})


def sqs_event(*bodies: str) -> dict[str, Any]:
    """The event that Lambda gives the function: messages named m0, m1, …"""
    return {"Records": [_sqs_record(f"m{number}", body) for number, body in enumerate(bodies)]}


def _sqs_record(message_id: str, body: str) -> dict[str, Any]:
    return {
        "messageId": message_id,
        "receiptHandle": f"receipt-{message_id}",
        "body": body,
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1795467000000"},
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:jobs",
        "awsRegion": "eu-west-1",
    }
