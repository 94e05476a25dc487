"""Wait for every upload's outcome."""

import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeAlias

from contract.manifest import Manifest, Outcome
from contract.object_version import identity_in_event
from darkroom.uploads.upload import UploadedFile

# Soon enough for a person, and few requests: a round costs three and one for each new manifest.
ROUND_SECONDS = 0.25

# "Metrics may not achieve consistency until at least 1 minute after the producers stop sending messages":
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html
SETTLE_SECONDS = 60


# A key, and which upload of it: contract.object_version.identity_of.
VersionId: TypeAlias = tuple[str, str]


class Failure(StrEnum):
    """Why an upload has no outcome of its own; the image is never why."""

    DEAD_LETTER = "dead_letter"  # its job failed every time, and waits in the dead-letter queue
    LOST = "lost"  # there is neither a job nor an outcome
    NO_OUTCOME = "no_outcome"  # nothing happened any more within the time given
    OUTSIDE_PREFIX = "outside_prefix"  # its key is not one of those that are resized: no job is made of it


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestFile:
    """A manifest, the very bytes that it was read from, and their ETag in the bucket."""

    manifest: Manifest
    text: bytes
    etag: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How an upload ended.

    Its outcome, from its manifest where there is one, or else its failure.
    """

    upload: UploadedFile
    outcome: Outcome | str | None = None
    failure: Failure | None = None
    recorded: ManifestFile | None = None

    @property
    def manifest(self) -> Manifest | None:
        """What the pipeline recorded about the upload."""
        return self.recorded.manifest if self.recorded else None

    @property
    def word(self) -> str:
        """The outcome in one word."""
        return str(self.outcome) if self.outcome else "failed"

    @property
    def reason(self) -> str | None:
        """The code that says why it is not resized."""
        if self.failure:
            return self.failure.value
        return str(self.manifest.reason) if self.manifest and self.manifest.reason else None

    @property
    def is_in_the_log(self) -> bool:
        """Whether the function's log can say why.

        Of what it was not sent, or has not done yet, it says nothing.
        """
        return self.failure in {Failure.DEAD_LETTER, Failure.LOST}

    @property
    def detail(self) -> str | None:
        """What the pipeline recorded beside the reason."""
        return self.manifest.detail if self.manifest else None


class PipelineView(Protocol):
    """The pipeline, as it is seen from outside."""

    def new_manifests(self, keys: Sequence[str]) -> Iterator[ManifestFile]:
        """Read the manifests of these keys that were written since the last call."""

    def new_dead_letters(self) -> Iterator[VersionId]:
        """Tell which uploads have come to the dead-letter queue since the last call."""

    def is_idle(self) -> bool:
        """Tell whether no job waits and none runs."""

    def is_current(self, version: VersionId) -> bool:
        """Tell whether this is still the newest version of its key."""


def wait_for_outcomes(
    uploads: Sequence[UploadedFile],
    pipeline: PipelineView,
    *,
    idle_timeout: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[tuple[Result, ...]]:
    """Yield the results of each round in which there are some.

    In the end there is a result for every upload. It ends: after `idle_timeout` seconds without news, or after a minute
    in which the pipeline had nothing left to do, what is still missing is reported as missing.
    """
    tracker = OutcomeTracker(pipeline, idle_timeout=idle_timeout, clock=clock)
    tracker.add(*uploads)
    while tracker:
        if results := tracker.poll():
            yield results
        if tracker:
            sleep(ROUND_SECONDS)


class OutcomeTracker:
    """The uploads that have no outcome yet; more can be added between two looks.

    It is true while there are any.
    """

    def __init__(
        self, pipeline: PipelineView, *, idle_timeout: float = math.inf, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._pipeline = pipeline
        self._pending: dict[VersionId, UploadedFile] = {}
        self._results: list[Result] = []
        self._idle_timer = _IdleTimer(idle_timeout, clock)

    def __bool__(self) -> bool:
        return bool(self._pending or self._results)

    def add(self, *uploads: UploadedFile) -> None:
        """Await these as well."""
        self._pending |= {(upload.source.key, upload.version_id): upload for upload in uploads}
        self._idle_timer.restart()

    def poll(self) -> tuple[Result, ...]:
        """Tell what has become known since the last look.

        When it is time to give up, what is missing is told, too. Where the pipeline does not answer, what was found
        before that is told by the next look.
        """
        self._find_manifests()
        self._find_dead_letters()
        if self._pending:
            failure = self._idle_timer.failure(heard=bool(self._results), idle=self._pipeline.is_idle())
            if failure:
                self._give_up(failure)
        results, self._results = self._results, []
        return tuple(results)

    def _find_manifests(self) -> None:
        versions: dict[str, list[VersionId]] = defaultdict(list)
        for version in self._pending:
            versions[version[0]].append(version)
        for recorded in self._pipeline.new_manifests([*versions]):
            source, outcome = recorded.manifest.source, recorded.manifest.outcome
            for version in versions[source.key]:
                if version == (source.key, source.identity):
                    self._results.append(Result(upload=self._pending.pop(version), outcome=outcome, recorded=recorded))
                else:
                    self._find_overtaken(version)

    def _find_overtaken(self, version: VersionId) -> None:
        """Tell whether a newer upload of the key has won: only a key's newest ever has a manifest for long."""
        if not self._pipeline.is_current(version):
            self._results.append(Result(upload=self._pending.pop(version), outcome=Outcome.SUPERSEDED))

    def _find_dead_letters(self) -> None:
        dead = set(self._pipeline.new_dead_letters())
        for key, identity in [*self._pending]:
            if (key, identity_in_event(identity)) in dead:
                upload = self._pending.pop((key, identity))
                self._results.append(Result(upload=upload, failure=Failure.DEAD_LETTER))

    def _give_up(self, failure: Failure) -> None:
        for version in [*self._pending]:
            if failure is Failure.LOST:
                self._find_overtaken(version)
            if upload := self._pending.pop(version, None):
                self._results.append(Result(upload=upload, failure=failure))


class _IdleTimer:
    """How long nothing was heard, and how long there was nothing left to hear."""

    def __init__(self, idle_timeout: float, clock: Callable[[], float]) -> None:
        self._idle_timeout = idle_timeout
        self._clock = clock
        self.restart()

    def restart(self) -> None:
        """Wait as long for something new as from the beginning."""
        self._heard_at = self._busy_at = self._clock()

    def failure(self, *, heard: bool, idle: bool) -> Failure | None:
        now = self._clock()
        if heard:
            self._heard_at = now
        if heard or not idle:
            self._busy_at = now
        if now - self._busy_at >= SETTLE_SECONDS:
            return Failure.LOST
        if now - self._heard_at >= self._idle_timeout:
            return Failure.NO_OUTCOME
        return None
