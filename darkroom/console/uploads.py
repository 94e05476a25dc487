"""Track the console's uploads from first byte to outcome."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final, Protocol
from uuid import uuid4

from contract.events import ObjectEvent
from contract.manifest import Outcome
from darkroom.console.feed import Feed
from darkroom.console.health import Health
from darkroom.console.history import PastUpload
from darkroom.console.rows import Row, Stage, begun, ended
from darkroom.pipeline.metrics import utc_now
from darkroom.uploads.local_files import LocalFile
from darkroom.uploads.outcomes import (
    ROUND_SECONDS,
    Failure,
    ManifestFile,
    OutcomeTracker,
    PipelineView,
    Result,
    VersionId,
)
from darkroom.uploads.upload import UploadedFile

SHOWN_UPLOADS: Final = 5_000
# Sooner than a person looks for what another tool has changed; and of a large folder a twentieth of the time at most.
_CHANGE_SECONDS = 5.0
_REST_FACTOR = 20
_SEVERAL = "several"  # no ETag: those of two uploads of one key


class ConsoleView(PipelineView, Protocol):
    """The pipeline as the console sees it."""

    def changed_manifests(self, known: Mapping[str, str]) -> Iterator[tuple[str, ManifestFile | None]]:
        """Tell which keys have another manifest than the one of this ETag.

        Those that have none any more are told with None.
        """


class Uploads:
    """Follows every upload to its end, and tells the feed each step.

    For one event loop alone. `base_url` is where the derived bucket is delivered.
    """

    def __init__(
        self,
        pipeline: ConsoleView,
        feed: Feed,
        health: Health,
        *,
        base_url: str | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._pipeline = pipeline
        self._feed = feed
        self._health = health
        self._base_url = base_url
        self._clock = clock
        self._rows: dict[str, Row] = {}  # the one that changed last comes last, as in the feed
        self._results: dict[str, Result] = {}
        self._etags: dict[str, str] = {}  # of the manifests that were looked at for them
        self._waiting: dict[VersionId, str] = {}
        self._dead: set[VersionId] = set()
        self._letters: set[VersionId] = set()
        self._added: list[UploadedFile] = []
        self._something_waits = asyncio.Event()

    def stage(self, row_id: str) -> Stage | str | None:
        """Tell how far an upload has come, None where it is not known."""
        return self._rows[row_id].stage if row_id in self._rows else None

    def result(self, row_id: str) -> Result | None:
        """Give the result of an upload that is shown, if it has one."""
        return self._results.get(row_id)

    def begin(self, row_id: str, key: str, size: int) -> None:
        """Show an upload that has begun."""
        self._show(begun(row_id, key, size, self._clock()))

    def rename(self, row_id: str, key: str) -> None:
        """Show the key that an upload gets.

        Another file may have kept it from being that of its name.
        """
        if self._rows[row_id].key != key:
            self._show(replace(self._rows[row_id], key=key))

    def not_uploaded(self, row_id: str, why: str) -> None:
        """Show that an upload did not come about, and why."""
        self._move(self._rows[row_id], Stage.NOT_UPLOADED, why)

    def queued(self, row_id: str, version_id: str) -> None:
        """Show that an upload is in the bucket, and wait for its outcome."""
        row = self._rows[row_id]
        self._move(row, Stage.QUEUED)
        self._wait_for(row, version_id)

    def queued_again(self, uploads: Sequence[ObjectEvent]) -> None:
        """Show that jobs were taken from the dead letters, and wait for their outcomes.

        Some were not shown before.
        """
        for upload in uploads:
            if not upload.identity:
                continue  # a deletion in a bucket without versions
            row_id = self._id_of((upload.key, upload.identity))
            if (result := self._results.get(row_id)) and result.outcome:
                continue  # another job has done it: this one finds it done, and tells nothing
            self._letters.discard((upload.key, upload.identity))
            if row_id not in self._rows:
                self._show(begun(row_id, upload.key, upload.size, self._clock()))
            self.queued(row_id, upload.identity)

    def dead(self, versions: Collection[VersionId]) -> None:
        """Note that the jobs of these have come to the dead-letter queue just now."""
        self._letters.update(versions)
        self._dead.update(version for version in versions if version in self._waiting)

    def restore(self, uploads: Sequence[PastUpload]) -> None:
        """Show what was uploaded before the console was started.

        What has no outcome yet is waited for.
        """
        shown = {row.key for row in self._rows.values()}
        for past in uploads:
            if past.upload.source.key in shown:
                continue  # it was uploaded meanwhile
            row = begun(str(uuid4()), past.upload.source.key, past.size, past.modified)
            if past.result:
                self._note(row.id, past.result)
                self._show(ended(row, past.result, past.ended, self._base_url))
                continue
            self._show(replace(row, stage=Stage.QUEUED))
            self._wait_for(row, past.upload.version_id)
            self._dead.update({_version(past.upload)} & self._letters)

    def oldest_wait(self) -> float | None:
        """Tell for how many seconds the oldest upload waits that has no outcome yet."""
        waits = [datetime.fromisoformat(self._rows[row_id].since) for row_id in self._waiting.values()]
        return (self._clock() - min(waits)).total_seconds() if waits else None

    async def run(self) -> None:
        """Look for outcomes whenever something waits for one, until cancelled."""
        tracker = OutcomeTracker(_WithDeadLetters(self._pipeline, self._dead))
        while True:
            await self._something_waits.wait()
            self._something_waits.clear()
            while self._added or tracker:
                if self._added:
                    tracker.add(*self._added)
                    self._added.clear()
                for result in await self._health.answered("outcomes", tracker.poll) or ():
                    self._end(result)
                await asyncio.sleep(ROUND_SECONDS)

    async def follow_changes(self, is_watched: Callable[[], bool]) -> None:
        """Show what others make of these uploads, until cancelled.

        It is looked for while anybody watches.
        """
        while True:
            began = time.monotonic()
            if is_watched():
                await self.look_for_changes()
            await asyncio.sleep(max(_CHANGE_SECONDS, _REST_FACTOR * (time.monotonic() - began)))

    async def look_for_changes(self) -> None:
        """Show anew whatever has another manifest than when it was shown.

        Another tool did its job again, say.
        """
        shown = {row_id: result for row_id, result in self._results.items() if result.outcome is not Outcome.SUPERSEDED}
        if not shown:
            return
        found = await self._health.answered("changes", partial(_changes, self._pipeline, shown, dict(self._etags)))
        for row_id, etag, result in found or ():
            if self._results.get(row_id) is not shown[row_id]:
                continue  # it was sent again meanwhile
            self._etags[row_id] = etag
            if result:
                self._results[row_id] = result
                size = result.manifest.source.size if result.manifest else self._rows[row_id].size
                self._show(ended(replace(self._rows[row_id], size=size), result, self._clock(), self._base_url))

    def _id_of(self, version: VersionId) -> str:
        """Find the upload that a version is, or name one that is new here."""
        if version in self._waiting:
            return self._waiting[version]
        shown = (row_id for row_id, result in self._results.items() if _version(result.upload) == version)
        return next(shown, str(uuid4()))

    def _wait_for(self, row: Row, version_id: str) -> None:
        upload = UploadedFile(LocalFile(Path(row.key), row.key), version_id)
        self._waiting[_version(upload)] = row.id
        self._added.append(upload)
        self._something_waits.set()

    def _end(self, result: Result) -> None:
        row = self._rows[self._waiting.pop(_version(result.upload))]
        self._note(row.id, result)
        self._show(ended(row, result, self._clock(), self._base_url))

    def _note(self, row_id: str, result: Result) -> None:
        self._results[row_id] = result
        self._etags[row_id] = result.recorded.etag if result.recorded else ""

    def _move(self, row: Row, stage: Stage, meaning: str | None = None) -> None:
        now = self._clock()
        self._results.pop(row.id, None)
        self._show(replace(begun(row.id, row.key, row.size, now), stage=stage, started=row.started, meaning=meaning))

    def _show(self, row: Row) -> None:
        self._rows.pop(row.id, None)
        self._rows[row.id] = row
        self._feed.publish("upload", row.id, row.to_json())
        over = max(0, len(self._rows) - SHOWN_UPLOADS)
        for old in [*islice((old for old in self._rows.values() if not old.is_on_its_way), over)]:
            del self._rows[old.id]
            self._results.pop(old.id, None)
            self._etags.pop(old.id, None)


class _WithDeadLetters:
    """The pipeline, but that the dead letters are told by whoever reads them: they are read once, for all."""

    def __init__(self, pipeline: PipelineView, dead: set[VersionId]) -> None:
        self._pipeline = pipeline
        self._dead = dead
        self.new_manifests = pipeline.new_manifests
        self.is_idle = pipeline.is_idle
        self.is_current = pipeline.is_current

    def new_dead_letters(self) -> Iterator[VersionId]:
        """Tell those that were noted since the last call."""
        while self._dead:
            yield self._dead.pop()


def _changes(
    pipeline: ConsoleView, shown: Mapping[str, Result], etags: Mapping[str, str]
) -> list[tuple[str, str, Result | None]]:
    """Find the uploads with another manifest: its ETag, and the result that is to be shown, if there is another."""
    rows: dict[str, list[str]] = defaultdict(list)
    for row_id, result in shown.items():
        rows[result.upload.source.key].append(row_id)
    known = {key: {etags[row_id] for row_id in of_key} for key, of_key in rows.items()}
    changed = pipeline.changed_manifests(
        {key: some.pop() if len(some) == 1 else _SEVERAL for key, some in known.items()}
    )
    return [
        (row_id, etag, _revised(pipeline, shown[row_id], recorded))
        for key, recorded in changed
        for row_id in rows[key]
        if (etag := recorded.etag if recorded else "") != etags[row_id]
    ]


def _revised(pipeline: ConsoleView, result: Result, recorded: ManifestFile | None) -> Result | None:
    """Tell what is to be shown in place of a result; None where that still holds."""
    if recorded is None:
        if result.outcome is Outcome.REMOVED:
            return None  # its manifest has expired
        if pipeline.is_current(_version(result.upload)):
            return Result(upload=result.upload, failure=Failure.LOST)
        return Result(upload=result.upload, outcome=Outcome.REMOVED)
    version = _version(result.upload)
    source = recorded.manifest.source
    # What failed has no manifest of its own: there is one of an earlier upload, unless it is done or replaced by now.
    if result.recorded or source.identity == result.upload.version_id or not pipeline.is_current(version):
        upload = UploadedFile(result.upload.source, source.identity)
        return Result(upload=upload, outcome=recorded.manifest.outcome, recorded=recorded)
    return None


def _version(upload: UploadedFile) -> VersionId:
    return (upload.source.key, upload.version_id)
