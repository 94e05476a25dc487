"""Waits until every upload has its outcome: in its key's manifest, or in the dead-letter queue."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeAlias

from darkroom.uploading import Uploaded
from resize.manifest import Manifest, Outcome

# Soon enough for a person, and few requests: a round costs three and one for each new manifest.
ROUND_SECONDS = 0.25

# "Metrics may not achieve consistency until at least 1 minute after the producers stop sending messages":
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html
SETTLE_SECONDS = 60

# An upload is one version of one key.
Version: TypeAlias = tuple[str, str | None]


class Failure(StrEnum):
    """Why an upload has no outcome of its own: the world's fault, never the image's."""

    DEAD_LETTER = "dead_letter"  # its job failed every time, and waits in the dead-letter queue
    LOST = "lost"  # there is neither a job nor an outcome
    NO_OUTCOME = "no_outcome"  # nothing happened any more within the time given
    OUTSIDE_PREFIX = "outside_prefix"  # its key is not one of those that are resized: no job is made of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A manifest, and the very bytes that it was read from."""

    manifest: Manifest
    text: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How an upload ended: its outcome, from its manifest where there is one, or else its failure."""

    upload: Uploaded
    outcome: Outcome | None = None
    failure: Failure | None = None
    recorded: Recorded | None = None

    @property
    def manifest(self) -> Manifest | None:
        """What the pipeline recorded about the upload."""
        return self.recorded.manifest if self.recorded else None

    @property
    def word(self) -> str:
        """The outcome in one word."""
        return self.outcome.value if self.outcome else "failed"

    @property
    def reason(self) -> str | None:
        """The code that says why it is not resized."""
        if self.failure:
            return self.failure.value
        return self.manifest.reason.value if self.manifest and self.manifest.reason else None


class Watched(Protocol):
    """The pipeline, as it is seen from outside."""

    def new_manifests(self, keys: Sequence[str]) -> Iterator[Recorded]:
        """Read the manifests of these keys that were written since the last call."""

    def new_dead_letters(self) -> Iterator[Version]:
        """Tell which uploads have come to the dead-letter queue since the last call."""

    def is_idle(self) -> bool:
        """Tell whether no job waits and none runs."""

    def is_current(self, version: Version) -> bool:
        """Tell whether this is still the newest version of its key."""


def wait_for_outcomes(
    uploads: Sequence[Uploaded],
    pipeline: Watched,
    *,
    patience: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[tuple[Result, ...]]:
    """Yield the results of each round in which there are some, and a result for every upload in the end.

    It does end: after `patience` seconds without news, or after a minute in which the pipeline had nothing left to do,
    what is still missing is reported as missing.
    """
    pending: dict[Version, Uploaded] = {(upload.source.key, upload.version_id): upload for upload in uploads}
    silence = _Silence(patience, clock)
    while True:
        results = _news(pending, pipeline)
        for version in results:
            del pending[version]
        if results:
            yield tuple(results.values())
        if not pending:
            return
        if failure := silence.failure(heard=bool(results), idle=pipeline.is_idle()):
            yield tuple(_missing(version, upload, failure, pipeline) for version, upload in pending.items())
            return
        sleep(ROUND_SECONDS)


def _news(pending: Mapping[Version, Uploaded], pipeline: Watched) -> dict[Version, Result]:
    failed = {
        version: Result(upload=pending[version], failure=Failure.DEAD_LETTER)
        for version in pipeline.new_dead_letters()
        if version in pending
    }
    ended = {}
    for recorded in pipeline.new_manifests([key for key, _ in pending]):
        version = (recorded.manifest.source.key, recorded.manifest.source.version_id)
        if version in pending:
            ended[version] = Result(upload=pending[version], outcome=recorded.manifest.outcome, recorded=recorded)
    return failed | ended


def _missing(version: Version, upload: Uploaded, failure: Failure, pipeline: Watched) -> Result:
    """Tell what became of an upload that has no manifest: only a key's newest upload ever has one."""
    if failure is Failure.LOST and not pipeline.is_current(version):
        return Result(upload=upload, outcome=Outcome.SUPERSEDED)
    return Result(upload=upload, failure=failure)


class _Silence:
    """How long nothing was heard, and how long there was nothing left to hear."""

    def __init__(self, patience: float, clock: Callable[[], float]) -> None:
        self._patience = patience
        self._clock = clock
        self._heard_at = self._busy_at = clock()

    def failure(self, *, heard: bool, idle: bool) -> Failure | None:
        now = self._clock()
        if heard:
            self._heard_at = now
        if heard or not idle:
            self._busy_at = now
        if now - self._busy_at >= SETTLE_SECONDS:
            return Failure.LOST
        if now - self._heard_at >= self._patience:
            return Failure.NO_OUTCOME
        return None
