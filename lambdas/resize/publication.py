"""Publish renditions and manifest to S3, in a safe order.

What a manifest lists is there to be fetched. So renditions are written before the manifest that lists them, and deleted
once a manifest stands that does not: it names what it has replaced, and whoever reads it deletes what of that is left.

Where events are on, every manifest is announced, in the order in which they stood: whoever replaces one announces it
first, for its writer may have been killed, and a retry announces what it finds.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from contract.errors import StorageError
from contract.events import ObjectEvent
from contract.focal_point import focus_in
from contract.image_event import REVISION, ImageEvent, parse_revision
from contract.keys import MANIFESTS, is_folder, is_folder_marker, is_shortened, manifest_key, rendition_key
from contract.manifest import REMOVED_TAG, LaterSchemaError, Manifest, ManifestHeader, Outcome, PublishedRendition
from contract.s3_errors import error_code, is_missing
from contract.sequencer import EventOrder
from resize.derived_bucket import ATTEMPTS, Content, DerivedBucket, PreconditionFailedError
from resize.errors import SupersededError
from resize.executor import MapFunction, serial_map
from resize.imaging.rendition import Rendition
from resize.imaging.stamp import stamp
from resize.imaging.variants import EXTENSIONS, Fit
from resize.settings import Settings
from resize.uploads_bucket import UploadsBucket

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

Announce = Callable[[ImageEvent], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredManifest:
    """What stands at a manifest's place; `etag` is None if nothing does.

    `header` is None if it is not one of ours, and `manifest` also where it is of a later schema that has changed.
    `left` are keys and ETags that it has replaced, where later events have written meanwhile. `revision` is None if it
    was written where events are off.
    """

    text: bytes = b""
    revision: int | None = None
    etag: str | None = None
    header: ManifestHeader | None = None
    manifest: Manifest | None = None
    left: Mapping[str, str] = field(default_factory=dict)

    @property
    def etags(self) -> Mapping[str, str]:
        """The ETag of each derived object that the manifest lists."""
        return self.header.etags if self.header else {}


class Publication:
    """Both buckets, as one upload's job needs them.

    Every method raises StorageError where S3 fails. `is_retry` says that an earlier attempt of the job may have written
    something already; `for_each`, how renditions are written. `announce` takes the events of settings that have them
    on, and raises AnnouncementError.
    """

    def __init__(  # noqa: PLR0913 - each is another's to give: the consumer's, the message's, the queue's
        self,
        client: "S3Client",
        settings: Settings,
        upload: ObjectEvent,
        *,
        is_retry: bool,
        for_each: MapFunction = serial_map,
        announce: Announce | None = None,
    ) -> None:
        self._settings = settings
        self._announce = announce
        self._announced: set[str] = set()
        self._for_each = for_each
        self._client = client
        self._upload = upload
        self.is_retry = is_retry
        self._written: set[str] = set()
        self._order = EventOrder(sequencer=upload.sequencer, function_version=settings.function_version)
        self._derived = DerivedBucket(client, settings.derived_bucket, self._order)
        self._prefix = settings.derived_prefix or ""
        self._manifest_key = manifest_key(upload.key, self._prefix)
        self.uploads = UploadsBucket(client, settings, upload.key)
        self._variants = settings.variants_for(upload.key)
        self._recipe = settings.recipe_for(upload.key)
        self._whole_variants = {variant.name for variant in self._variants if variant.fit is Fit.INSIDE}

    def read_manifest(self) -> StoredManifest:
        """Read the key's manifest, and finish what its writer did not come to do.

        What it has replaced is deleted. A retry announces it, too: it may be this job's own, and nobody else would.
        """
        recorded = self._read()
        if self.is_retry:
            self._publish(recorded)
        return recorded

    def read_manifest_beside(self, other: Callable[[], None]) -> StoredManifest:
        """Read the key's manifest while another call is under way.

        Both have ended when this does.
        """
        recorded: list[StoredManifest] = []
        self._for_each(lambda call: call(), (lambda: recorded.append(self.read_manifest()), other))
        return recorded[0]

    def _read(self) -> StoredManifest:
        try:
            answer = self._client.get_object(Bucket=self._settings.derived_bucket, Key=self._manifest_key)
            text = answer["Body"].read()
        except (ClientError, BotoCoreError) as error:
            if is_missing(error):
                return StoredManifest()
            raise StorageError("GetObject", self._manifest_key, error_code(error)) from error
        etag = answer["ETag"].strip('"')
        revision = parse_revision(answer["Metadata"].get(REVISION, ""))
        try:
            manifest = Manifest.from_json(text)
        except LaterSchemaError as error:
            return StoredManifest(etag=etag, revision=revision, header=error.header, left=error.header.replaced)
        except ValueError:
            return StoredManifest(etag=etag, revision=revision)
        return StoredManifest(
            text=text,
            revision=revision,
            etag=etag,
            header=manifest.header,
            manifest=manifest,
            left=self._clear(manifest),
        )

    def _read_after_lost_race(self) -> StoredManifest:
        """Read what won a race. It may be this job's own, where S3's answer to that was lost."""
        recorded = self.read_manifest()
        self._publish(recorded)
        return recorded

    def _publish(self, recorded: StoredManifest) -> None:
        """Announce a manifest that stands or stood; of a later schema that has changed, only its own version can."""
        if self._announce is None or self._settings.events is None or recorded.manifest is None:
            return
        event = ImageEvent(
            source=self._settings.events.source,
            key=self._upload.key,
            revision=recorded.revision or 0,
            manifest=recorded.text,
        )
        if event.id not in self._announced:
            self._announce(event)
            self._announced.add(event.id)

    def already_processed(self, recorded: StoredManifest) -> Manifest | None:
        """Give the manifest back if it already tells how this very job ended.

        It is done once more where somebody asked for that.

        Raises:
            SupersededError: it tells of a newer event.
        """
        header = recorded.header
        if header is None:
            return None
        same_job = header.order.sequencer == self._order.sequencer and header.recipe == self._recipe
        same_job = same_job and self._upload.requested is None
        if same_job and recorded.manifest:
            return recorded.manifest
        if header.order.is_later_than(self._order):
            raise SupersededError(self._manifest_key)
        return None

    def still_holds(self, manifest: Manifest) -> bool:
        """Tell whether this job's manifest, now that it stands, is true.

        If not, a later event must be sure to write. Where it replaced another, the event of a later change may have
        found that one true already, and done nothing; and that of a folder's marker does nothing where it finds no
        manifest.
        """
        if manifest.replaced is None and not is_folder(self._upload.key):
            return True
        if not self._variants and manifest.outcome is Outcome.REMOVED:
            return True  # whatever the source is
        answer = self.uploads.head()
        if answer is None:
            # Of an image, the event of a deletion that leaves nothing always writes.
            is_certain = manifest.outcome is Outcome.REMOVED or not is_folder(self._upload.key)
            return is_certain and not self._is_deleted_for_good(manifest)
        if is_folder_marker(self._upload.key, answer["ContentLength"]):
            return manifest.outcome is Outcome.REMOVED
        focus, _ = focus_in(answer.get("Metadata", {}))
        current = (answer.get("VersionId"), answer["ETag"].strip('"'), focus)
        is_there = manifest.outcome is not Outcome.REMOVED and not manifest.source_expired
        is_true = is_there and current == (manifest.source.version_id, manifest.source.etag, manifest.source.focus)
        return is_true or self.is_later(answer["LastModified"])

    def _is_deleted_for_good(self, manifest: Manifest) -> bool:
        """Tell whether someone deleted the very version of a manifest that has just been written.

        Where variants outlive what expires, the event of that does nothing if it comes before such a manifest.
        """
        is_removed = manifest.outcome is Outcome.REMOVED
        if not self._settings.keep_variants_of_expired or is_removed or manifest.source_expired:
            return False
        return (manifest.source.version_id or "null") not in self.uploads.history().versions

    @property
    def may_have_written(self) -> bool:
        """Whether this attempt has written a rendition, or an earlier one may have."""
        return self.is_retry or bool(self._written)

    def is_later(self, modified: datetime) -> bool:
        """Tell whether a version of this time came after this job's event.

        If so, it has a later event for certain.
        """
        return modified > (self._upload.requested or self._upload.time)

    def is_intact(self, manifest: Manifest) -> bool:
        """Tell whether all is there that a manifest lists, as it lists it."""
        return self.intact(manifest.etags) == manifest.etags.keys()

    def write(self, renditions: Iterable[Rendition], recorded: StoredManifest) -> tuple[PublishedRendition, ...]:
        """Write renditions, in the order given, where the manifest to come will list them.

        Raises:
            SupersededError: a newer event has written.
        """
        # When this returns, or raises, each has ended: none may be written after it was withdrawn.
        return tuple(self._for_each(partial(self._write, expected=recorded.etags), renditions))

    def commit(self, manifest: Manifest, recorded: StoredManifest) -> Manifest:
        """Write the manifest of what has been written. Returns the manifest that stands.

        Raises:
            SupersededError: a newer event has written.
        """
        for _ in range(ATTEMPTS):
            if written := self._replace(manifest, recorded):
                return written
            recorded = self._read_after_lost_race()
            if processed := self.already_processed(recorded):
                # Another delivery of this job was faster; what only this one wrote, nobody would know of.
                self.delete_own()
                return processed
        raise StorageError("PutObject", self._manifest_key, f"lost {ATTEMPTS} races in a row")

    def amend(self, change: Callable[[Manifest], Manifest | None], recorded: StoredManifest) -> Manifest | None:
        """Write the standing manifest anew, changed.

        What it goes on listing is left alone. Returns the manifest that stands, or None where there is none that
        `change` would keep.

        Raises:
            SupersededError: a newer event has written.
        """
        for _ in range(ATTEMPTS):
            changed = change(recorded.manifest) if recorded.manifest else None
            if changed is None:
                return None
            if written := self._replace(changed, recorded):
                return written
            recorded = self._read_after_lost_race()
            if processed := self.already_processed(recorded):
                return processed
        raise StorageError("PutObject", self._manifest_key, f"lost {ATTEMPTS} races in a row")

    def intact(self, etags: Mapping[str, str]) -> set[str]:
        """Tell which of these derived objects lie there as they are listed."""
        states = zip(etags, self._for_each(self._derived.head, etags), strict=True)
        return {key for key, state in states if state and state.etag == etags[key]}

    def delete_own(self, *, spare_listed: bool = True) -> None:
        """Delete what this event's attempts wrote.

        What the manifest that stands now lists is left alone. What it lists may be this event's, done by an earlier
        delivery; and if not, whoever replaces it sees to it. That does not hold where the source is gone: the event
        that says so may be an earlier one, which deletes no later event's work.
        """
        # Read before and not after: where folders are not listed, it tells which variants there may be.
        standing = self._read() if self._settings.derived_prefix is not None and self.is_retry else StoredManifest()
        written = self._written_by_attempts(standing)
        if written:
            recorded = self.read_manifest()
            # By ETag, the standing manifest may list what this event's earlier delivery published.
            spared = {key for key, etag in recorded.etags.items() if spare_listed or written.get(key) == etag}
            for key in written.keys() - spared:
                self._derived.delete_if_match(key, written[key])

    def _written_by_attempts(self, recorded: StoredManifest, besides: Collection[str] = ()) -> dict[str, str]:
        """Find what this event's job wrote, in this attempt or in earlier ones: keys and ETags."""
        keys = [*(self._written | self._written_before(recorded)) - set(besides)]
        states = zip(keys, self._for_each(self._derived.head, keys), strict=True)
        return {key: state.etag for key, state in states if state and self._is_of_this_event(state.order)}

    def _is_of_this_event(self, order: EventOrder) -> bool:
        return order.sequencer == self._order.sequencer and not order.is_later_than(self._order)

    def _written_before(self, recorded: StoredManifest) -> set[str]:
        """Name what earlier attempts may have written, with whatever variants were configured then.

        All folders of the stack's own bucket come in one answer: it holds up to 1,000, far more than any configuration.
        In a bucket that others use there may be more folders, and of others: what is configured and recorded has to do.
        """
        if not self.is_retry:
            return set()
        if self._settings.derived_prefix is None:
            names = self._folders()
        else:
            names = {variant.name for variant in self._settings.all_variants} | self._recorded_names(recorded)
        return {rendition_key(name, self._upload.key, each, self._prefix) for name in names for each in EXTENSIONS}

    def _recorded_names(self, recorded: StoredManifest) -> set[str]:
        """Name the variants whose files a manifest lists, or has replaced."""
        keys = {*recorded.etags, *recorded.left}
        return {key.removeprefix(self._prefix).partition("/")[0] for key in keys if key.startswith(self._prefix)}

    def _folders(self) -> set[str]:
        try:
            answer = self._client.list_objects_v2(Bucket=self._settings.derived_bucket, Delimiter="/")
        except (ClientError, BotoCoreError) as error:
            raise StorageError("ListObjectsV2", "/", error_code(error)) from error
        return {prefix["Prefix"].rstrip("/") for prefix in answer.get("CommonPrefixes", [])} - {MANIFESTS}

    def _write(self, rendition: Rendition, expected: Mapping[str, str]) -> PublishedRendition:
        key = rendition_key(rendition.variant, self._upload.key, rendition.extension, self._prefix)
        content = Content(
            body=stamp(rendition.body, rendition.format, self._order.to_text()),
            content_type=rendition.format.content_type,
            cache_control=self._settings.cache_control,
        )
        self._written.add(key)
        etag = self._derived.put_if_newer(key, content, expected.get(key))
        return PublishedRendition(
            variant=rendition.variant,
            key=key,
            width=rendition.width,
            height=rendition.height,
            bytes=len(content.body),
            content_type=content.content_type,
            etag=etag,
            shortened=is_shortened(self._upload.key, key),
            whole=rendition.variant in self._whole_variants,
            frames=rendition.frames,
            slot=rendition.slot.value if rendition.slot else None,
        )

    def _replace(self, manifest: Manifest, recorded: StoredManifest) -> Manifest | None:
        """Write the manifest, and delete what that replaces; None where another is there than was recorded."""
        written = self._written_by_attempts(recorded, besides=manifest.etags)
        complete = replace(manifest, replaced=_replaced(recorded, written, manifest))
        # Whoever wrote it may not have announced it yet, and nobody could once it is replaced.
        self._publish(recorded)
        text = complete.to_json()
        revision = self._next_revision(recorded, text)
        try:
            self._derived.put_if_match(self._manifest_key, self._content(complete, text, revision), recorded.etag)
        except PreconditionFailedError:
            return None
        self._clear(complete)
        self._publish(StoredManifest(text=text, revision=revision, manifest=complete))
        return complete

    def _next_revision(self, recorded: StoredManifest, text: bytes) -> int | None:
        """Number a manifest: the same one written again is no other event. None where none was ever counted."""
        if recorded.revision is None and self._settings.events is None:
            return None
        return (recorded.revision or 0) + (text != recorded.text)

    def _content(self, manifest: Manifest, text: bytes, revision: int | None) -> Content:
        return Content(
            body=text,
            metadata={} if revision is None else {REVISION: str(revision)},
            content_type="application/json",
            cache_control="no-cache",
            tags=REMOVED_TAG if manifest.outcome is Outcome.REMOVED else "",
        )

    def _clear(self, manifest: Manifest) -> dict[str, str]:
        """Delete what a manifest that stands has replaced. Returns that where a later event has written.

        What is older than the manifest and not listed by it can never be listed again, so whoever comes may delete it.
        """
        left = {}
        for key, etag in (manifest.replaced or {}).items():
            found = self._derived.delete_if_match(key, etag)
            while found and manifest.order.is_later_than(found.order):
                found = self._derived.delete_if_match(key, found.etag)
            if found:
                left[key] = etag
        return left


def _replaced(recorded: StoredManifest, written: Mapping[str, str], manifest: Manifest) -> Mapping[str, str] | None:
    """Name what a manifest replaces: what was listed, and what else its event's attempts wrote."""
    known = {**recorded.left, **recorded.etags, **written}
    if recorded.etag is None and not known:
        return None
    return {key: etag for key, etag in known.items() if key not in manifest.etags}
