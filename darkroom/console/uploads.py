"""Track the console's uploads from first byte to outcome."""

import asyncio
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Final
from uuid import uuid4

from contract.events import ObjectEvent
from darkroom.console.feed import Feed
from darkroom.console.health import Health
from darkroom.console.history import PastUpload
from darkroom.console.rows import Row, Stage, begun, ended
from darkroom.pipeline.metrics import utc_now
from darkroom.uploads.local_files import LocalFile
from darkroom.uploads.outcomes import ROUND_SECONDS, OutcomeTracker, PipelineView, Result, VersionId
from darkroom.uploads.upload import UploadedFile

SHOWN_UPLOADS: Final = 5_000


class Uploads:
    """Follows every upload to its end, and tells the feed each step.

    For one event loop alone. `base_url` is where the derived bucket is delivered.
    """

    def __init__(
        self,
        pipeline: PipelineView,
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
                self._results[row.id] = past.result
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
        self._results[row.id] = result
        self._show(ended(row, result, self._clock(), self._base_url))

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


def _version(upload: UploadedFile) -> VersionId:
    return (upload.source.key, upload.version_id)
