"""One job from start to end: look, fetch, render, publish. Decides the outcome."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from resize.draft import Draft, milliseconds
from resize.errors import ImageRejectedError, SupersededError
from resize.events import Change, Upload
from resize.manifest import Manifest, Outcome
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
    the event's order. The last event of a key sees the key's last state, and nothing older can overwrite what it
    writes: so the variants converge, in whatever order and however often events are delivered.
    """

    upload: Upload
    store: Store
    render: Callable[[bytes], Rendered]
    clock: Callable[[], datetime] = utc_now

    def run(self) -> Ended:
        """Do the job.

        Raises:
            StorageError: the world is at fault; the job has to be tried again.
            SandboxError: the same.
        """
        started = self.clock()
        try:
            recorded = self.store.recorded()
            settled = self.store.settled(recorded)
            manifest = settled or self._bring_up_to_date(recorded, started)
        except SupersededError:
            self.store.withdraw()
            return Ended(outcome=Outcome.SUPERSEDED, milliseconds=milliseconds(self.clock() - started))
        return Ended(
            outcome=manifest.outcome,
            milliseconds=milliseconds(self.clock() - started),
            manifest=manifest,
            repeated=settled is not None,
        )

    def _bring_up_to_date(self, recorded: Recorded, started: datetime) -> Manifest:
        draft = Draft(upload=self.upload, settings=self.store.settings, clock=self.clock, started=started)
        original = self.store.open_original()
        if original is None:
            return self.store.publish((), lambda _: draft.removed(), recorded)
        if self._is_outdated_by(original):
            original.body.close()
            raise SupersededError(self.upload.key)
        try:
            rendered = self.render(self.store.read(original))
        except ImageRejectedError as error:
            fault = error
            return self.store.publish((), lambda _: draft.rejected(original, fault), recorded)
        return self.store.publish(
            rendered.renditions, lambda published: draft.resized(original, rendered, published), recorded
        )

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
