"""Write jobs for existing objects; a real S3 event always wins.

A job's place in the order of its key's events is what keeps it harmless. Where a manifest is of the current version,
the job has that version's own sequencer. Where it is of an earlier version, whose successor's event was lost or is on
its way, the job comes right after it, and before whatever S3 sends. Where there is none, it is older than any event,
but for what has written variants and never a manifest: after that it comes too.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

from botocore.exceptions import ClientError

from contract.focal_point import FocalPoint, focus_in
from contract.keys import is_folder_marker, rendition_key
from contract.manifest import LaterSchemaError, Manifest, Outcome
from contract.object_version import identity_of
from contract.s3_errors import is_missing
from contract.s3_notification import REQUESTED
from contract.sequencer import EventOrder
from darkroom.backfill.earlier_defaults import replaced_formats
from darkroom.backfill.listing import ARCHIVE_CLASSES, Listed
from darkroom.backfill.selection import Decision, Filter, select
from darkroom.errors import aws_errors
from darkroom.parallel import map_parallel
from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.manifests import read_manifest
from resize.derived_bucket import DerivedBucket
from resize.imaging.variants import Format, Variant
from resize.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import HeadObjectOutputTypeDef

BEFORE_ALL = "0"
_SEQUENCER_DIGITS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectVersion:
    """The current version of an uploaded key.

    `size` is in bytes, `archived` says that S3 does not hand it out, `focus` is the focal point that its uploader gave.
    """

    version_id: str | None
    etag: str
    size: int
    modified: datetime
    archived: bool = False
    focus: FocalPoint | None = None

    @property
    def identity(self) -> str:
        """Which upload of the key it is: `identity_of`."""
        return identity_of(self.version_id, self.etag, self.focus)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedKey:
    """A key, what was found about it, and its job's message where it is one.

    `replaced_formats` are those of files that the defaults of before 0.1.0 made, and the job makes otherwise.
    """

    key: str
    decision: Decision
    body: str | None = None
    replaced_formats: frozenset[Format] = frozenset()


class Planner:
    """Looks at keys, and plans their jobs.

    One request each for the manifest, and for a job one more, or one a variant where it has none.
    """

    def __init__(self, pipeline: Pipeline, settings: Settings, selection: Filter) -> None:
        self._s3: S3Client = pipeline.client("s3")
        self._settings = settings
        self._pipeline = pipeline
        self._selection = selection

    def plan(self, keys: Sequence[Listed]) -> list[PlannedKey]:
        """Look at some keys, several at once.

        Raises:
            DarkroomError: S3 refuses, or does not answer.
        """
        with aws_errors("Reading manifests"):
            return sorted(map_parallel(self._plan, keys), key=lambda planned: planned.key)

    def _plan(self, listed: Listed) -> PlannedKey:
        selection = self._filter_for(listed.key)
        if listed.archived and selection.has_variants:
            return PlannedKey(key=listed.key, decision=Decision.ARCHIVED)
        try:
            name = self._pipeline.manifest_key(listed.key)
            manifest = read_manifest(self._s3, self._pipeline.derived_bucket, name)
        except LaterSchemaError:
            return PlannedKey(key=listed.key, decision=Decision.LATER_SCHEMA)
        if (manifest and _is_as_listed(manifest, listed)) or not selection.has_variants:
            # The same bytes: whether of the same version or not, there may be nothing to do. Only which version of the
            # function may do it hangs on that: a job of a newer upload wins. Without variants bytes do not matter.
            verdict = select(manifest, selection, is_current=True)
            if not verdict.is_job and verdict is not Decision.NEWER_VERSION:
                return PlannedKey(key=listed.key, decision=verdict)
        current = current_version(self._s3, self._pipeline.uploads_bucket, listed.key)
        if current is None:
            return PlannedKey(key=listed.key, decision=Decision.GONE)
        is_current = manifest is not None and manifest.source.identity == current.identity
        unfit = _unfit(listed.key, current, manifest) if selection.has_variants else None
        verdict = unfit or select(manifest, selection, is_current=is_current)
        if not verdict.is_job:
            return PlannedKey(key=listed.key, decision=verdict)
        written = () if is_current else self._written(listed.key, manifest)
        sequencer = sequencer_for(manifest, is_current=is_current, written=written)
        body = message(self._pipeline.uploads_bucket, listed.key, current, sequencer)
        replaced = replaced_formats(manifest, self._settings) if manifest else frozenset()
        return PlannedKey(key=listed.key, decision=verdict, body=body, replaced_formats=replaced)

    def _filter_for(self, key: str) -> Filter:
        names = frozenset(variant.name for variant in self._settings.variants_for(key))
        return replace(self._selection, recipe=self._settings.recipe_for(key), variants=names)

    def _written(self, key: str, manifest: Manifest | None) -> Iterator[str]:
        """Tell the sequencers of what lies where the job will write, or delete: it may be another preset's."""
        configured = rendition_keys(key, self._settings.variants_for(key), self._pipeline.derived_prefix)
        keys = dict.fromkeys([*configured, *(manifest.etags if manifest else ())])
        return written_at(self._s3, self._pipeline.derived_bucket, keys)


def _is_as_listed(manifest: Manifest, listed: Listed) -> bool:
    """Tell whether a manifest is of these bytes, and not from before they were put there.

    They may have been put there anew, with another focal point, which no listing tells.
    """
    is_before = listed.modified is not None and datetime.fromisoformat(manifest.times.finished) < listed.modified
    return manifest.source.etag == listed.etag and not is_before


def _unfit(key: str, current: ObjectVersion, manifest: Manifest | None) -> Decision | None:
    """Tell what keeps an upload from being resized, whatever its manifest says of it; None where nothing does."""
    if current.archived:
        return Decision.ARCHIVED
    is_known = manifest is not None and manifest.outcome is not Outcome.REMOVED
    return Decision.FOLDER if is_folder_marker(key, current.size) and not is_known else None


def current_version(s3: "S3Client", bucket: str, key: str) -> ObjectVersion | None:
    """Look at the current version of a key; None if it has none."""
    try:
        answer = s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if is_missing(error):
            return None
        raise
    return ObjectVersion(
        version_id=answer.get("VersionId"),
        etag=answer["ETag"].strip('"'),
        size=answer["ContentLength"],
        modified=answer["LastModified"],
        archived=_is_archived(answer),
        focus=focus_in(answer.get("Metadata", {}))[0],
    )


def rendition_keys(key: str, variants: Sequence[Variant], prefix: str) -> Iterator[str]:
    """Name all that may be made of an upload by these variants."""
    for variant in variants:
        for extension in variant.extensions:
            yield rendition_key(variant.name, key, extension, prefix)


def written_at(s3: "S3Client", bucket: str, keys: Iterable[str]) -> Iterator[str]:
    """Tell the sequencers of the derived objects at these keys."""
    derived = DerivedBucket(s3, bucket, EventOrder.oldest())
    for key in keys:
        state = derived.head(key)
        if state and state.order.sequencer:
            yield state.order.sequencer


def _is_archived(answer: "HeadObjectOutputTypeDef") -> bool:
    """Tell whether an object has to be restored: by its tier in INTELLIGENT_TIERING, else by its class.

    docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
    """
    is_restored = 'ongoing-request="false"' in answer.get("Restore", "")
    return "ArchiveStatus" in answer or (answer.get("StorageClass") in ARCHIVE_CLASSES and not is_restored)


def sequencer_for(manifest: Manifest | None, *, is_current: bool, written: Iterable[str] = ()) -> str:
    """Choose the place of a job among the events of its key.

    `written` are the sequencers of variants that lie there, which may be later than the manifest's: a job that has
    written them was killed and its message is gone, or the manifest is.
    """
    if manifest and is_current:
        return manifest.source.sequencer
    places = [*written, *([manifest.source.sequencer] if manifest else [])]
    return just_after(max(places, key=_padded)) if places else BEFORE_ALL


def just_after(sequencer: str) -> str:
    """Give the next sequencer.

    S3's own have far fewer digits, so none of them comes in between.
    """
    return f"{int(_padded(sequencer), 16) + 1:0{_SEQUENCER_DIGITS}X}"


def _padded(sequencer: str) -> str:
    return sequencer.ljust(_SEQUENCER_DIGITS, "0")


def message(bucket: str, key: str, current: ObjectVersion, sequencer: str) -> str:
    """Write the message as S3 would; `requested_now` completes it."""
    described = {"size": current.size, "eTag": current.etag, "sequencer": sequencer}
    version = {"versionId": current.version_id} if current.version_id else {}
    return _message("ObjectCreated:Put", bucket, key, described | version, current.modified)


def removal(bucket: str, key: str, sequencer: str, found: datetime) -> str:
    """Write the message that S3 would have sent of a deletion, found out then.

    Its delete marker is not known.
    """
    return _message("ObjectRemoved:DeleteMarkerCreated", bucket, key, {"sequencer": sequencer}, found)


def _message(event: str, bucket: str, key: str, described: Mapping[str, object], time: datetime) -> str:
    """Write one record: docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html."""
    object_ = {"key": quote_plus(key, safe="/"), **described}
    record = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "eventTime": time.isoformat(),
        "eventName": event,
        "s3": {"s3SchemaVersion": "1.0", "bucket": {"name": bucket}, "object": object_},
    }
    return json.dumps({"Records": [record]})


def requested_now(body: str) -> str:
    """Add the moment at which the job is asked for: that of its sending.

    By that the function tells a first attempt from one that comes out of the dead-letter queue. A key is looked at
    long before: up to a page of keys earlier, and at --rate 1 that is a quarter of an hour.
    """
    (record,) = json.loads(body)["Records"]
    return json.dumps({"Records": [record | {REQUESTED: datetime.now(UTC).isoformat()}]})
