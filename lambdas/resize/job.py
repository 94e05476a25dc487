"""One job from start to end: look, fetch, render, publish. Decides the outcome."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial

from resize.errors import ImageRejectedError, SupersededError
from resize.events import Change, Upload
from resize.manifest import Manifest, Outcome, PublishedRendition, Source, Times
from resize.renditions import Rendered
from resize.store import Original, Recorded, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a job ended, and after how long.

    `manifest` is None where it was superseded; `repeated` says that an earlier delivery had done the work already.
    """

    outcome: Outcome
    milliseconds: int
    manifest: Manifest | None = None
    repeated: bool = False


def utc_now() -> datetime:
    """Tell the time."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """An upload with all that its job needs.

    Whatever the event says happened, the job brings the key's derived objects to what is true of the key *now*, under
    the event's sequencer. The last event of a key sees the key's last state, and nothing older can overwrite what it
    writes: so the variants converge, in whatever order and however often events are delivered.
    """

    upload: Upload
    store: Store
    recipe: str
    render: Callable[[bytes], Rendered]
    clock: Callable[[], datetime] = utc_now

    def run(self) -> Ended:
        """Do the job.

        Raises:
            StorageError: the world is at fault; the job has to be tried again.
        """
        started = self.clock()
        try:
            recorded = self.store.recorded()
            settled = self.store.settled(recorded)
            manifest = settled or self._bring_up_to_date(recorded, started)
        except SupersededError:
            self.store.withdraw()
            return Ended(outcome=Outcome.SUPERSEDED, milliseconds=_milliseconds(self.clock() - started))
        return Ended(
            outcome=manifest.outcome,
            milliseconds=_milliseconds(self.clock() - started),
            manifest=manifest,
            repeated=settled is not None,
        )

    def _bring_up_to_date(self, recorded: Recorded, started: datetime) -> Manifest:
        draft = _Draft(self.upload, self.recipe, self.clock, started)
        original = self.store.open_original()
        if original is None:
            return self._publish_nothing(draft.removed(), recorded)
        if self._is_outdated_by(original):
            original.body.close()
            raise SupersededError(self.upload.key)
        try:
            rendered = self.render(self.store.read(original))
        except ImageRejectedError as fault:
            return self._publish_nothing(draft.rejected(original, fault), recorded)
        return self.store.publish(rendered.renditions, partial(draft.resized, original, rendered), recorded)

    def _publish_nothing(self, manifest: Manifest, recorded: Recorded) -> Manifest:
        # Before the manifest: once that stands, another delivery of this job would not look any further.
        self.store.withdraw()
        return self.store.publish((), lambda _: manifest, recorded)

    def _is_outdated_by(self, original: Original) -> bool:
        """Tell whether a later event about this key is certain to come, or has come already.

        After a version is created or marked deleted, only a later change can make another version the current one. A
        version deleted for good is different: the one before it is current again, and no other event will say so.
        """
        match self.upload.change:
            case Change.CREATED:
                return self.upload.version_id not in {None, original.version_id}
            case Change.MARKED_DELETED:
                return True
            case Change.DELETED:
                return False


class _Draft:
    """The manifest of a job that has begun: what is known from the start, completed by how it ends."""

    def __init__(self, upload: Upload, recipe: str, clock: Callable[[], datetime], started: datetime) -> None:
        self._upload = upload
        self._recipe = recipe
        self._clock = clock
        self._started = started

    def removed(self) -> Manifest:
        upload = self._upload
        source = Source(
            bucket=upload.bucket,
            key=upload.key,
            version_id=upload.version_id,
            etag=upload.etag,
            size=upload.size,
            sequencer=upload.sequencer,
        )
        return Manifest(outcome=Outcome.REMOVED, source=source, times=self._times(), recipe=self._recipe)

    def rejected(self, original: Original, fault: ImageRejectedError) -> Manifest:
        return Manifest(
            outcome=Outcome.REJECTED,
            source=self._source(original),
            times=self._times(),
            recipe=self._recipe,
            reason=fault.reason,
            detail=fault.detail,
        )

    def resized(self, original: Original, rendered: Rendered, renditions: tuple[PublishedRendition, ...]) -> Manifest:
        seen = replace(self._source(original), format=rendered.format, width=rendered.width, height=rendered.height)
        return Manifest(
            outcome=Outcome.RESIZED,
            source=seen,
            times=self._times(),
            recipe=self._recipe,
            renditions=renditions,
            dominant_colour=rendered.dominant_colour,
            thumbhash=rendered.thumbhash,
        )

    def _source(self, original: Original) -> Source:
        return Source(
            bucket=self._upload.bucket,
            key=self._upload.key,
            version_id=original.version_id,
            etag=original.etag,
            size=original.size,
            sequencer=self._upload.sequencer,
        )

    def _times(self) -> Times:
        finished = self._clock()
        return Times(
            uploaded=self._upload.time,
            started=self._started.isoformat(timespec="milliseconds"),
            finished=finished.isoformat(timespec="milliseconds"),
            milliseconds=_milliseconds(finished - self._started),
        )


def _milliseconds(duration: timedelta) -> int:
    return round(duration / timedelta(milliseconds=1))
