"""The uploads that the console shows: each goes through its stages, whatever happens to its job."""

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from contract.errors import Reason
from contract.events import EventType, ObjectEvent
from darkroom.console.feed import Feed
from darkroom.console.health import Health
from darkroom.console.settings import ConsoleSettings
from darkroom.console.uploads import SHOWN_UPLOADS, Uploads
from darkroom.errors import DarkroomError
from darkroom.uploads.outcomes import ManifestFile, VersionId
from support.aws.deployments import deployed
from support.command.uploads import recorded


@dataclass
class Scripted:
    """A pipeline whose manifests a test writes, and that does not answer when it is told so."""

    manifests: list[ManifestFile] = field(default_factory=list)
    overtaken: bool = False
    silent_for: int = 0

    def new_manifests(self, keys: Sequence[str]) -> Iterator[ManifestFile]:
        if self.silent_for:
            self.silent_for -= 1
            raise DarkroomError("Listing the manifests failed: nobody is there")
        while self.manifests:
            written = self.manifests.pop()
            if written.manifest.source.key in keys:
                yield written

    def new_dead_letters(self) -> Iterator[VersionId]:
        raise AssertionError("the dead letters are read elsewhere")

    def is_idle(self) -> bool:
        return False

    def is_current(self, version: VersionId) -> bool:
        return not (self.overtaken and version)


@dataclass
class Shown:
    """Uploads, and what the page was told of each, stage by stage."""

    pipeline: Scripted = field(default_factory=Scripted)
    now: datetime = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
    told: list[dict[str, Any]] = field(default_factory=list)
    troubles: list[str | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.feed = Feed({"pipeline": 1, "upload": 1000})
        health = Health(deployed(), self.feed, ConsoleSettings(prefix="", source_bytes=1))
        self.uploads = Uploads(self.pipeline, self.feed, health, clock=lambda: self.now)

    def until(self, stage: str) -> list[str]:
        """Let it follow the pipeline until an upload has come to this stage; the stages told by then."""
        asyncio.run(asyncio.wait_for(self._follow(lambda: bool(self.told) and self.told[-1]["stage"] == stage), 60))
        return [row["stage"] for row in self.told]

    async def _follow(self, is_enough: Callable[[], bool]) -> None:
        running = asyncio.create_task(self.uploads.run())
        async for updates in self.feed.subscribe(rest=60):
            self.told += [json.loads(update.text) for update in updates if update.topic == "upload"]
            self.troubles += [json.loads(update.text)["trouble"] for update in updates if update.topic == "pipeline"]
            if is_enough():
                break
        running.cancel()


def begun(shown: Shown, key: str = "cat.jpg", version_id: str = "v1") -> None:
    """An upload that is in the bucket."""
    shown.uploads.begin(key, key, 60_270)
    shown.uploads.queued(key, version_id)


def job(key: str = "cat.jpg", version_id: str | None = "v1", etag: str = "e") -> ObjectEvent:
    """What a dead letter says of an upload."""
    return ObjectEvent(
        change=EventType.CREATED,
        bucket="uploads",
        key=key,
        version_id=version_id,
        etag=etag,
        size=7,
        sequencer="01",
        time=datetime(2026, 11, 24, tzinfo=UTC),
    )


def test_an_upload_is_queued_and_then_resized_with_its_pictures() -> None:
    shown = Shown(Scripted(manifests=[recorded("cat.jpg")]))
    begun(shown)

    assert shown.until("resized") == ["queued", "resized"]
    row = shown.told[-1]
    assert (row["reason"], row["width"], row["height"], row["color"]) == (None, 640, 480, "#a0b0c0")
    assert [(picture["variant"], picture["path"]) for picture in row["pictures"]] == [
        ("large", "uploads/cat.jpg/large?e2"),
        ("thumb", "uploads/cat.jpg/thumb?e2"),
    ]
    assert shown.uploads.oldest_wait() is None


def test_a_rejected_upload_tells_why_and_what_that_means() -> None:
    shown = Shown(Scripted(manifests=[recorded("cat.jpg", reason=Reason.CORRUPT)]))
    begun(shown)

    shown.until("rejected")

    row = shown.told[-1]
    assert (row["reason"], row["pictures"]) == ("corrupt", [])
    assert row["meaning"].startswith("it is cut off or damaged: ")


def test_a_job_that_failed_is_queued_again_when_it_is_redriven_and_then_resized() -> None:
    shown = Shown()
    begun(shown)
    shown.uploads.dead([("cat.jpg", "v1"), ("strange.jpg", "v9")])
    shown.until("failed")

    shown.uploads.queued_again([job()])
    shown.pipeline.manifests.append(recorded("cat.jpg"))

    assert shown.until("resized")[-3:] == ["failed", "queued", "resized"]
    assert {row["id"] for row in shown.told} == {"cat.jpg"}


def test_a_dead_letter_of_somebody_else_is_followed_once_it_is_redriven() -> None:
    shown = Shown()
    shown.uploads.dead([("dog.jpg", "v1")])  # which nobody here waits for

    shown.uploads.queued_again([job("dog.jpg"), job("old.jpg", version_id=None, etag="")])
    shown.pipeline.manifests.append(recorded("dog.jpg"))

    assert shown.until("resized") == ["queued", "resized"]
    assert {row["key"] for row in shown.told} == {"dog.jpg"}


def test_a_second_dead_letter_of_what_is_done_or_under_way_changes_nothing() -> None:
    shown = Shown(Scripted(manifests=[recorded("cat.jpg")]))
    begun(shown)
    shown.until("resized")
    begun(shown, "dog.jpg")

    shown.uploads.queued_again([job("cat.jpg"), job("dog.jpg")])
    shown.pipeline.manifests.append(recorded("dog.jpg"))

    assert shown.until("resized")[2:] == ["resized", "queued", "resized"]
    assert [row["id"] for row in shown.told[2:]] == ["cat.jpg", "dog.jpg", "dog.jpg"]


def test_an_upload_that_a_newer_one_overtook_is_told_so_at_once() -> None:
    shown = Shown(Scripted(manifests=[recorded("cat.jpg", version_id="v2")], overtaken=True))
    begun(shown)

    assert shown.until("superseded") == ["queued", "superseded"]


def test_while_the_pipeline_does_not_answer_the_page_is_told_and_nothing_is_lost() -> None:
    shown = Shown(Scripted(manifests=[recorded("cat.jpg")], silent_for=2))
    begun(shown)

    assert shown.until("resized") == ["queued", "resized"]
    assert [bool(trouble) for trouble in shown.troubles] == [False, True, False]


def test_the_oldest_wait_is_that_of_the_upload_that_was_queued_first() -> None:
    shown = Shown()
    begun(shown, "a")
    shown.now += timedelta(seconds=40)
    begun(shown, "b", "v2")
    shown.now += timedelta(seconds=2)

    assert shown.uploads.oldest_wait() == 42


def test_old_uploads_go_where_there_are_too_many_but_none_that_is_on_its_way() -> None:
    shown = Shown()
    begun(shown, "waits")
    for number in range(SHOWN_UPLOADS + 5):
        shown.uploads.begin(str(number), str(number), 1)
        shown.uploads.not_uploaded(str(number), "interrupted")

    assert shown.uploads.stage("waits") == "queued"
    assert shown.uploads.stage("0") is None
    assert shown.uploads.stage(str(SHOWN_UPLOADS + 4)) == "not_uploaded"
