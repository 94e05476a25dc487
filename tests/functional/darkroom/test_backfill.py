"""A backfill makes jobs of exactly what needs them, in any number, and goes on where it was cut off."""

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import create_autospec
from urllib.parse import quote

import pytest
from botocore.stub import Stubber

from contract.errors import Reason, StorageError
from contract.events import ObjectEvent, parse_body
from contract.manifest import Outcome
from darkroom.backfill.backfill import UploadedKeys, backfill, plan_pages
from darkroom.backfill.checkpoint import Checkpoint
from darkroom.backfill.jobs import Planner
from darkroom.backfill.listing import Listed, list_bucket, read_inventory
from darkroom.backfill.selection import Decision, Filter
from darkroom.errors import DarkroomError, UsageError
from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.sqs import RateLimiter
from resize.errors import ImageRejectedError
from resize.imaging.rendition import Rendered
from support.command import manifests
from support.function.world import World, s3_client

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

FAST = RateLimiter(1_000_000)


def selection(world: World) -> Filter:
    return Filter(recipe=world.settings.recipe, generation=world.settings.generation)


def whole(world: World, pipeline: Pipeline, inventory: Path | None = None) -> UploadedKeys:
    """All that is in the uploads bucket, or in an inventory of it."""
    assert world
    return UploadedKeys(pipeline=pipeline, prefix="", inventory=inventory)


def planner(world: World, pipeline: Pipeline, chosen: Filter | None = None) -> Planner:
    """What decides about each key."""
    return Planner(pipeline, world.settings, chosen or selection(world))


def no_checkpoint() -> Checkpoint:
    return Checkpoint(file=None, backfill={})


def run(world: World, pipeline: Pipeline, *, everything: bool = False, rejected: bool = False) -> Counter[Decision]:
    """A whole backfill; the answer is what became of the keys."""
    chosen = replace(selection(world), everything=everything, rejected=rejected)
    counts: Counter[Decision] = Counter()
    for page in backfill(whole(world, pipeline), planner(world, pipeline, chosen), no_checkpoint(), FAST):
        counts.update(page)
    return counts


def jobs(pipeline: Pipeline) -> list[ObjectEvent]:
    """The jobs that wait in the queue, which nobody else can receive then."""
    sqs: SQSClient = pipeline.client("sqs")
    found: list[ObjectEvent] = []
    while messages := sqs.receive_message(QueueUrl=pipeline.jobs_queue_url, MaxNumberOfMessages=10).get("Messages"):
        found += [upload for message in messages for upload in parse_body(message["Body"])]
    return sorted(found, key=lambda upload: upload.key)


def test_what_has_no_outcome_is_done_and_what_has_one_is_left_alone(world: World, pipeline: Pipeline) -> None:
    world.deliver(world.upload("done.jpg", b"1"))
    world.upload("never.jpg", b"2")

    counts = run(world, pipeline)

    assert counts == {Decision.UP_TO_DATE: 1, Decision.NEVER_DONE: 1}
    assert [job.key for job in jobs(pipeline)] == ["never.jpg"]


def test_after_a_backfill_everything_shows_the_new_configuration(world: World, pipeline: Pipeline) -> None:
    for key in ("a b.jpg", "ä.jpg"):
        world.deliver(world.upload(key, key.encode()))
    world.settings = replace(world.settings, variants=world.settings.variants[:1], generation=1)

    counts = run(world, pipeline)
    outcomes = {world.deliver(job).outcome for job in jobs(pipeline)}

    assert counts == {Decision.OTHER_RECIPE: 2}
    assert outcomes == {Outcome.RESIZED}
    assert set(world.derived()) == {"large/a b.jpg.webp", "large/ä.jpg.webp"}
    assert run(world, pipeline) == {Decision.UP_TO_DATE: 2}


def test_what_a_version_that_was_rolled_back_has_done_is_told_until_a_newer_one_is_deployed(
    world: World, pipeline: Pipeline
) -> None:
    variants = world.settings.variants
    world.settings = replace(world.settings, variants=variants[:1], generation=7)
    world.deliver(world.upload("cat.jpg", b"1"))
    world.settings = replace(world.settings, variants=variants, generation=6)

    assert run(world, pipeline) == {Decision.NEWER_VERSION: 1}
    assert jobs(pipeline) == []

    world.settings = replace(world.settings, generation=8)
    assert run(world, pipeline) == {Decision.OTHER_RECIPE: 1}
    (job,) = jobs(pipeline)
    assert not world.deliver(job).duplicate
    assert set(world.derived()) == {"large/cat.jpg.webp", "thumb/cat.jpg.webp"}


def test_the_same_bytes_uploaded_again_after_a_rollback_are_done(world: World, pipeline: Pipeline) -> None:
    world.settings = replace(world.settings, generation=7)
    world.deliver(world.upload("cat.jpg", b"same"))
    world.upload("cat.jpg", b"same")
    world.settings = replace(world.settings, variants=world.settings.variants[:1], generation=6)

    assert run(world, pipeline) == {Decision.OVERTAKEN: 1}
    (job,) = jobs(pipeline)
    assert world.deliver(job).outcome is Outcome.RESIZED


def test_what_is_up_to_date_is_done_again_where_all_is_asked_for(world: World, pipeline: Pipeline) -> None:
    world.deliver(world.upload("done.jpg", b"1"))

    run(world, pipeline, everything=True)
    (job,) = jobs(pipeline)

    assert not world.deliver(job).duplicate


def test_what_was_rejected_is_done_again_where_it_is_asked_for(world: World, pipeline: Pipeline) -> None:
    def refuse(_: bytes) -> Rendered:
        raise ImageRejectedError(Reason.TOO_MANY_BYTES, "the limit was low")

    world.deliver(world.upload("large.jpg", b"1"), refuse)

    assert run(world, pipeline) == {Decision.LEFT_REJECTED: 1}
    assert run(world, pipeline, rejected=True) == {Decision.REJECTED: 1}
    (job,) = jobs(pipeline)
    assert world.deliver(job).outcome is Outcome.RESIZED


def test_a_rejected_upload_in_whose_place_another_is_shown_is_settled_and_kept_up_to_date(
    world: World, pipeline: Pipeline
) -> None:
    def refuse_broken(source: bytes) -> Rendered:
        if source == b"broken":
            raise ImageRejectedError(Reason.CORRUPT, "cut off")
        return world.render(source)

    world.upload("cat.jpg", b"good")
    world.deliver(world.upload("cat.jpg", b"broken"), refuse_broken)
    assert run(world, pipeline) == {Decision.LEFT_REJECTED: 1}

    world.settings = replace(world.settings, variants=world.settings.variants[:1], generation=1)
    assert run(world, pipeline) == {Decision.OTHER_RECIPE: 1}
    (job,) = jobs(pipeline)
    world.deliver(job, refuse_broken)

    assert set(world.derived()) == {"large/cat.jpg.webp"}
    assert world.shows("large/cat.jpg.webp", b"good")
    assert run(world, pipeline) == {Decision.LEFT_REJECTED: 1}


def test_an_upload_whose_event_was_lost_is_done(world: World, pipeline: Pipeline) -> None:
    world.deliver(world.upload("cat.jpg", b"old"))
    world.upload("cat.jpg", b"new")

    assert run(world, pipeline) == {Decision.OVERTAKEN: 1}
    (job,) = jobs(pipeline)
    world.deliver(job)

    assert world.shows("thumb/cat.jpg.webp", b"new")


@pytest.mark.parametrize("is_done", [True, False])
def test_an_upload_meanwhile_wins_over_a_backfill_that_comes_late(
    world: World, pipeline: Pipeline, is_done: bool
) -> None:
    first = world.upload("cat.jpg", b"old")
    if is_done:
        world.deliver(first)
    run(world, pipeline, everything=True)
    (late,) = jobs(pipeline)

    newer = world.upload("cat.jpg", b"new")
    world.deliver(newer)
    ended = world.deliver(late)

    assert ended.outcome is Outcome.SUPERSEDED
    assert world.shows("thumb/cat.jpg.webp", b"new")
    assert world.manifest("cat.jpg")["source"]["version_id"] == newer.version_id


def test_an_event_that_comes_after_a_backfill_of_its_upload_is_done_as_any(world: World, pipeline: Pipeline) -> None:
    event = world.upload("cat.jpg", b"new")
    run(world, pipeline)
    (job,) = jobs(pipeline)
    world.deliver(job)

    assert world.deliver(event).outcome is Outcome.RESIZED
    assert world.manifest("cat.jpg")["source"]["sequencer"] == event.sequencer


def test_an_upload_whose_manifest_is_lost_is_done_though_its_variants_lie_there(
    world: World, pipeline: Pipeline
) -> None:
    event = world.upload("cat.jpg", b"1")
    world.deliver(event)
    world.client.delete_object(Bucket="derived", Key="manifests/cat.jpg.json")

    run(world, pipeline)
    (job,) = jobs(pipeline)

    assert world.deliver(job).outcome is Outcome.RESIZED
    assert world.manifest("cat.jpg")["source"]["version_id"] == event.version_id


def test_an_upload_whose_job_was_cut_short_and_is_gone_is_done(world: World, pipeline: Pipeline) -> None:
    world.deliver(world.upload("cat.jpg", b"old"))
    lost = world.upload("cat.jpg", b"new")
    with pytest.raises(StorageError):
        world.deliver(lost, client=world.client_that_cannot_write("manifests/cat.jpg.json"))

    run(world, pipeline)
    (job,) = jobs(pipeline)

    assert world.deliver(job).outcome is Outcome.RESIZED
    assert world.shows("thumb/cat.jpg.webp", b"new")
    assert world.manifest("cat.jpg")["source"]["version_id"] == lost.version_id


def test_a_job_tells_when_it_was_sent_and_not_when_its_key_was_looked_at(world: World, pipeline: Pipeline) -> None:
    """At a low rate a page's last job is sent long after its look, and must not be taken for a retry."""
    for number in range(30):
        world.upload(f"{number:02}.jpg", b"1")
    passed: list[datetime] = []
    limiter = RateLimiter(1, sleep=lambda _: passed.append(datetime.now(UTC)))

    pages = backfill(whole(world, pipeline), planner(world, pipeline), no_checkpoint(), limiter)
    assert sum(page.total() for page in pages) == 30

    requested = [job.requested for job in jobs(pipeline) if job.requested]
    assert len(requested) == 30
    assert passed[0] <= min(requested[10:20]) <= max(requested[10:20]) <= passed[1] <= min(requested[20:])


@pytest.mark.parametrize("everything", [False, True])
@pytest.mark.parametrize("source", ["bucket", "inventory"])
def test_a_folder_s_marker_is_no_job(
    source: str, everything: bool, world: World, pipeline: Pipeline, tmp_path: Path
) -> None:
    for key, body in (("marked/", b""), ("image/", b"1"), ("empty.jpg", b"")):
        world.upload(key, body)
    listed = inventory(tmp_path, "marked/", "image/", "empty.jpg") if source == "inventory" else None
    chosen = replace(selection(world), everything=everything)

    (page,) = backfill(whole(world, pipeline, listed), planner(world, pipeline, chosen), no_checkpoint(), FAST)

    assert page == {Decision.FOLDER: 1, Decision.NEVER_DONE: 2}
    assert [job.key for job in jobs(pipeline)] == ["empty.jpg", "image/"]


def test_a_folder_s_marker_that_was_rejected_once_is_cleared_where_it_is_asked_for_and_then_no_job(
    world: World, pipeline: Pipeline
) -> None:
    """Of earlier releases: they took a marker for an empty image."""

    marker = world.upload("photos/", b"")
    rejected = replace(manifests.manifest(), outcome=Outcome.REJECTED, reason=Reason.EMPTY, generation=0)
    source = replace(rejected.source, key="photos/", version_id=marker.version_id, etag=marker.etag)
    text = replace(rejected, source=source).to_json()
    world.client.put_object(Bucket="derived", Key="manifests/photos/.json", Body=text)

    assert run(world, pipeline) == {Decision.LEFT_REJECTED: 1}
    assert run(world, pipeline, rejected=True) == {Decision.REJECTED: 1}
    (job,) = jobs(pipeline)
    assert world.deliver(job).outcome is Outcome.REMOVED
    assert run(world, pipeline, everything=True, rejected=True) == {Decision.FOLDER: 1}


def test_a_version_that_the_manifest_says_is_gone_and_that_is_there_is_done(world: World, pipeline: Pipeline) -> None:
    """A deletion was taken back, and its event was lost."""
    upload = world.upload("cat.jpg", b"cat")
    marker = world.delete("cat.jpg")
    world.deliver(upload)
    world.delete_version("cat.jpg", marker.version_id)

    assert run(world, pipeline) == {Decision.OVERTAKEN: 1}
    (job,) = jobs(pipeline)
    assert world.deliver(job).outcome is Outcome.RESIZED
    assert run(world, pipeline) == {Decision.UP_TO_DATE: 1}


def archived(world: World, pipeline: Pipeline) -> None:
    """Upload and resize an image, archive it, and tell of its archive in its manifest."""
    event = world.upload("cat.jpg", b"1")
    world.deliver(event)
    world.settings = replace(world.settings, cache_control="no-store", generation=1)
    run(world, pipeline)
    world.move("cat.jpg", "GLACIER")
    for job in jobs(pipeline):
        world.deliver(job)


def test_what_is_archived_is_passed_over_however_often(world: World, pipeline: Pipeline) -> None:
    archived(world, pipeline)

    assert world.manifest("cat.jpg")["reason"] == "archived"
    for _ in range(2):
        assert run(world, pipeline, everything=True, rejected=True) == {Decision.ARCHIVED: 1}
    assert jobs(pipeline) == []


def test_what_is_archived_is_passed_over_where_no_listing_says_so(
    world: World, pipeline: Pipeline, tmp_path: Path
) -> None:
    archived(world, pipeline)
    uploads = whole(world, pipeline, inventory(tmp_path, "cat.jpg"))

    (page,) = backfill(uploads, planner(world, pipeline), no_checkpoint(), FAST)

    assert page == {Decision.ARCHIVED: 1}


def test_what_was_archived_and_can_be_read_again_is_done_once(world: World, pipeline: Pipeline) -> None:
    archived(world, pipeline)
    world.move("cat.jpg", "STANDARD")

    assert run(world, pipeline) == {Decision.RESTORED: 1}
    (job,) = jobs(pipeline)
    assert world.deliver(job).outcome is Outcome.RESIZED
    assert run(world, pipeline) == {Decision.UP_TO_DATE: 1}


@pytest.mark.parametrize(
    ("told", "archived"),
    [
        ({"StorageClass": "STANDARD"}, False),
        ({}, False),
        ({"StorageClass": "GLACIER"}, True),
        ({"StorageClass": "DEEP_ARCHIVE", "RestoreStatus": {"IsRestoreInProgress": True}}, True),
        (
            {
                "StorageClass": "DEEP_ARCHIVE",
                "RestoreStatus": {"IsRestoreInProgress": False, "RestoreExpiryDate": datetime(2027, 1, 1, tzinfo=UTC)},
            },
            False,
        ),
        ({"StorageClass": "GLACIER_IR"}, False),
        ({"StorageClass": "INTELLIGENT_TIERING"}, False),
    ],
)
def test_a_listing_tells_what_has_to_be_restored(told: dict[str, Any], archived: bool) -> None:
    client = s3_client()
    with Stubber(client) as answers:
        found = {"Key": "a.jpg", "ETag": '"e1"', **told}
        asked: dict[str, Any] = {
            "Bucket": "uploads",
            "Prefix": "",
            "StartAfter": "",
            "OptionalObjectAttributes": ["RestoreStatus"],
        }
        asked |= {"MaxKeys": 1000}
        answers.add_response("list_objects_v2", {"Contents": [found], "IsTruncated": False}, asked)
        (page,) = list_bucket(client, "uploads", "", None)

    assert page.keys == (Listed("a.jpg", "e1", archived=archived),)


@pytest.mark.parametrize(
    ("told", "decision"),
    [
        ({"StorageClass": "GLACIER"}, Decision.ARCHIVED),
        ({"StorageClass": "GLACIER", "Restore": 'ongoing-request="true"'}, Decision.ARCHIVED),
        ({"StorageClass": "GLACIER", "Restore": 'ongoing-request="false", expiry-date="…"'}, Decision.NEVER_DONE),
        ({"StorageClass": "INTELLIGENT_TIERING", "ArchiveStatus": "ARCHIVE_ACCESS"}, Decision.ARCHIVED),
        ({"StorageClass": "INTELLIGENT_TIERING"}, Decision.NEVER_DONE),
    ],
)
def test_s3_tells_of_an_object_what_has_to_be_restored(
    world: World, pipeline: Pipeline, told: dict[str, str], decision: Decision
) -> None:
    world.upload("cat.jpg", b"1")
    client = s3_client()
    client.meta.events.register("after-call.s3.HeadObject", lambda parsed, **_: parsed.update(told))
    asking = create_autospec(Pipeline, instance=True, uploads_bucket="uploads", derived_bucket="derived")
    asking.client.return_value = client

    (planned,) = Planner(asking, world.settings, selection(world)).plan([Listed("cat.jpg")])

    assert pipeline
    assert planned.decision is decision


def rewrite(world: World, key: str, **members: Any) -> None:
    """Change a manifest, as another version of Darkroom would have written it."""
    body = json.dumps(world.manifest(key) | members).encode()
    world.client.put_object(Bucket="derived", Key=f"manifests/{key}.json", Body=body)


def test_a_manifest_of_another_schema_is_no_reason_to_do_anything_again(world: World, pipeline: Pipeline) -> None:
    schemas: dict[str, dict[str, Any]] = {
        "earlier.jpg": {"schema": 1},
        "later.jpg": {"schema": 9, "new": 1},
        "unreadable.jpg": {"schema": 9, "times": "today"},
    }
    for key, members in schemas.items():
        world.deliver(world.upload(key, b"1"))
        rewrite(world, key, **members)

    assert run(world, pipeline) == {Decision.UP_TO_DATE: 2, Decision.LATER_SCHEMA: 1}
    assert jobs(pipeline) == []


def test_what_is_deleted_meanwhile_is_no_job(world: World, pipeline: Pipeline) -> None:
    world.upload("cat.jpg", b"1")
    world.delete("cat.jpg")

    (planned,) = Planner(pipeline, world.settings, selection(world)).plan([Listed("cat.jpg", "e1")])

    assert planned.decision is Decision.GONE


def test_a_dry_run_shows_the_jobs_of_the_run_and_sends_none(world: World, pipeline: Pipeline) -> None:
    for key in ("a.jpg", "b.jpg"):
        world.upload(key, b"1")

    shown = [
        each.key
        for page in plan_pages(whole(world, pipeline), planner(world, pipeline), None)
        for each in page
        if each.decision.is_job
    ]

    assert jobs(pipeline) == []
    run(world, pipeline)
    assert [job.key for job in jobs(pipeline)] == shown == ["a.jpg", "b.jpg"]


def test_what_was_done_long_ago_is_done_again_where_its_age_is_asked_for(world: World, pipeline: Pipeline) -> None:
    world.deliver(world.upload("done.jpg", b"1"))
    chosen = replace(selection(world), finished_before=datetime(2100, 1, 1, tzinfo=UTC))

    (page,) = backfill(whole(world, pipeline), planner(world, pipeline, chosen), no_checkpoint(), FAST)

    assert page == {Decision.OLD: 1}


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of two rows, so that a few make several."""
    monkeypatch.setattr("darkroom.backfill.listing._PAGE", 2)


def inventory(folder: Path, *keys: str, name: str = "inventory.csv") -> Path:
    file = folder / name
    text = "".join(f'"uploads","{quote(key)}","100"\n' for key in keys).encode()
    file.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    return file


def begin(pages: Iterator[Counter[Decision]]) -> None:
    """Do the first page, and go away."""
    next(pages)


@pytest.mark.usefixtures("small_pages")
def test_a_backfill_that_was_cut_off_goes_on_behind_what_is_done(
    world: World, pipeline: Pipeline, tmp_path: Path
) -> None:
    keys = [f"{number}.jpg" for number in range(5)]
    for key in keys:
        world.upload(key, b"1")
    uploads = whole(world, pipeline, inventory(tmp_path, *keys))
    checkpoint = Checkpoint(file=tmp_path / "backfill.json", backfill={"prefix": ""})

    begin(backfill(uploads, planner(world, pipeline), checkpoint, FAST))
    first = [job.key for job in jobs(pipeline)]
    rest = list(backfill(uploads, planner(world, pipeline), checkpoint, FAST))

    assert first == keys[:2]
    assert sum(page.total() for page in rest) == 3
    assert [job.key for job in jobs(pipeline)] == keys[2:]
    assert not (tmp_path / "backfill.json").exists()


def test_a_page_whose_jobs_are_not_all_sent_is_not_noted_as_done(
    world: World, pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.upload("a.jpg", b"1")
    checkpoint = Checkpoint(file=tmp_path / "backfill.json", backfill={})

    def refuse(*_: object) -> None:
        raise DarkroomError("refused")

    monkeypatch.setattr("darkroom.pipeline.sqs.send", refuse)
    with pytest.raises(DarkroomError, match="refused"):
        list(
            backfill(
                whole(world, pipeline),
                planner(world, pipeline),
                checkpoint,
                FAST,
            )
        )

    assert checkpoint.read() is None


def test_a_listing_goes_on_behind_the_last_key(world: World, pipeline: Pipeline) -> None:
    for key in ("a.jpg", "b.jpg", "c.jpg", "d/e.jpg"):
        world.upload(key, b"1")

    pages = [*whole(world, pipeline).pages("b.jpg")]

    assert [listed.key for page in pages for listed in page.keys] == ["c.jpg", "d/e.jpg"]


def test_a_checkpoint_of_another_backfill_is_refused_with_what_differs(tmp_path: Path) -> None:
    file = tmp_path / "backfill.json"
    Checkpoint(file=file, backfill={"prefix": "a/", "all": False}).write("a/7.jpg")

    with pytest.raises(UsageError, match=r"its prefix was 'a/', and is 'b/' now"):
        Checkpoint(file=file, backfill={"prefix": "b/", "all": False}).read()
    assert Checkpoint(file=file, backfill={"prefix": "a/", "all": False}).read() == "a/7.jpg"


def test_a_file_that_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    (tmp_path / "backfill.json").write_text("[]")

    with pytest.raises(UsageError, match="is no checkpoint of a backfill"):
        Checkpoint(file=tmp_path / "backfill.json", backfill={}).read()


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("name", ["inventory.csv", "inventory.csv.gz"])
def test_an_inventory_tells_each_key_once_decoded_and_by_prefix(tmp_path: Path, name: str) -> None:
    file = inventory(tmp_path, "pets/a b+ü.jpg", "pets/cat.jpg", "pets/cat.jpg", "pets/cat.jpg", "zoo/1.jpg", name=name)

    pages = [*read_inventory(file, "uploads", "pets/", None)]

    assert [listed.key for page in pages for listed in page.keys] == ["pets/a b+ü.jpg", "pets/cat.jpg"]
    assert [page.position for page in pages] == ["2", "4", "5"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b'"other","a.jpg"\n', "row 1: it is of the bucket 'other', not of 'uploads'"),
        (b'"uploads"\n', "row 1: expected a bucket and a key"),
        (b'"uploads","%ff"\n', "cannot be read"),
        (b"PAR1\xff\xfe", "cannot be read"),
    ],
)
def test_a_file_that_is_no_inventory_of_the_bucket_is_refused(tmp_path: Path, text: bytes, told: str) -> None:
    (tmp_path / "inventory.csv").write_bytes(text)

    with pytest.raises(UsageError, match=told):
        list(read_inventory(tmp_path / "inventory.csv", "uploads", "", None))
