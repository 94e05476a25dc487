"""Waiting for outcomes: every upload gets one, and nobody waits for ever."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest

from contract.errors import Reason
from contract.manifest import Outcome
from darkroom.errors import DarkroomError
from darkroom.uploads.outcomes import (
    SETTLE_SECONDS,
    Failure,
    ManifestFile,
    OutcomeTracker,
    Result,
    VersionId,
    wait_for_outcomes,
)
from darkroom.uploads.upload import UploadedFile
from support.command.uploads import recorded, uploaded

PATIENCE = 900.0


@dataclass
class Scripted:
    """A pipeline that does what a test says, second by second; sleeping is what makes its time pass."""

    manifests: dict[int, list[ManifestFile]] = field(default_factory=dict)
    dead_letters: dict[int, list[VersionId]] = field(default_factory=dict)
    idle_from: float = float("inf")
    overtaken: bool = False
    time: float = 0.0

    def new_manifests(self, keys: Sequence[str]) -> Iterator[ManifestFile]:
        due = [second for second in self.manifests if second <= self.time]
        for written in [written for second in due for written in self.manifests.pop(second)]:
            if written.manifest.source.key in keys:
                yield written

    def new_dead_letters(self) -> Iterator[VersionId]:
        due = [second for second in self.dead_letters if second <= self.time]
        yield from [version for second in due for version in self.dead_letters.pop(second)]

    def is_idle(self) -> bool:
        return self.time >= self.idle_from

    def is_current(self, version: VersionId) -> bool:
        return not (self.overtaken and version)

    def clock(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


@dataclass
class Broken(Scripted):
    """A pipeline whose dead letters cannot be read."""

    broken: bool = True

    def new_dead_letters(self) -> Iterator[VersionId]:
        if self.broken:
            raise DarkroomError("nobody is there")
        yield from ()


def outcomes(pipeline: Scripted, *uploads: UploadedFile, idle_timeout: float = PATIENCE) -> list[Result]:
    """Wait for all of them."""
    rounds = wait_for_outcomes(uploads, pipeline, idle_timeout=idle_timeout, clock=pipeline.clock, sleep=pipeline.sleep)
    return [result for results in rounds for result in results]


def test_each_upload_is_told_as_soon_as_its_manifest_is_there() -> None:
    pipeline = Scripted(manifests={5: [recorded("b")], 2: [recorded("a", reason=Reason.CORRUPT)]})

    results = outcomes(pipeline, uploaded("a"), uploaded("b"))

    assert [(result.upload.source.key, result.word, result.reason) for result in results] == [
        ("a", "rejected", "corrupt"),
        ("b", "resized", None),
    ]
    assert pipeline.time == 5


def test_the_manifest_of_an_earlier_upload_of_the_key_is_not_this_uploads() -> None:
    pipeline = Scripted(manifests={0: [recorded("a", version_id="v0")], 3: [recorded("a", version_id="v1")]})

    (result,) = outcomes(pipeline, uploaded("a", version_id="v1"))

    assert result.manifest is not None
    assert result.manifest.source.version_id == "v1"
    assert pipeline.time == 3


def test_a_job_in_the_dead_letter_queue_is_a_failure() -> None:
    pipeline = Scripted(dead_letters={4: [("a", "v1"), ("strange", "v9")]}, manifests={5: [recorded("b")]})

    results = outcomes(pipeline, uploaded("a"), uploaded("b"))

    assert [(result.word, result.reason) for result in results] == [("failed", "dead_letter"), ("resized", None)]


def test_a_manifest_counts_where_the_job_is_in_the_dead_letter_queue_as_well() -> None:
    pipeline = Scripted(dead_letters={1: [("a", "v1")]}, manifests={1: [recorded("a")]})

    (result,) = outcomes(pipeline, uploaded("a"))

    assert result.outcome is Outcome.RESIZED


def test_an_upload_without_a_job_or_an_outcome_is_lost_once_the_queue_has_settled() -> None:
    pipeline = Scripted(manifests={10: [recorded("a")]}, idle_from=20)

    results = outcomes(pipeline, uploaded("a"), uploaded("b"))

    assert [(result.upload.source.key, result.failure) for result in results] == [("a", None), ("b", Failure.LOST)]
    assert 20 <= pipeline.time <= 20 + SETTLE_SECONDS + 1


def test_an_upload_that_a_newer_one_overtook_is_superseded() -> None:
    pipeline = Scripted(idle_from=0, overtaken=True)

    (result,) = outcomes(pipeline, uploaded("a"))

    assert (result.outcome, result.failure) == (Outcome.SUPERSEDED, None)


def test_an_upload_is_known_to_be_overtaken_as_soon_as_its_key_tells_of_another() -> None:
    pipeline = Scripted(manifests={3: [recorded("a", version_id="v2")]}, overtaken=True)

    (result,) = outcomes(pipeline, uploaded("a", version_id="v1"))

    assert (result.outcome, pipeline.time) == (Outcome.SUPERSEDED, 3)


def test_uploads_can_be_added_while_others_are_awaited() -> None:
    pipeline = Scripted(manifests={0: [recorded("a")]})
    tracker = OutcomeTracker(pipeline, clock=pipeline.clock)

    tracker.add(uploaded("a"))
    first = tracker.poll()
    pipeline.manifests[0] = [recorded("b")]
    tracker.add(uploaded("b"))
    second = tracker.poll()

    assert [result.upload.source.key for result in (*first, *second)] == ["a", "b"]
    assert not tracker


def test_what_was_found_before_the_pipeline_stopped_answering_is_told_by_the_next_look() -> None:
    pipeline = Broken(manifests={0: [recorded("a")]})
    tracker = OutcomeTracker(pipeline, clock=pipeline.clock)
    tracker.add(uploaded("a"))

    with pytest.raises(DarkroomError):
        tracker.poll()
    pipeline.broken = False

    assert [result.outcome for result in tracker.poll()] == [Outcome.RESIZED]


def test_without_any_news_the_wait_ends_after_the_patience_given() -> None:
    pipeline = Scripted(manifests={50: [recorded("a")]})

    results = outcomes(pipeline, uploaded("a"), uploaded("b"), idle_timeout=100)

    assert [result.reason for result in results] == [None, "no_outcome"]
    assert 150 <= pipeline.time <= 151


def test_a_busy_pipeline_is_waited_for_as_long_as_there_is_news() -> None:
    uploads = [uploaded(str(number)) for number in range(20)]
    pipeline = Scripted(manifests={number * 90: [recorded(str(number))] for number in range(20)})

    results = outcomes(pipeline, *uploads, idle_timeout=100)

    assert {result.word for result in results} == {"resized"}
    assert len(results) == 20


def test_nothing_uploaded_is_nothing_to_wait_for() -> None:
    assert outcomes(Scripted()) == []
