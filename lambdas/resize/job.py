"""Run one job: read, render, publish, decide the outcome."""

import traceback
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

from contract.errors import Reason, StorageError
from contract.events import EventType, ObjectEvent
from contract.focal_point import FocalPoint
from contract.keys import is_folder, is_folder_marker
from contract.manifest import Manifest, Outcome
from contract.object_version import is_same_version
from contract.sequencer import EventOrder
from resize.derived_bucket import ATTEMPTS
from resize.errors import ImageRejectedError, SourceGoneError, SupersededError
from resize.expiry import expired, hides, is_expiry, is_wanted_gone, shows
from resize.fallback import Fallback
from resize.imaging.rendition import Rendered
from resize.manifest_builder import ManifestBuilder, milliseconds
from resize.publication import Publication, StoredManifest
from resize.settings import Settings
from resize.uploads_bucket import Opening, SourceObject

Fault = TypeVar("Fault", bound=Exception)

_utc_now = partial(datetime.now, UTC)

# What puts a delete marker upon a version: a lifecycle rule, or someone.
_MARKERS = {EventType.EXPIRED, EventType.MARKED_DELETED}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobResult:
    """How a job ended, and after how long.

    `manifest` is None where nothing is recorded; `duplicate` says that there was nothing left to do.
    """

    outcome: Outcome | str
    milliseconds: int
    manifest: Manifest | None = None
    duplicate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """An upload with all that its job needs.

    Whatever the event says happened, the job brings the key's derived objects to what is true of the key *now*, under
    the event's order. The last event of a key sees the key's last state, and nothing older can overwrite what it
    writes: so the variants converge, in whatever order and however often events are delivered.
    """

    upload: ObjectEvent
    settings: Settings
    publication: Publication
    render: Callable[[bytes, FocalPoint | None], Rendered]
    clock: Callable[[], datetime] = _utc_now

    def run(self) -> JobResult:
        """Do the job.

        Raises:
            StorageError: an infrastructure error; the job has to be retried.
            SandboxError: the same.
        """
        try:
            return self._run(self.clock())
        except Exception as error:
            _without_variables(error)
            raise

    def _run(self, started: datetime) -> JobResult:
        try:
            manifest, repeated = self._bring_up_to_date(started)
        except SupersededError as error:
            manifest, repeated = self._recorded_late(started) or self._give_way(started, error), False
            if manifest is None:
                return self._unrecorded(Outcome.SUPERSEDED, started)
        if manifest is None:
            self.publication.delete_own()
            return self._unrecorded(Outcome.FOLDER if self._has_variants else Outcome.NO_VARIANTS, started)
        return JobResult(
            outcome=manifest.outcome,
            milliseconds=milliseconds(self.clock() - started),
            manifest=manifest,
            duplicate=repeated,
        )

    @property
    def _has_variants(self) -> bool:
        return bool(self.settings.variants_for(self.upload.key))

    @property
    def _fallback(self) -> Fallback:
        versions = self.settings.fallback_versions
        return Fallback(publication=self.publication, render=self._rendered, versions=versions)

    def _unrecorded(self, outcome: Outcome, started: datetime) -> JobResult:
        return JobResult(outcome=outcome, milliseconds=milliseconds(self.clock() - started))

    def _bring_up_to_date(self, started: datetime) -> tuple[Manifest | None, bool]:
        """Give the manifest that stands in the end, None where there is nothing to record, and if it stood before.

        Raises:
            SupersededError: a later event has written, or will.
        """
        with closing(Opening(self._open_image)) as opening:
            recorded = self._read_manifest_beside(opening)
            manifest = self.publication.already_processed(recorded)
            original = opening.take() if manifest is None else None
        repeated = manifest is not None
        if manifest is None and not self._has_variants and not recorded.etags and _is_nothing(recorded.manifest):
            return None, True
        if manifest is None:
            standing = recorded.manifest
            if original is None and is_folder(self.upload.key) and _is_nothing(standing):
                return None, True
            if original and standing and self._is_done(original, standing):
                original.body.close()
                return standing, True
            if original and self._has_variants and self._is_outdated_by(original, standing):
                original.body.close()
                raise SupersededError(self.upload.key)
            manifest = self._publish(original, recorded, started)
        for _ in range(ATTEMPTS):
            if self.publication.still_holds(manifest):
                return manifest, repeated
            recorded, repeated = self.publication.read_manifest(), False
            self.publication.already_processed(recorded)
            original = self._open_image()
            if original or is_expiry(self.upload):
                manifest = self._publish(original, recorded, started)
            else:
                manifest = self._remove(recorded, started)
        raise StorageError("HeadObject", self.upload.key, f"changed {ATTEMPTS} times in a row")

    def _read_manifest_beside(self, opening: Opening) -> StoredManifest:
        """Read the manifest, and open the original meanwhile: S3 takes as long for either.

        A retry may find its job done: it opens nothing before it knows that.
        """
        if self.publication.is_retry:
            return self.publication.read_manifest()
        return self.publication.read_manifest_beside(opening.begin)

    def _open_image(self) -> SourceObject | None:
        """Open what is current; None if that is nothing, or no more than a folder's marker, or of no interest."""
        if not self._has_variants and not self.settings.keep_variants_of_expired:
            return None
        original = self.publication.uploads.open_current()
        if original and is_folder_marker(self.upload.key, original.size):
            original.body.close()
            return None
        return original

    def _publish(self, original: SourceObject | None, recorded: StoredManifest, started: datetime) -> Manifest:
        builder = self._builder(started)
        if original is None:
            return self._kept_after_expiry(recorded, started) or self._remove(recorded, started)
        if not self._has_variants:
            original.body.close()
            return self._remove(recorded, started)
        try:
            rendered = self._rendered(original)
        except ImageRejectedError as error:
            fault = _without_variables(error)
            kept = self._kept_in_archive(builder, original, fault, recorded)
            return kept or self._fallback.reject(builder, original, fault, recorded)
        written = self.publication.write(rendered.renditions, recorded)
        return self.publication.commit(builder.resized(original, rendered, written), recorded)

    def _remove(self, recorded: StoredManifest, started: datetime) -> Manifest:
        return self.publication.commit(self._builder(started).removed(), recorded)

    def _kept_in_archive(
        self, builder: ManifestBuilder, original: SourceObject, fault: ImageRejectedError, recorded: StoredManifest
    ) -> Manifest | None:
        """Leave alone what was made of an upload before it was archived; None where there is nothing to leave."""
        standing = recorded.manifest
        if (
            fault.reason is not Reason.ARCHIVED
            or not standing
            or standing.shown
            or not standing.is_of(original.version_id, original.etag)
        ):
            return None
        # What an attempt that was killed has overwritten is not as it is listed, and cannot be made again now.
        intact = self.publication.intact(standing.etags)
        return self.publication.amend(lambda now: builder.archived(original, fault, now, intact), recorded)

    def _kept_after_expiry(self, recorded: StoredManifest, started: datetime) -> Manifest | None:
        """Keep the variants of a source that a lifecycle rule took, where they are to be kept; None if they are to go.

        They cannot be made again, and a key's events come in any order: an event that does not say why the source is
        gone leaves that to the one that does.

        Raises:
            SourceGoneError: this event does not say it.
        """
        standing = recorded.manifest
        if not self.settings.keep_variants_of_expired or not recorded.etags:
            return None
        if standing is None:
            raise StorageError("GetObject", self.upload.key, "LaterSchema")
        history = self.publication.uploads.history()
        if history.is_there:
            return None
        if not shows(standing, history):
            return None
        if not is_expiry(self.upload):
            if is_wanted_gone(self.upload, standing, history):
                return None
            raise SourceGoneError(self.upload.key)
        sequencer = self.upload.sequencer
        listed = self._as_it_is
        try:
            if made := self._made_intact(standing, sequencer, recorded, started):
                return made
        except SupersededError:
            # A later upload has overwritten them, and was undone: its job makes them again when it gives way.
            listed = _unchanged
        return self.publication.amend(
            lambda now: expired(listed(now), sequencer) if shows(now, history) else None, recorded
        )

    def _recorded_late(self, started: datetime) -> Manifest | None:
        """Record why the source of standing variants is gone, though this event is not the last; None if that is known.

        A later version is current, or has been: when that is deleted for good, its event cannot tell.
        """
        if not self.settings.keep_variants_of_expired or self.upload.change not in _MARKERS:
            return None
        for _ in range(ATTEMPTS):
            recorded = self.publication.read_manifest()
            standing = recorded.manifest
            if standing is None or not self._tells_why_gone(standing):
                return None
            with suppress(SupersededError):  # another was written meanwhile, which has to be looked at
                return self._gone(standing, recorded, started)
        raise StorageError("PutObject", self.upload.key, f"lost {ATTEMPTS} races in a row")

    def _tells_why_gone(self, standing: Manifest) -> bool:
        if not standing.renditions or (is_expiry(self.upload) and standing.source_expired):
            return False
        return hides(self.upload, standing, self.publication.uploads.history())

    def _gone(self, standing: Manifest, recorded: StoredManifest, started: datetime) -> Manifest | None:
        if is_expiry(self.upload):
            sequencer = self.upload.sequencer
            return self.publication.amend(lambda now: expired(now, sequencer) if now == standing else None, recorded)
        removed = self._builder(started).removed()
        in_order = replace(
            removed,
            source=replace(removed.source, sequencer=self._later_sequencer(standing)),
            generation=max(removed.generation, standing.generation),
        )
        return self.publication.commit(in_order, recorded)

    def _give_way(self, started: datetime, error: SupersededError) -> Manifest | None:
        """Withdraw what this job wrote.

        It may have overwritten variants that stay although their source expired or was archived meanwhile. Those of an
        expired one are made again, of the version that they show, and the manifest of that is returned.
        """
        manifest, is_kept = None, not isinstance(error, SourceGoneError)
        if self.publication.may_have_written or self.settings.keep_variants_of_expired:
            recorded = self.publication.read_manifest()
            standing = recorded.manifest
            with suppress(SupersededError):  # another job sees to it, or all are to go
                is_kept = is_kept or (standing is not None and standing.source_expired)
                if standing and standing.source_expired and standing.generation <= self.settings.function_version:
                    manifest = self._made_intact(standing, self._later_sequencer(standing), recorded, started)
                    if manifest is None and not self.publication.is_intact(standing):
                        self._dropped(standing, recorded)
                elif standing and _cannot_be_made_again(standing) and not self.publication.is_intact(standing):
                    self._dropped(standing, recorded)
        self.publication.delete_own(spare_listed=is_kept)
        return manifest

    def _later_sequencer(self, standing: Manifest) -> str:
        """Choose the place in the order of a manifest that lists what this job writes: none is older than that."""
        own = EventOrder(sequencer=self.upload.sequencer, function_version=standing.generation)
        return own.sequencer if own.is_later_than(standing.order) else standing.source.sequencer

    def _dropped(self, standing: Manifest, recorded: StoredManifest) -> None:
        """List of what cannot be made again only what is there as it is listed, and delete the rest."""
        self.publication.amend(lambda now: self._as_it_is(now) if now.order == standing.order else now, recorded)

    def _as_it_is(self, manifest: Manifest) -> Manifest:
        """Leave out of a manifest what is not there as it is listed."""
        return manifest.listing(self.publication.intact(manifest.etags))

    def _made_intact(
        self, standing: Manifest, sequencer: str, recorded: StoredManifest, started: datetime
    ) -> Manifest | None:
        """Make the variants of an expired version again if some are not as they are listed; None where that is not so.

        It is an old version now, and None too if that is gone, or cannot be rendered any more.
        """
        if not self._has_variants or self.publication.is_intact(standing):
            return None
        original = self.publication.uploads.open_version((standing.shown or standing.source).version_id)
        if original is None:
            return None
        try:
            rendered = self._rendered(original)
        except ImageRejectedError:
            return None
        written = self.publication.write(rendered.renditions, recorded)
        builder = self._builder(started)
        made = builder.resized(original, rendered, written)
        if standing.shown:
            anew = replace(standing, recipe=made.recipe, generation=made.generation, preset=made.preset)
            made = builder.showing(original, rendered, written, anew)
        times = replace(made.times, uploaded=standing.times.uploaded)
        return self.publication.commit(replace(expired(made, sequencer), times=times), recorded)

    def _rendered(self, original: SourceObject) -> Rendered:
        return self.render(self.publication.uploads.read(original), original.focus)

    def _builder(self, started: datetime) -> ManifestBuilder:
        return ManifestBuilder(upload=self.upload, settings=self.settings, clock=self.clock, started=started)

    def _is_done(self, original: SourceObject, standing: Manifest) -> bool:
        """Tell whether a version that was deleted for good has left the current one's variants as they were.

        The manifest keeps its order then, which is earlier than this event's: a job in between may still replace it,
        and looks once more at the source when it has (`Publication.still_holds`).
        """
        # Of a rejected upload it is another matter: what was deleted may be what is shown, or have hidden that.
        return (
            self.upload.change in {EventType.DELETED, EventType.EXPIRED_FOR_GOOD}
            and standing.outcome is not Outcome.REJECTED
            and not standing.source_expired
            and standing.recipe == self.settings.recipe_for(self.upload.key)
            and standing.is_of(original.version_id, original.etag)
            and self.publication.is_intact(standing)
        )

    def _is_outdated_by(self, original: SourceObject, standing: Manifest | None) -> bool:
        """Tell whether a later event about this key is certain to write, or has written already.

        After a version is created or marked deleted, only a later change can make another version the current one. A
        version deleted for good is different: the one before it is current again, and no other event will say so. And
        that one writes nothing where it finds a manifest of the version: if this event's attempts have overwritten
        variants of that manifest, or have replaced it, they have to make it good.
        """
        match self.upload.change:
            case EventType.CREATED if self.upload.version_id is None:
                return False
            case EventType.CREATED if is_same_version(self.upload.version_id, original.version_id):
                return False
            case EventType.DELETED | EventType.EXPIRED_FOR_GOOD:
                return False
        if standing is None:
            return True
        if standing.source.sequencer == self.upload.sequencer:
            return standing.replaced is None or self.publication.is_later(original.modified)
        is_of_original = self.publication.is_retry and standing.is_of(original.version_id, original.etag)
        return not is_of_original or self.publication.is_intact(standing)


def _is_nothing(standing: Manifest | None) -> bool:
    """Tell whether a manifest says no more than none would: of what was never an image, nothing is recorded."""
    return standing is None or standing.outcome is Outcome.REMOVED


def _cannot_be_made_again(standing: Manifest) -> bool:
    """Tell whether variants are of an archived upload; of one that is shown in its place they can."""
    return standing.reason is Reason.ARCHIVED and standing.shown is None


def _unchanged(manifest: Manifest) -> Manifest:
    return manifest


def _without_variables(error: Fault) -> Fault:
    """Empty the frames that an error has passed, and those of what it came from.

    Its traceback would keep their variables, a source of 100 MB among them, for as long as the error itself is kept:
    Powertools keeps those of a batch until it has ended.
    """
    cause: BaseException | None = error
    while cause is not None:
        traceback.clear_frames(cause.__traceback__)
        cause = cause.__cause__ or cause.__context__
    return error
