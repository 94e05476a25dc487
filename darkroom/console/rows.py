"""An upload as the page shows it."""

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from urllib.parse import quote

from contract.delivery import delivered_srcset, picture, variant_urls
from contract.manifest import Manifest, Outcome, PublishedRendition, srcset
from darkroom.uploads.explanations import FAILURES, REJECTIONS, SHOWN_INSTEAD
from darkroom.uploads.outcomes import Result


class Stage(StrEnum):
    """How far an upload has come.

    The first two are on the way, the others are its end.
    """

    UPLOADING = "uploading"
    QUEUED = "queued"  # it is in the bucket, and has no outcome yet
    RESIZED = Outcome.RESIZED.value
    REJECTED = Outcome.REJECTED.value
    REMOVED = Outcome.REMOVED.value
    SUPERSEDED = Outcome.SUPERSEDED.value
    FAILED = "failed"
    NOT_UPLOADED = "not_uploaded"  # it did not come into the bucket


@dataclass(frozen=True, slots=True, kw_only=True)
class RowPicture:
    """A variant as the page shows it.

    `path`, from the page on, is where its bytes are, `key` where in the bucket. `url` is where it is delivered.
    """

    variant: str
    key: str
    path: str
    width: int
    height: int
    bytes: int
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An upload. `reason` and `meaning` say why it is not resized.

    Times are ISO 8601, `since` that of its stage. `stage` is a Stage, or the outcome as a later version of Darkroom
    calls it. `markup` is a `picture` element of what is delivered.
    """

    id: str
    key: str
    size: int
    stage: Stage | str
    started: str
    since: str
    reason: str | None = None
    detail: str | None = None
    meaning: str | None = None
    format: str | None = None
    width: int | None = None
    height: int | None = None
    milliseconds: int | None = None
    color: str | None = None
    pictures: tuple[RowPicture, ...] = ()
    srcset: str | None = None
    preset: str | None = None
    markup: str | None = None

    @property
    def is_on_its_way(self) -> bool:
        """Tell whether its end is still to come."""
        return self.stage in {Stage.UPLOADING, Stage.QUEUED}

    def to_json(self) -> str:
        """Write it on one line."""
        return json.dumps(asdict(self))


def begun(row_id: str, key: str, size: int, now: datetime) -> Row:
    """Make the row of an upload that begins now."""
    return Row(id=row_id, key=key, size=size, stage=Stage.UPLOADING, started=now.isoformat(), since=now.isoformat())


def ended(row: Row, result: Result, now: datetime, base_url: str | None = None) -> Row:
    """Tell in a row how its upload ended.

    `base_url` is where the derived bucket is delivered.
    """
    manifest = result.manifest
    about = Row(
        id=row.id,
        key=row.key,
        size=row.size,
        stage=str(result.outcome) if result.outcome else Stage.FAILED,
        started=row.started,
        since=now.isoformat(),
        reason=result.reason,
        meaning=_meaning(result),
    )
    if manifest is None:
        return about
    told = replace(
        about,
        detail=manifest.detail,
        format=manifest.source.format,
        width=manifest.source.width,
        height=manifest.source.height,
        milliseconds=manifest.times.milliseconds,
        color=manifest.dominant_colour,
        pictures=tuple(_picture(row.id, rendition) for rendition in manifest.renditions),
        srcset=srcset(manifest.renditions) or None,
        preset=manifest.preset,
    )
    return told if base_url is None else _delivered(told, manifest, base_url)


def _delivered(row: Row, manifest: Manifest, base_url: str) -> Row:
    urls = variant_urls(base_url, manifest.renditions)
    return replace(
        row,
        pictures=tuple(
            replace(each, url=urls.get(rendition.variant))
            for each, rendition in zip(row.pictures, manifest.renditions, strict=True)
        ),
        srcset=delivered_srcset(base_url, manifest.renditions) or None,
        markup=picture(base_url, manifest.renditions, manifest.placeholder),
    )


def _meaning(result: Result) -> str | None:
    if result.failure:
        return FAILURES[result.failure].sentence
    if result.manifest and result.manifest.reason:
        explanation = REJECTIONS.get(result.manifest.reason)
        told = [explanation.sentence] if explanation else []
        instead = [f"{SHOWN_INSTEAD.capitalize()}."] if result.manifest.shown else []
        return " ".join([*told, *instead]) or None
    return None


def _picture(row_id: str, rendition: PublishedRendition) -> RowPicture:
    # The ETag makes another address of other bytes, so that a browser may keep them.
    return RowPicture(
        variant=rendition.label,
        key=rendition.key,
        path=f"uploads/{row_id}/{quote(rendition.label, safe='')}?{quote(rendition.etag, safe='')}",
        width=rendition.width,
        height=rendition.height,
        bytes=rendition.bytes,
    )
