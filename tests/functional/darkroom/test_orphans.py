"""A sweep finds exactly the manifests whose source is gone and whom nobody told, and removes what they list."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from contract.errors import StorageError
from contract.events import EventType, ObjectEvent
from contract.keys import manifest_key
from contract.manifest import Outcome
from contract.message_body import parse_body
from darkroom.backfill.backfill import backfill, plan_pages
from darkroom.backfill.checkpoint import Checkpoint
from darkroom.backfill.orphans import Manifests, OrphanPlanner
from darkroom.backfill.selection import Decision
from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.sqs import RateLimiter
from support.function.buckets import Buckets

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

FAST = RateLimiter(1_000_000)
LONG = "long/" + "x" * 1019  # its manifest's name is shortened


def swept(
    world: Buckets, pipeline: Pipeline, prefix: str = "", checkpoint: Checkpoint | None = None
) -> Counter[Decision]:
    """A whole sweep; the answer is what became of the manifests."""
    manifests, planner = Manifests(pipeline=pipeline, prefix=prefix), examiner_of(world, pipeline, prefix)
    counts: Counter[Decision] = Counter()
    for page in backfill(manifests, planner, checkpoint or Checkpoint(file=None, backfill={}), FAST):
        counts.update(page)
    return counts


def examiner_of(world: Buckets, pipeline: Pipeline, prefix: str = "") -> OrphanPlanner:
    return OrphanPlanner(pipeline, prefix, world.settings)


def jobs(pipeline: Pipeline) -> list[ObjectEvent]:
    """The jobs that wait in the queue."""
    sqs: SQSClient = pipeline.client("sqs")
    found: list[ObjectEvent] = []
    while messages := sqs.receive_message(QueueUrl=pipeline.jobs_queue_url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            found += parse_body(message["Body"])
            sqs.delete_message(QueueUrl=pipeline.jobs_queue_url, ReceiptHandle=message["ReceiptHandle"])
    return sorted(found, key=lambda upload: upload.key)


def orphaned(world: Buckets, *keys: str) -> None:
    """Resize uploads and delete them, of which no event tells."""
    for key in keys:
        world.deliver(world.upload(key, b"1"))
        world.delete(key)


def test_the_variants_of_what_is_gone_go_and_all_others_stay(world: Buckets, pipeline: Pipeline) -> None:
    orphaned(world, "b/gone.jpg", LONG, "ü (1).jpg")
    world.deliver(world.upload("b/there.jpg", b"1"))
    world.deliver(world.upload("b/removed.jpg", b"1"))
    world.deliver(world.delete("b/removed.jpg"))
    world.upload("b/never done.jpg", b"1")

    counts = swept(world, pipeline)
    sent = jobs(pipeline)
    outcomes = {world.deliver(job).outcome for job in sent}

    assert counts == {Decision.SOURCE_GONE: 3, Decision.HAS_SOURCE: 1, Decision.REMOVED: 1}
    assert [job.key for job in sent] == sorted(["b/gone.jpg", LONG, "ü (1).jpg"])
    assert {job.change for job in sent} == {EventType.MARKED_DELETED}
    assert outcomes == {Outcome.REMOVED}
    assert world.derived().keys() == {"large/b/there.jpg.webp", "thumb/b/there.jpg.webp"}


def test_a_second_sweep_finds_nothing(world: Buckets, pipeline: Pipeline) -> None:
    orphaned(world, "gone.jpg")
    swept(world, pipeline)
    for job in jobs(pipeline):
        world.deliver(job)

    assert swept(world, pipeline) == {Decision.REMOVED: 1}
    assert jobs(pipeline) == []


def test_what_a_lifecycle_rule_took_and_is_kept_stays(world: Buckets, pipeline: Pipeline) -> None:
    world.settings = replace(world.settings, keep_variants_of_expired=True)
    world.deliver(world.upload("cat.jpg", b"1"))
    world.deliver(world.expire("cat.jpg"))

    assert swept(world, pipeline) == {Decision.KEPT: 1}
    assert jobs(pipeline) == []


@pytest.mark.parametrize("keeps", [True, False])
def test_an_upload_meanwhile_wins_over_a_sweep_that_comes_late(world: Buckets, pipeline: Pipeline, keeps: bool) -> None:
    world.settings = replace(world.settings, keep_variants_of_expired=keeps)
    orphaned(world, "cat.jpg")
    swept(world, pipeline)
    (late,) = jobs(pipeline)
    newer = world.upload("cat.jpg", b"new")

    ended = world.deliver(late)
    world.deliver(newer)

    assert ended.outcome is Outcome.SUPERSEDED
    assert world.shows("thumb/cat.jpg.webp", b"new")


def test_a_sweep_removes_what_is_gone_where_variants_of_expired_uploads_are_kept(
    world: Buckets, pipeline: Pipeline
) -> None:
    world.settings = replace(world.settings, keep_variants_of_expired=True)
    orphaned(world, "cat.jpg")
    swept(world, pipeline)
    (job,) = jobs(pipeline)

    assert world.deliver(job).outcome is Outcome.REMOVED
    assert world.derived() == {}


def test_what_a_later_job_that_was_cut_short_has_written_goes_too(world: Buckets, pipeline: Pipeline) -> None:
    world.deliver(world.upload("cat.jpg", b"old"))
    lost = world.upload("cat.jpg", b"new")
    with pytest.raises(StorageError):
        world.deliver(lost, client=world.client_that_cannot_write("manifests/cat.jpg.json"))
    world.delete("cat.jpg")

    swept(world, pipeline)
    (job,) = jobs(pipeline)
    world.deliver(job)

    assert world.derived() == {}


def test_what_is_no_manifest_is_passed_over(world: Buckets, pipeline: Pipeline) -> None:
    orphaned(world, "gone.jpg")
    text = world.client.get_object(Bucket="derived", Key="manifests/gone.jpg.json")["Body"].read()
    for name, body in {"other.jpg.json": text, "note.txt": b"hello", "spoiled.jpg.json": b"{}"}.items():
        world.client.put_object(Bucket="derived", Key=f"manifests/{name}", Body=body)

    assert swept(world, pipeline) == {Decision.SOURCE_GONE: 1}
    assert [job.key for job in jobs(pipeline)] == ["gone.jpg"]


@pytest.mark.parametrize("prefix", ["b/", "long/", LONG])
def test_a_sweep_of_a_prefix_looks_at_its_keys_alone(world: Buckets, pipeline: Pipeline, prefix: str) -> None:
    orphaned(world, "a.jpg", "b/1.jpg", LONG, "long/" + "x" * 1018 + "y")
    expected = [key for key in ("b/1.jpg", LONG, "long/" + "x" * 1018 + "y") if key.startswith(prefix)]

    swept(world, pipeline, prefix)

    assert [job.key for job in jobs(pipeline)] == expected


def test_a_dry_run_shows_the_removals_of_the_run_and_sends_none(world: Buckets, pipeline: Pipeline) -> None:
    orphaned(world, "a.jpg", "b.jpg")
    world.deliver(world.upload("c.jpg", b"1"))

    pages = plan_pages(Manifests(pipeline=pipeline, prefix=""), examiner_of(world, pipeline), None)

    assert [each.key for page in pages for each in page if each.decision.is_job] == ["a.jpg", "b.jpg"]
    assert jobs(pipeline) == []


def test_a_source_that_comes_back_after_it_was_listed_is_left(
    world: Buckets, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.deliver(world.upload("cat.jpg", b"1"))
    monkeypatch.setattr(Manifests, "_sources", lambda *_: iter(()))

    assert swept(world, pipeline) == {Decision.HAS_SOURCE: 1}


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Listings of two keys a page, so that a few make several."""
    monkeypatch.setattr("darkroom.backfill.listing._PAGE", 2)


@pytest.mark.usefixtures("small_pages")
def test_a_sweep_that_was_cut_off_goes_on_behind_what_is_done(
    world: Buckets, pipeline: Pipeline, tmp_path: Path
) -> None:
    keys = [f"{number}.jpg" for number in range(5)]
    orphaned(world, *keys)
    checkpoint = Checkpoint(file=tmp_path / "sweep.json", backfill={"orphans": True})

    next(backfill(Manifests(pipeline=pipeline, prefix=""), examiner_of(world, pipeline), checkpoint, FAST))
    first = [job.key for job in jobs(pipeline)]
    swept(world, pipeline, checkpoint=checkpoint)

    assert first == keys[:2]
    assert [job.key for job in jobs(pipeline)] == keys[2:]
    assert not (tmp_path / "sweep.json").exists()


# Keys of which one is the beginning of another, and whose manifests are sorted otherwise than they are.
names = st.text("a!./~", min_size=1, max_size=4)


@pytest.mark.long
@pytest.mark.usefixtures("small_pages")
@hypothesis_settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(there=st.sets(names, max_size=6), gone=st.sets(names, max_size=6), done=st.integers(0, 4))
def test_no_order_of_keys_hides_an_orphan_or_makes_one(
    world: Buckets, pipeline: Pipeline, there: set[str], gone: set[str], done: int
) -> None:
    folder = f"{uuid4()}/"  # the examples share one moto
    gone -= there
    for key in there | gone:
        world.deliver(world.upload(f"{folder}{key}", b"1"))
    for key in gone:
        world.delete(f"{folder}{key}")
    manifests = Manifests(pipeline=pipeline, prefix=folder)
    planner = examiner_of(world, pipeline, folder)

    pages = list(manifests.pages())
    first, rest = pages[:done], pages[done:]
    if first and rest:
        rest = list(manifests.pages(first[-1].position))
    planned = [each for page in [*first, *rest] for each in planner.plan(page.keys)]

    assert {each.key for each in planned if each.decision.is_job} == {f"{folder}{key}" for key in gone}
    assert sum(len(page.keys) + page.passed for page in [*first, *rest]) == len(there | gone)


def test_a_manifest_whose_source_is_listed_costs_no_request_of_its_own(world: Buckets, pipeline: Pipeline) -> None:
    for number in range(5):
        world.deliver(world.upload(f"{number}.jpg", b"1"))
    manifests = Manifests(pipeline=pipeline, prefix="")

    pages = list(manifests.pages())

    assert [(page.keys, page.passed, page.position) for page in pages] == [((), 5, manifest_key("4.jpg"))]
