"""Events as the log has them: CloudEvents whose data is a manifest, and the records that they stand in."""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from consumers.event import Record

SEQUENCER = "0055AED6DCD90281E5"


def event(
    key: str = "cat.jpg",
    *,
    sequencer: str = SEQUENCER,
    revision: int = 1,
    outcome: str = "resized",
    time: str = "2026-11-26T08:00:00.000Z",
    source: Mapping[str, Any] | None = None,
    **data: Any,
) -> dict[str, Any]:
    """An outcome of a key; what is not named is as for a JPEG of 640 x 480."""
    upload = {"bucket": "uploads", "key": key, "version_id": "v1", "etag": "e1", "size": 48_000, "sequencer": sequencer}
    manifest = {
        "schema": 2,
        "outcome": outcome,
        "reason": None,
        "detail": None,
        "source": upload | {"format": "jpeg", "width": 640, "height": 480} | dict(source or {}),
        "renditions": [_thumb(key)],
        "dominant_colour": "#2255cc",
        "thumbhash": None,
        "srcset": f"thumb/{key}.webp 160w",
        "recipe": "0123456789abcdef",
        "generation": 1,
        "times": {"uploaded": time, "started": time, "finished": time, "milliseconds": 250},
        **data,
    }
    digest = hashlib.sha256(json.dumps([key, revision, manifest]).encode())
    return {
        "specversion": "1.0",
        "id": digest.hexdigest(),
        "source": "/darkroom/Darkroom",
        "type": f"io.darkroom.image.{outcome}.v1",
        "subject": key,
        "time": time,
        "datacontenttype": "application/json",
        "partitionkey": key,
        "sequence": f"{revision:012}",
        "data": manifest,
    }


def _thumb(key: str) -> dict[str, Any]:
    stored = {"key": f"thumb/{key}.webp", "bytes": 4_000, "content_type": "image/webp", "etag": "e2"}
    return {"variant": "thumb", **stored, "width": 160, "height": 120, "shortened": False, "whole": True}


def encoded(value: object) -> bytes:
    """An event as the bytes of a record."""
    return json.dumps(value).encode()


def records(*events: dict[str, Any], partition: int = 0, start: int = 0) -> list[Record]:
    """Records of one partition with these events, one after the other."""
    return [Record(partition=partition, offset=start + index, value=encoded(each)) for index, each in enumerate(events)]


def invocation(taken: Iterable[Record], *, source: str = "aws:kafka") -> dict[str, Any]:
    """What Lambda hands to a function for these records: keys and values in base64, a list for each partition."""
    listed: dict[str, list[dict[str, Any]]] = {}
    for record in taken:
        value = None if record.value is None else base64.b64encode(record.value).decode()
        place = {"topic": "darkroom.images", "partition": record.partition, "offset": record.offset}
        about = {"timestamp": 1_795_680_000_000, "timestampType": "CREATE_TIME", "headers": []}
        listed.setdefault(f"darkroom.images-{record.partition}", []).append(
            {**place, **about, "key": None, "value": value}
        )
    return {"eventSource": source, "bootstrapServers": "broker.example:9098", "records": listed}
