"""A key's outcome as a CloudEvent whose data is the manifest.

CloudEvents 1.0, structured JSON, with its partitioning and sequence extensions: https://cloudevents.io. Its shape is
published in docs/image-event.schema.json, its rules in docs/events.md.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

CONTENT_TYPE = "application/cloudevents+json"
# An S3 metadata member of a manifest: how many its key has had, itself among them.
REVISION = "darkroom-revision"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageEvent:
    """One manifest of a key, as it was committed.

    `manifest` is its bytes as S3 has them, `revision` its number among those of its key: 0 is what stood there before
    events were turned on. `source` is `/darkroom/<account>/<region>/<stack>`.
    """

    source: str
    key: str
    revision: int
    manifest: bytes

    @property
    def id(self) -> str:
        """The same however often the manifest is announced.

        SHA-256 of key, NUL and manifest, in hexadecimal.
        """
        return hashlib.sha256(self.key.encode() + b"\0" + self.manifest).hexdigest()

    @property
    def group(self) -> str:
        """What a key's events have in common: a name of 64 characters, whatever the key."""
        return hashlib.sha256(self.key.encode()).hexdigest()

    def to_json(self) -> str:
        """Write the event in ASCII: a key may have characters that SQS refuses."""
        data = json.loads(self.manifest)
        members: dict[str, Any] = {
            "specversion": "1.0",
            "id": self.id,
            "source": self.source,
            "type": f"io.darkroom.image.{data['outcome']}.v1",
            "subject": self.key,
            "time": data["times"]["finished"],
            "datacontenttype": "application/json",
            "partitionkey": self.key,
            "sequence": f"{self.revision:012}",
            "data": data,
        }
        return json.dumps(members, separators=(",", ":"))


def parse_revision(text: str) -> int | None:
    """Read the metadata member `REVISION`.

    None where a manifest has none, or something else.
    """
    return int(text) if text.isascii() and text.isdecimal() else None
