"""Manifest: the JSON record of a key's newest outcome.

Its shape is published in docs/manifest.schema.json; `SCHEMA` moves when a reader would have to change. A reader ignores
what it does not know, and takes of a later schema what it can read: after a rollback it meets those.
"""

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from functools import cache
from typing import Any, Self, TypeGuard, TypeVar, get_type_hints
from urllib.parse import quote

from contract.delivery import Placeholder, delivery_members
from contract.errors import Reason
from contract.focal_point import FocalPoint
from contract.object_version import has_no_id, identity_of
from contract.sequencer import EventOrder

SCHEMA = 2

_SEQUENCER = re.compile(r"[0-9A-F]+")
_WORD = re.compile(r"[a-z][a-z0-9_]{0,63}")

Value = TypeVar("Value")
Word = TypeVar("Word", bound=StrEnum)


class Outcome(StrEnum):
    """How a job about an upload ended."""

    RESIZED = "resized"
    REJECTED = "rejected"  # an invalid image, not retried: see the manifest's reason
    REMOVED = "removed"  # the source is gone, or no variants are configured for it any more: there are none now
    SUPERSEDED = "superseded"  # a newer upload of the key has won; nothing is recorded
    FOLDER = "folder"  # the key marks a folder, and no image; nothing is recorded
    NO_VARIANTS = "no_variants"  # none are configured for the key; nothing is recorded


# Removed keys' manifests carry this tag, by which the stack lets S3 expire them.
OUTCOME_TAG = "darkroom-outcome"
REMOVED_TAG = f"{OUTCOME_TAG}={Outcome.REMOVED}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The upload that a manifest is about.

    `width` and `height` are pixels as displayed. They and `frames` are None if it was never decoded; `frames` is 1 for
    all but animations. `focus` is the focal point that the uploader gave, `focus_error` what is wrong with one that was
    passed over.
    """

    bucket: str
    key: str
    version_id: str | None
    etag: str
    size: int
    sequencer: str
    format: str | None = None
    width: int | None = None
    height: int | None = None
    frames: int | None = None
    focus: FocalPoint | None = None
    focus_error: str | None = None

    @property
    def identity(self) -> str:
        """Which upload of the key it is: `identity_of`."""
        return identity_of(self.version_id, self.etag, self.focus)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedRendition:
    """One derived object.

    `bytes` is its length, `whole` says that it shows all of the image, uncut and unpadded. `frames` is how many were
    encoded, None where they were not counted; equal neighbours may be stored as one. `slot` is `avif`, `webp` or `jpeg`
    where its variant's format is `auto`, and None elsewhere: there are three then, and `content_type` says what it is.
    """

    variant: str
    key: str
    width: int
    height: int
    bytes: int
    content_type: str
    etag: str
    shortened: bool
    whole: bool
    frames: int | None = None
    slot: str | None = None

    @property
    def label(self) -> str:
        """The variant's name, and which of its files it is.

        No two renditions of a manifest have the same.
        """
        return f"{self.variant}.{self.slot}" if self.slot else self.variant


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """When S3 took the upload and the job ran, and how long the job took.

    Times are ISO 8601, UTC; the length is in whole milliseconds.
    """

    uploaded: str
    started: str
    finished: str
    milliseconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestHeader:
    """What can be read of a manifest of a later schema.

    `etags` are of what it lists, `replaced` as in a manifest.
    """

    order: EventOrder
    recipe: str | None
    etags: Mapping[str, str]
    replaced: Mapping[str, str]

    @classmethod
    def of(cls, members: Mapping[str, Any]) -> Self:
        """Take what is as this schema has it.

        Raises:
            ValueError: it has no order.
        """
        source, generation, recipe = members.get("source"), members.get("generation"), members.get("recipe")
        sequencer = source.get("sequencer") if isinstance(source, dict) else None
        if not isinstance(sequencer, str) or not _SEQUENCER.fullmatch(sequencer) or not isinstance(generation, int):
            raise ValueError("a manifest without an order")
        listed, replaced = members.get("renditions"), members.get("replaced")
        each = [rendition for rendition in listed if isinstance(rendition, dict)] if isinstance(listed, list) else []
        return cls(
            order=EventOrder(sequencer=sequencer, function_version=generation),
            recipe=recipe if isinstance(recipe, str) else None,
            etags={
                rendition["key"]: rendition["etag"]
                for rendition in each
                if isinstance(rendition.get("key"), str) and isinstance(rendition.get("etag"), str)
            },
            replaced=replaced if _is_replaced(replaced) else {},
        )


class LaterSchemaError(ValueError):
    """A manifest of a later schema, of which no more than the header can be read."""

    def __init__(self, schema: int, header: ManifestHeader) -> None:
        super().__init__(f"a manifest of schema {schema}, and {SCHEMA} is the latest that is known here")
        self.header = header


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A key's newest outcome.

    `reason` and `detail` where it is `rejected`, what was seen of the upload that is shown. `outcome` and `reason` are
    plain text where a later version of Darkroom wrote a word that is not known here. `source_expired` says that a
    lifecycle rule took the source and the renditions were kept. `shown` is the upload that the renditions show where
    the newest is rejected; None where it is not, or no other can be shown. `preset` is the prefix of the preset whose
    variants were to be made, None where those of `variants` were. `replaced` has the keys and ETags of what stood
    before and is to be deleted; it is None if nothing stood there. `base_url` is where the derived bucket is delivered,
    None where it is not.
    """

    outcome: Outcome | str
    source: Source
    times: Times
    recipe: str
    generation: int
    reason: Reason | str | None = None
    detail: str | None = None
    renditions: tuple[PublishedRendition, ...] = ()
    dominant_colour: str | None = None
    thumbhash: str | None = None
    replaced: Mapping[str, str] | None = None
    source_expired: bool = False
    shown: Source | None = None
    preset: str | None = None
    base_url: str | None = None

    @property
    def placeholder(self) -> Placeholder:
        """What a page shows until a rendition has come."""
        return Placeholder.of((self.shown or self.source).format, self.dominant_colour, self.thumbhash)

    @property
    def order(self) -> EventOrder:
        """When it was told to be written, and by which version of the function."""
        return EventOrder(sequencer=self.source.sequencer, function_version=self.generation)

    @property
    def etags(self) -> dict[str, str]:
        """The ETag of each derived object, by its key."""
        return {rendition.key: rendition.etag for rendition in self.renditions}

    @property
    def header(self) -> ManifestHeader:
        """What other schemas have too."""
        return ManifestHeader(order=self.order, recipe=self.recipe, etags=self.etags, replaced=self.replaced or {})

    def is_of(self, version_id: str | None, etag: str) -> bool:
        """Tell whether it is the outcome of this very version.

        One without an id of its own may be another by now.
        """
        is_version = not has_no_id(version_id) and self.outcome is not Outcome.REMOVED
        return is_version and (self.source.version_id, self.source.etag) == (version_id, etag)

    def listing(self, keys: Collection[str]) -> Self:
        """Give the same manifest, but of its renditions only those at these keys."""
        return replace(self, renditions=tuple(each for each in self.renditions if each.key in keys))

    def to_json(self) -> bytes:
        """Write the manifest as docs/manifest.schema.json describes it."""
        members = {"schema": SCHEMA, **asdict(self), "srcset": srcset(self.renditions)}
        base_url = members.pop("base_url")
        members["delivery"] = delivery_members(base_url, self.renditions, self.placeholder) if base_url else None
        return json.dumps(members, ensure_ascii=False, indent=2).encode()

    @classmethod
    def from_json(cls, text: bytes) -> Self:
        """Read a manifest of this schema or of an earlier one.

        One of a later schema is read if it still has what this one has.

        Raises:
            LaterSchemaError: it is of a later schema that has not.
            ValueError: it is something else.
        """
        members = json.loads(text)
        schema = members.get("schema") if isinstance(members, dict) else None
        if not isinstance(schema, int) or schema < 1:
            raise ValueError("not a manifest")
        try:
            return cls._from_members(members)
        except (KeyError, TypeError, ValueError) as error:
            if schema > SCHEMA:
                raise LaterSchemaError(schema, ManifestHeader.of(members)) from error
            raise ValueError(f"not a manifest of schema {schema}: {error}") from error

    @classmethod
    def _from_members(cls, members: Mapping[str, Any]) -> Self:
        ManifestHeader.of(members)  # what has no order is none of ours
        shown, reason, delivery = members.get("shown"), members.get("reason"), members.get("delivery")
        return _read(
            cls,
            {
                **members,
                "outcome": _word(Outcome, members["outcome"]),
                "reason": _word(Reason, reason) if reason else None,
                "source": _read_source(members["source"]),
                "times": _read(Times, members["times"]),
                "renditions": tuple(_read(PublishedRendition, each) for each in members["renditions"]),
                "shown": _read_source(shown) if shown else None,
                "replaced": _replaced(members.get("replaced")),
                "base_url": delivery["base_url"] if delivery else None,
            },
        )


def _read_source(members: Mapping[str, Any]) -> Source:
    focus = members.get("focus") if isinstance(members, dict) else None
    return _read(Source, members if focus is None else {**members, "focus": FocalPoint.of(focus)})


def _read(kind: Callable[..., Value], members: Mapping[str, Any]) -> Value:
    """Make a value of those members that it has; TypeError where one is missing or of another type."""
    if not isinstance(members, dict):
        raise TypeError(f"{members!r} where an object is expected")
    types = {name: _types(kind)[name] for name in _types(kind).keys() & members.keys()}
    wrong = [name for name, allowed in types.items() if not isinstance(members[name], allowed)]
    if wrong:
        raise TypeError(f"{', '.join(sorted(wrong))} of another type")
    return kind(**{name: members[name] for name in types})


@cache
def _types(kind: Any) -> Mapping[str, Any]:
    """Tell what `isinstance` must hold of each field."""
    return get_type_hints(kind) | {"renditions": tuple, "replaced": dict | None}


def _word(known: type[Word], text: object) -> Word | str:
    """Read a word of a list that later versions add to; TypeError where it is no word."""
    if not isinstance(text, str) or not _WORD.fullmatch(text):
        raise TypeError(f"{text!r} where a word is expected")
    try:
        return known(text)
    except ValueError:
        return text


def _replaced(value: object) -> Mapping[str, str] | None:
    if value is None or _is_replaced(value):
        return value
    raise TypeError(f"replaced is {value!r}")


def _is_replaced(value: object) -> TypeGuard[dict[str, str]]:
    return isinstance(value, dict) and all(isinstance(etag, str) for etag in value.values())


def srcset(renditions: Sequence[PublishedRendition]) -> str:
    """Write the value of an HTML `srcset` attribute.

    The whole renditions, widest first, one of each width. Addresses are relative to the derived bucket, percent-encoded
    (HTML standard, 4.8.4.2.1).
    """
    # Of the files of a variant the last is read most widely.
    listed = {rendition.variant: rendition for rendition in renditions if rendition.whole}.values()
    by_width = {rendition.width: rendition for rendition in reversed(listed)}
    return ", ".join(f"{quote(by_width[width].key)} {width}w" for width in sorted(by_width, reverse=True))
