"""Builders of what S3 and SQS send."""

import json
from typing import Any
from urllib.parse import quote_plus

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
