"""A backfill makes jobs of exactly what needs them, in any number, and goes on where it was cut off."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pytest

from contract.errors import Reason, StorageError
from contract.manifest import Outcome
from darkroom.backfill.backfill import backfill, plan_pages
from darkroom.backfill.earlier_defaults import earlier_recipe
from darkroom.backfill.jobs import Planner
from darkroom.backfill.listing import Listed
from darkroom.backfill.selection import Decision
from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.sqs import RateLimiter
from resize.errors import ImageRejectedError
from resize.imaging.rendition import Rendered
from resize.imaging.variants import Format
from support.command import manifests
from support.command.backfills import FAST, inventory, jobs, no_checkpoint, planner, run, selection, whole
from support.function.buckets import Buckets


def test_what_has_no_outcome_is_done_and_what_has_one_is_left_alone(world: Buckets, pipeline: Pipeline) -> None:
    world.deliver(world.upload("done.jpg", b"1"))
    world.upload("never.jpg", b"2")

    counts = run(world, pipeline)

    assert counts == {Decision.UP_TO_DATE: 1, Decision.NEVER_DONE: 1}
    assert [job.key for job in jobs(pipeline)] == ["never.jpg"]


@pytest.mark.parametrize("versioning", ["Enabled", "Suspended"])
def test_a_change_of_the_focal_point_alone_whose_event_was_lost_is_found_by_its_time(
    world: Buckets, pipeline: Pipeline, versioning: Literal["Enabled", "Suspended"]
) -> None:
    world.client.put_bucket_versioning(Bucket="uploads", VersioningConfiguration={"Status": versioning})
    world.deliver(world.upload("cat.jpg", b"1", "0,0"))
    manifest = world.manifest("cat.jpg")
    manifest["times"]["finished"] = "2026-01-01T00:00:00.000+00:00"
    world.client.put_object(Bucket="derived", Key="manifests/cat.jpg.json", Body=json.dumps(manifest))
    world.copy_upon_itself("cat.jpg", "0.3,0.7")

    counts = run(world, pipeline)
    (job,) = jobs(pipeline)
    world.deliver(job)

    assert counts == {Decision.OVERTAKEN: 1}
    assert world.manifest("cat.jpg")["source"]["focus"] == {"x": 0.3, "y": 0.7}


def test_after_a_backfill_everything_shows_the_new_configuration(world: Buckets, pipeline: Pipeline) -> None:
    for key in ("a b.jpg", "ä.jpg"):
        world.deliver(world.upload(key, key.encode()))
    world.settings = replace(world.settings, variants=world.settings.variants[:1], function_version=1)

    counts = run(world, pipeline)
    outcomes = {world.deliver(job).outcome for job in jobs(pipeline)}

    assert counts == {Decision.OTHER_RECIPE: 2}
    assert outcomes == {Outcome.RESIZED}
    assert set(world.derived()) == {"large/a b.jpg.webp", "large/ä.jpg.webp"}
    assert run(world, pipeline) == {Decision.UP_TO_DATE: 2}


def test_what_a_version_that_was_rolled_back_has_done_is_told_until_a_newer_one_is_deployed(
    world: Buckets, pipeline: Pipeline
) -> None:
    variants = world.settings.variants
    world.settings = replace(world.settings, variants=variants[:1], function_version=7)
    world.deliver(world.upload("cat.jpg", b"1"))
    world.settings = replace(world.settings, variants=variants, function_version=6)

    assert run(world, pipeline) == {Decision.NEWER_VERSION: 1}
    assert jobs(pipeline) == []

    world.settings = replace(world.settings, function_version=8)
    assert run(world, pipeline) == {Decision.OTHER_RECIPE: 1}
    (job,) = jobs(pipeline)
    assert not world.deliver(job).duplicate
    assert set(world.derived()) == {"large/cat.jpg.webp", "thumb/cat.jpg.webp"}


def test_the_same_bytes_uploaded_again_after_a_rollback_are_done(world: Buckets, pipeline: Pipeline) -> None:
    world.settings = replace(world.settings, function_version=7)
    world.deliver(world.upload("cat.jpg", b"same"))
    world.upload("cat.jpg", b"same")
    world.settings = replace(world.settings, variants=world.settings.variants[:1], function_version=6)

    assert run(world, pipeline) == {Decision.OVERTAKEN: 1}
    (job,) = jobs(pipeline)
    assert world.deliver(job).outcome is Outcome.RESIZED


def test_what_is_up_to_date_is_done_again_where_all_is_asked_for(world: Buckets, pipeline: Pipeline) -> None:
    world.deliver(world.upload("done.jpg", b"1"))

    run(world, pipeline, everything=True)
    (job,) = jobs(pipeline)

    assert not world.deliver(job).duplicate


def test_what_was_rejected_is_done_again_where_it_is_asked_for(world: Buckets, pipeline: Pipeline) -> None:
    def refuse(_: bytes) -> Rendered:
        raise ImageRejectedError(Reason.TOO_MANY_BYTES, "the limit was low")

    world.deliver(world.upload("large.jpg", b"1"), refuse)

    assert run(world, pipeline) == {Decision.LEFT_REJECTED: 1}
    assert run(world, pipeline, rejected=True) == {Decision.REJECTED: 1}
    (job,) = jobs(pipeline)
    assert world.deliver(job).outcome is Outcome.RESIZED


def test_a_rejected_upload_in_whose_place_another_is_shown_is_settled_and_kept_up_to_date(
    world: Buckets, pipeline: Pipeline
) -> None:
    def refuse_broken(source: bytes) -> Rendered:
        if source == b"broken":
            raise ImageRejectedError(Reason.CORRUPT, "cut off")
        return world.render(source)

    world.upload("cat.jpg", b"good")
    world.deliver(world.upload("cat.jpg", b"broken"), refuse_broken)
    assert run(world, pipeline) == {Decision.LEFT_REJECTED: 1}

    world.settings = replace(world.settings, variants=world.settings.variants[:1], function_version=1)
    assert run(world, pipeline) == {Decision.OTHER_RECIPE: 1}
    (job,) = jobs(pipeline)
    world.deliver(job, refuse_broken)

    assert set(world.derived()) == {"large/cat.jpg.webp"}
    assert world.shows("large/cat.jpg.webp", b"good")
    assert run(world, pipeline) == {Decision.LEFT_REJECTED: 1}


def test_an_upload_whose_event_was_lost_is_done(world: Buckets, pipeline: Pipeline) -> None:
    world.deliver(world.upload("cat.jpg", b"old"))
    world.upload("cat.jpg", b"new")

    assert run(world, pipeline) == {Decision.OVERTAKEN: 1}
    (job,) = jobs(pipeline)
    world.deliver(job)

    assert world.shows("thumb/cat.jpg.webp", b"new")


@pytest.mark.parametrize("is_done", [True, False])
def test_an_upload_meanwhile_wins_over_a_backfill_that_comes_late(
    world: Buckets, pipeline: Pipeline, is_done: bool
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


def test_an_event_that_comes_after_a_backfill_of_its_upload_is_done_as_any(world: Buckets, pipeline: Pipeline) -> None:
    event = world.upload("cat.jpg", b"new")
    run(world, pipeline)
    (job,) = jobs(pipeline)
    world.deliver(job)

    assert world.deliver(event).outcome is Outcome.RESIZED
    assert world.manifest("cat.jpg")["source"]["sequencer"] == event.sequencer


def test_an_upload_whose_manifest_is_lost_is_done_though_its_variants_lie_there(
    world: Buckets, pipeline: Pipeline
) -> None:
    event = world.upload("cat.jpg", b"1")
    world.deliver(event)
    world.client.delete_object(Bucket="derived", Key="manifests/cat.jpg.json")

    run(world, pipeline)
    (job,) = jobs(pipeline)

    assert world.deliver(job).outcome is Outcome.RESIZED
    assert world.manifest("cat.jpg")["source"]["version_id"] == event.version_id


def test_an_upload_whose_job_was_cut_short_and_is_gone_is_done(world: Buckets, pipeline: Pipeline) -> None:
    world.deliver(world.upload("cat.jpg", b"old"))
    lost = world.upload("cat.jpg", b"new")
    with pytest.raises(StorageError):
        world.deliver(lost, client=world.client_that_cannot_write("manifests/cat.jpg.json"))

    run(world, pipeline)
    (job,) = jobs(pipeline)

    assert world.deliver(job).outcome is Outcome.RESIZED
    assert world.shows("thumb/cat.jpg.webp", b"new")
    assert world.manifest("cat.jpg")["source"]["version_id"] == lost.version_id


def test_a_job_tells_when_it_was_sent_and_not_when_its_key_was_looked_at(world: Buckets, pipeline: Pipeline) -> None:
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
    source: str, everything: bool, world: Buckets, pipeline: Pipeline, tmp_path: Path
) -> None:
    for key, body in (("marked/", b""), ("image/", b"1"), ("empty.jpg", b"")):
        world.upload(key, body)
    listed = inventory(tmp_path, "marked/", "image/", "empty.jpg") if source == "inventory" else None
    chosen = replace(selection(world), everything=everything)

    (page,) = backfill(whole(world, pipeline, listed), planner(world, pipeline, chosen), no_checkpoint(), FAST)

    assert page == {Decision.FOLDER: 1, Decision.NEVER_DONE: 2}
    assert [job.key for job in jobs(pipeline)] == ["empty.jpg", "image/"]


def test_a_folder_s_marker_that_was_rejected_once_is_cleared_where_it_is_asked_for_and_then_no_job(
    world: Buckets, pipeline: Pipeline
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


def test_a_version_that_the_manifest_says_is_gone_and_that_is_there_is_done(world: Buckets, pipeline: Pipeline) -> None:
    """A deletion was taken back, and its event was lost."""
    upload = world.upload("cat.jpg", b"cat")
    marker = world.delete("cat.jpg")
    world.deliver(upload)
    world.delete_version("cat.jpg", marker.version_id)

    assert run(world, pipeline) == {Decision.OVERTAKEN: 1}
    (job,) = jobs(pipeline)
    assert world.deliver(job).outcome is Outcome.RESIZED
    assert run(world, pipeline) == {Decision.UP_TO_DATE: 1}


def rewrite(world: Buckets, key: str, **members: Any) -> None:
    """Change a manifest, as another version of Darkroom would have written it."""
    body = json.dumps(world.manifest(key) | members).encode()
    world.client.put_object(Bucket="derived", Key=f"manifests/{key}.json", Body=body)


def test_a_manifest_of_another_schema_is_no_reason_to_do_anything_again(world: Buckets, pipeline: Pipeline) -> None:
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


def test_what_is_deleted_meanwhile_is_no_job(world: Buckets, pipeline: Pipeline) -> None:
    world.upload("cat.jpg", b"1")
    world.delete("cat.jpg")

    (planned,) = Planner(pipeline, world.settings, selection(world)).plan([Listed("cat.jpg", "e1")])

    assert planned.decision is Decision.GONE


def test_a_dry_run_shows_the_jobs_of_the_run_and_sends_none(world: Buckets, pipeline: Pipeline) -> None:
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


def test_what_was_done_long_ago_is_done_again_where_its_age_is_asked_for(world: Buckets, pipeline: Pipeline) -> None:
    world.deliver(world.upload("done.jpg", b"1"))
    chosen = replace(selection(world), finished_before=datetime(2100, 1, 1, tzinfo=UTC))

    (page,) = backfill(whole(world, pipeline), planner(world, pipeline, chosen), no_checkpoint(), FAST)

    assert page == {Decision.OLD: 1}


def test_what_the_defaults_of_before_made_is_told_with_its_formats_and_nothing_else_is(
    world: Buckets, pipeline: Pipeline
) -> None:
    for key in ("before.jpg", "now.jpg"):
        world.deliver(world.upload(key, b"1"))
    before = json.dumps(world.manifest("before.jpg") | {"recipe": earlier_recipe("before.jpg", world.settings)})
    world.client.put_object(Bucket="derived", Key="manifests/before.jpg.json", Body=before.encode())

    (page,) = plan_pages(whole(world, pipeline), planner(world, pipeline), None)

    assert {each.key: each.replaced_formats for each in page} == {"before.jpg": {Format.WEBP}, "now.jpg": set()}
