"""The uploads that the console shows: each goes through its stages, whatever happens to its job."""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from contract.errors import Reason
from contract.events import EventType, ObjectEvent
from contract.manifest import Outcome
from darkroom.console.feed import Feed
from darkroom.console.health import Health
from darkroom.console.settings import ConsoleSettings
from darkroom.console.uploads import SHOWN_UPLOADS, Uploads
from darkroom.errors import DarkroomError
from darkroom.uploads.outcomes import ManifestFile, VersionId
from support.aws.deployments import deployed
from support.command.manifests import rendition
from support.command.uploads import recorded


@dataclass
class Scripted:
    """A pipeline whose manifests a test writes, and that does not answer when it is told so."""

    manifests: list[ManifestFile] = field(default_factory=list)
    overtaken: bool = False
    silent_for: int = 0
    changed: dict[str, ManifestFile | None] = field(default_factory=dict)

    def new_manifests(self, keys: Sequence[str]) -> Iterator[ManifestFile]:
        if self.silent_for:
            self.silent_for -= 1
            raise DarkroomError("Listing the manifests failed: nobody is there")
        while self.manifests:
            written = self.manifests.pop()
            if written.manifest.source.key in keys:
                yield written

    def changed_manifests(self, known: Mapping[str, str]) -> Iterator[tuple[str, ManifestFile | None]]:
        for key, etag in known.items():
            if key in self.changed:
                found = self.changed[key]
                if etag != (found.etag if found else ""):
                    yield key, found

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


def changed(shown: Shown, key: str, manifest: ManifestFile | None) -> dict[str, Any]:
    """What the page is told of an upload once its manifest is another, or gone."""
    shown.pipeline.changed = {key: manifest}
    asyncio.run(shown.uploads.look_for_changes())
    asyncio.run(shown.uploads.look_for_changes())  # a second look finds nothing new

    async def newest() -> dict[str, Any]:
        updates = await anext(shown.feed.subscribe(rest=60))
        (row,) = [json.loads(update.text) for update in updates if update.topic == "upload"]
        return dict(row)

    return asyncio.run(newest())


def resized(*, overtaken: bool = False) -> Shown:
    """An upload that is resized, and shown so."""
    shown = Shown(Scripted(manifests=[replace(recorded("cat.jpg"), etag="first")]))
    begun(shown)
    shown.until("resized")
    shown.pipeline.overtaken = overtaken
    return shown


def failed() -> Shown:
    """An upload whose job is a dead letter."""
    shown = Shown()
    begun(shown)
    shown.uploads.dead([("cat.jpg", "v1")])
    shown.until("failed")
    return shown


def test_variants_that_a_backfill_made_anew_are_shown_in_place_of_the_old() -> None:
    other = recorded("cat.jpg")
    manifest = replace(other.manifest, renditions=(rendition("tiny", width=64),))

    row = changed(resized(), "cat.jpg", replace(other, manifest=manifest, etag="second"))

    assert [picture["variant"] for picture in row["pictures"]] == ["tiny"]
    assert (row["id"], row["stage"]) == ("cat.jpg", "resized")


def test_what_another_tool_uploaded_or_removed_is_shown_as_it_is_now() -> None:
    again = recorded("cat.jpg", version_id="v2", reason=Reason.CORRUPT)
    again = replace(again, manifest=replace(again.manifest, source=replace(again.manifest.source, size=7)), etag="2")
    row = changed(resized(), "cat.jpg", again)
    assert (row["stage"], row["pictures"], row["size"]) == ("rejected", [], 7)

    removed = recorded("cat.jpg")
    removed = replace(removed, manifest=replace(removed.manifest, outcome=Outcome.REMOVED, renditions=()), etag="3")
    row = changed(resized(), "cat.jpg", removed)
    assert (row["stage"], row["pictures"]) == ("removed", [])


def test_an_upload_whose_manifest_is_gone_has_no_variants_to_show() -> None:
    assert changed(resized(), "cat.jpg", None)["reason"] == "lost"
    gone = changed(resized(overtaken=True), "cat.jpg", None)
    assert (gone["stage"], gone["pictures"]) == ("removed", [])


def test_what_failed_is_shown_as_resized_once_it_is_redriven_elsewhere_and_not_by_an_earlier_upload() -> None:
    earlier = replace(recorded("cat.jpg", version_id="v0"), etag="0")

    assert changed(failed(), "cat.jpg", earlier)["stage"] == "failed"
    assert changed(failed(), "cat.jpg", replace(recorded("cat.jpg"), etag="1"))["stage"] == "resized"


def test_two_uploads_of_one_key_both_follow_it() -> None:
    shown = resized()
    shown.uploads.begin("second", "cat.jpg", 1)
    shown.uploads.queued("second", "v2")
    shown.pipeline.manifests.append(replace(recorded("cat.jpg", version_id="v2"), etag="second"))
    shown.until("resized")
    shown.pipeline.changed = {"cat.jpg": replace(recorded("cat.jpg", version_id="v3", reason=Reason.EMPTY), etag="3")}

    asyncio.run(shown.uploads.look_for_changes())

    assert (shown.uploads.stage("cat.jpg"), shown.uploads.stage("second")) == ("rejected", "rejected")
