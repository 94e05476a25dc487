"""Every command finds what is made below the derived bucket's prefix, and takes nothing of others for ours."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from contract.manifest import Outcome
from darkroom.backfill.backfill import backfill
from darkroom.backfill.orphans import Manifests, OrphanPlanner
from darkroom.backfill.selection import Decision
from darkroom.outbox.manifests import StandingManifests
from darkroom.pipeline.client import Pipeline
from darkroom.uploads.download import download_results
from darkroom.uploads.local_files import LocalFile
from darkroom.uploads.lookup import look_up
from darkroom.uploads.results_folder import RESULTS_MARKER, ResultsFolder
from darkroom.uploads.upload import upload_all
from darkroom.uploads.watcher import PipelineWatcher
from support.command.backfills import FAST, jobs, no_checkpoint, run
from support.function.buckets import Buckets

PREFIX = "made/"


@pytest.fixture
def shared(world: Buckets, pipeline: Pipeline) -> Pipeline:
    """A pipeline whose derived bucket holds somebody else's manifest of the same name, one level up."""
    world.settings = replace(world.settings, derived_prefix=PREFIX)
    world.client.put_object(Bucket="derived", Key="manifests/cat.jpg.json", Body=b"{}")
    return replace(pipeline, derived_prefix=PREFIX)


def test_a_key_is_looked_up_there(world: Buckets, shared: Pipeline) -> None:
    world.deliver(world.upload("cat.jpg", b"A"))

    found = look_up(shared, "cat.jpg")

    assert found.is_settled
    assert found.recorded is not None
    assert [each.key for each in found.recorded.manifest.renditions] == [
        "made/large/cat.jpg.webp",
        "made/thumb/cat.jpg.webp",
    ]


def test_a_manifest_that_has_changed_is_told_by_its_upload_s_key(world: Buckets, shared: Pipeline) -> None:
    world.deliver(world.upload("cat.jpg", b"A"))
    watcher = PipelineWatcher(shared.client("s3"), shared.client("sqs"), shared)

    (changed,) = watcher.changed_manifests({"cat.jpg": ""})

    key, recorded = changed
    assert (key, recorded is not None) == ("cat.jpg", True)


def test_a_backfill_does_what_has_no_manifest_there_and_is_then_done(world: Buckets, shared: Pipeline) -> None:
    world.upload("cat.jpg", b"A")
    world.deliver(world.upload("done.jpg", b"B"))

    assert run(world, shared) == {Decision.NEVER_DONE: 1, Decision.UP_TO_DATE: 1}
    assert [world.deliver(job).outcome for job in jobs(shared)] == [Outcome.RESIZED]
    assert run(world, shared) == {Decision.UP_TO_DATE: 2}


def test_a_sweep_finds_the_manifests_whose_source_is_gone(world: Buckets, shared: Pipeline) -> None:
    world.deliver(world.upload("cat.jpg", b"A"))
    world.deliver(world.upload("dog.jpg", b"B"))
    world.deliver(world.upload("x" * 1020, b"C"))  # whose names are shortened
    for key in ("cat.jpg", "x" * 1020):
        world.delete(key)

    manifests, planner = Manifests(pipeline=shared, prefix=""), OrphanPlanner(shared, "", world.settings)
    found: Counter[Decision] = Counter()
    for page in backfill(manifests, planner, no_checkpoint(), FAST):
        found.update(page)

    assert found[Decision.SOURCE_GONE] == 2
    assert {world.deliver(job).outcome for job in jobs(shared)} == {Outcome.REMOVED}
    assert Manifests(pipeline=shared, prefix="dog").count() == 1


def test_manifests_are_announced_again_from_there(world: Buckets, shared: Pipeline) -> None:
    world.deliver(world.upload("cat.jpg", b"A"))

    (events,) = StandingManifests(pipeline=shared, source="/darkroom/1/eu-west-1/Darkroom").events()

    assert [each.key for each in events if each] == ["cat.jpg"]


def test_results_are_copied_as_from_a_bucket_of_the_stack_s_own_and_those_of_an_earlier_run_go(
    world: Buckets, shared: Pipeline, tmp_path: Path
) -> None:
    out = ResultsFolder.prepare(tmp_path / "out")
    for number, variants in enumerate((world.settings.variants, world.settings.variants[:1]), start=1):
        world.settings = replace(world.settings, variants=variants, function_version=number)
        path = tmp_path / "cat.jpg"
        path.write_bytes(b"%d" % number)
        uploads = [*upload_all([LocalFile(path, "cat.jpg")], shared)]
        event = replace(world.upload("other", b""), key="cat.jpg", version_id=uploads[0].version_id)
        world.deliver(replace(event, sequencer=f"{number:016X}"))

        assert [*download_results(uploads, shared, out, idle_timeout=60)]

    files = {file.relative_to(out.path).as_posix() for file in out.path.rglob("*") if file.is_file()}
    assert files - {RESULTS_MARKER} == {"large/cat.jpg.webp", "manifests/cat.jpg.json"}
