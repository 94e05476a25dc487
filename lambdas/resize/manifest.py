"""The JSON record of a key's newest outcome: written last, it is what makes a job's work count.

Its shape is published in docs/manifest.schema.json; `SCHEMA` moves when a reader would have to change.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Self
from urllib.parse import quote

from resize.errors import Reason
from resize.order import Order

SCHEMA = 1


class Outcome(StrEnum):
    """How a job about an upload ended."""

    RESIZED = "resized"
    REJECTED = "rejected"  # the image is at fault: see the manifest's reason
    REMOVED = "removed"  # the source is gone, and so are its variants
    SUPERSEDED = "superseded"  # a newer upload of the key has won; nothing is recorded
    FOLDER = "folder"  # the key marks a folder, and no image; nothing is recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The upload that a manifest is about; `width` and `height` are pixels as displayed, None if never decoded."""

    bucket: str
    key: str
    version_id: str | None
    etag: str
    size: int
    sequencer: str
    format: str | None = None
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedRendition:
    """One derived object; `bytes` is its length, `whole` says that it shows all of the image, uncut and unpadded."""

    variant: str
    key: str
    width: int
    height: int
    bytes: int
    content_type: str
    etag: str
    shortened: bool
    whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """When S3 took the upload and the job ran (ISO 8601, UTC), and how long the job took in whole milliseconds."""

    uploaded: str
    started: str
    finished: str
    milliseconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A key's newest outcome; `reason` and `detail` where it is `rejected`, what was seen where it is `resized`.

    `replaced` has the keys and ETags of what stood before and is to be deleted; it is None if nothing stood there.
    """

    outcome: Outcome
    source: Source
    times: Times
    recipe: str
    generation: int
    reason: Reason | None = None
    detail: str | None = None
    renditions: tuple[PublishedRendition, ...] = ()
    dominant_colour: str | None = None
    thumbhash: str | None = None
    replaced: Mapping[str, str] | None = None

    @property
    def order(self) -> Order:
        """When it was told to be written, and by which version of the function."""
        return Order(sequencer=self.source.sequencer, generation=self.generation)

    @property
    def etags(self) -> dict[str, str]:
        """The ETag of each derived object, by its key."""
        return {rendition.key: rendition.etag for rendition in self.renditions}

    def is_of(self, version_id: str | None, etag: str) -> bool:
        """Tell whether it is the outcome of this very version; one without an id of its own may be another by now."""
        is_version = version_id not in {None, "null"} and self.outcome is not Outcome.REMOVED
        return is_version and (self.source.version_id, self.source.etag) == (version_id, etag)

    def to_json(self) -> bytes:
        """Write the manifest as docs/manifest.schema.json describes it."""
        members = {"schema": SCHEMA, **asdict(self), "srcset": srcset(self.renditions)}
        return json.dumps(members, ensure_ascii=False, indent=2).encode()

    @classmethod
    def from_json(cls, text: bytes) -> Self:
        """Read what `to_json` wrote.

        Raises:
            ValueError: it is something else, or of another schema.
        """
        members = json.loads(text)
        if not isinstance(members, dict) or members.get("schema") != SCHEMA:
            raise ValueError(f"not a manifest of schema {SCHEMA}")
        try:
            return cls(
                outcome=Outcome(members["outcome"]),
                source=Source(**members["source"]),
                times=Times(**members["times"]),
                recipe=members["recipe"],
                generation=int(members["generation"]),
                reason=Reason(members["reason"]) if members["reason"] else None,
                renditions=tuple(PublishedRendition(**rendition) for rendition in members["renditions"]),
                replaced=_replaced(members.get("replaced")),
                **{name: members[name] for name in ("detail", "dominant_colour", "thumbhash")},
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a manifest of schema {SCHEMA}: {error}") from error


def _replaced(value: object) -> Mapping[str, str] | None:
    if value is None or (isinstance(value, dict) and all(isinstance(etag, str) for etag in value.values())):
        return value
    raise ValueError(f"not a manifest of schema {SCHEMA}: replaced is {value!r}")


def srcset(renditions: Sequence[PublishedRendition]) -> str:
    """Write the value of an HTML `srcset` attribute: the whole renditions, widest first, one of each width.

    Addresses are relative to the derived bucket, percent-encoded (HTML standard, 4.8.4.2.1).
    """
    by_width = {rendition.width: rendition for rendition in reversed(renditions) if rendition.whole}
    return ", ".join(f"{quote(by_width[width].key)} {width}w" for width in sorted(by_width, reverse=True))
