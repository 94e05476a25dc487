"""A backfill of keys with variants of their own: it does what changed for each, and takes away what lost them."""

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from contract.errors import Reason
from contract.events import ObjectEvent
from contract.manifest import Outcome
from contract.message_body import parse_body
from darkroom.backfill.backfill import UploadedKeys, backfill
from darkroom.backfill.checkpoint import Checkpoint
from darkroom.backfill.jobs import Planner
from darkroom.backfill.orphans import Manifests, OrphanPlanner
from darkroom.backfill.selection import Decision, Filter
from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.sqs import RateLimiter
from resize.errors import ImageRejectedError
from resize.imaging.presets import parse_presets
from resize.imaging.rendition import Rendered
from support.function.buckets import Buckets

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

AVATARS = {"prefix": "avatars/", "variants": {"small": {"width": 64}}}
PETS = {"prefix": "pets/", "variants": {"card": {"width": 300}}}
KEYS = ("avatars/u1.jpg", "pets/cat.jpg", "other.jpg")


@pytest.fixture
def uploaded(world: Buckets) -> Buckets:
    """An upload of each preset and one of none, all done."""
    deploy(world, AVATARS, PETS)
    for key in KEYS:
        world.deliver(world.upload(key, key.encode()))
    return world


def deploy(world: Buckets, *presets: object, variants: bool = True) -> None:
    chosen = world.settings.variants if variants else ()
    newer = replace(world.settings, function_version=world.settings.function_version + 1)
    world.settings = replace(newer, presets=parse_presets([*presets]), variants=chosen)


def run(world: Buckets, pipeline: Pipeline, *, missing: str | None = None) -> Counter[Decision]:
    """A whole backfill, whose jobs are done; the answer is what became of the keys."""
    chosen = Filter(recipe=world.settings.recipe, function_version=world.settings.function_version, missing=missing)
    planner = Planner(pipeline, world.settings, chosen)
    keys = UploadedKeys(pipeline=pipeline, prefix="")
    counts: Counter[Decision] = Counter()
    for page in backfill(keys, planner, Checkpoint(file=None, backfill={}), RateLimiter(1_000_000)):
        counts.update(page)
    for job in jobs(pipeline):
        world.deliver(job)
    return counts


def jobs(pipeline: Pipeline) -> list[ObjectEvent]:
    sqs: SQSClient = pipeline.client("sqs")
    messages = sqs.receive_message(QueueUrl=pipeline.jobs_queue_url, MaxNumberOfMessages=10).get("Messages", [])
    for message in messages:
        sqs.delete_message(QueueUrl=pipeline.jobs_queue_url, ReceiptHandle=message["ReceiptHandle"])
    return [event for message in messages for event in parse_body(message["Body"])]


def test_only_the_keys_of_a_preset_that_changed_are_done_again(uploaded: Buckets, pipeline: Pipeline) -> None:
    deploy(uploaded, {**AVATARS, "variants": {"small": {"width": 65}}}, PETS)

    assert run(uploaded, pipeline) == {Decision.OTHER_RECIPE: 1, Decision.UP_TO_DATE: 2}
    assert run(uploaded, pipeline) == {Decision.UP_TO_DATE: 3}


@pytest.mark.parametrize("is_overwritten", [False, True])
def test_a_key_that_loses_its_preset_loses_its_variants_and_is_then_no_job(
    uploaded: Buckets, pipeline: Pipeline, is_overwritten: bool
) -> None:
    """Whether S3 has told of its uploads meanwhile or not: it does not where no preset is."""
    deploy(uploaded, PETS, variants=False)
    if is_overwritten:
        uploaded.upload("avatars/u1.jpg", b"newer")

    counts = run(uploaded, pipeline)

    assert counts == {Decision.NO_LONGER_CONFIGURED: 2, Decision.UP_TO_DATE: 1}
    assert set(uploaded.derived()) == {"card/pets/cat.jpg.webp"}
    assert run(uploaded, pipeline) == {Decision.NO_VARIANTS: 2, Decision.UP_TO_DATE: 1}


def test_a_key_that_gets_its_preset_back_gets_its_variants_back(uploaded: Buckets, pipeline: Pipeline) -> None:
    deploy(uploaded, PETS, variants=False)
    run(uploaded, pipeline)
    deploy(uploaded, AVATARS, PETS, variants=False)

    run(uploaded, pipeline)

    assert set(uploaded.derived()) == {"card/pets/cat.jpg.webp", "small/avatars/u1.jpg.webp"}


def test_what_was_rejected_is_forgotten_where_no_variants_are_configured_any_more(
    uploaded: Buckets, pipeline: Pipeline
) -> None:
    def refuse(_: bytes) -> Rendered:
        raise ImageRejectedError(Reason.CORRUPT, "broken")

    uploaded.deliver(uploaded.upload("avatars/u1.jpg", b"broken"), refuse)
    deploy(uploaded, {**AVATARS, "variants": {}}, PETS)

    assert run(uploaded, pipeline) == {Decision.NO_LONGER_CONFIGURED: 1, Decision.UP_TO_DATE: 2}
    assert uploaded.manifest("avatars/u1.jpg")["outcome"] == Outcome.REMOVED


def test_an_archived_upload_loses_its_variants_too_where_it_loses_its_preset(
    uploaded: Buckets, pipeline: Pipeline
) -> None:
    uploaded.move("avatars/u1.jpg", "GLACIER")
    deploy(uploaded, PETS)
    assert run(uploaded, pipeline)[Decision.ARCHIVED] == 1

    deploy(uploaded, PETS, variants=False)
    run(uploaded, pipeline)

    assert set(uploaded.derived()) == {"card/pets/cat.jpg.webp"}


def test_a_variant_is_missing_only_where_it_is_configured(uploaded: Buckets, pipeline: Pipeline) -> None:
    deploy(uploaded, {**AVATARS, "variants": {"small": {"width": 64}, "tiny": {"width": 8}}}, PETS)

    assert run(uploaded, pipeline, missing="tiny") == {Decision.VARIANT_MISSING: 1, Decision.UP_TO_DATE: 2}


def test_the_estimate_counts_the_variants_of_each_key(uploaded: Buckets, pipeline: Pipeline) -> None:
    deploy(uploaded, {**AVATARS, "variants": {}}, PETS)
    keys = UploadedKeys(pipeline=pipeline, prefix="")

    counted = keys.count_renditions(lambda key: len(uploaded.settings.variants_for(key)))

    assert counted == (3, 0 + 1 + 2)


def test_a_key_without_a_preset_that_was_deleted_unheard_is_an_orphan(uploaded: Buckets, pipeline: Pipeline) -> None:
    deploy(uploaded, PETS, variants=False)
    uploaded.delete("avatars/u1.jpg")  # S3 tells nobody

    (page,) = Manifests(pipeline=pipeline, prefix="").pages()
    planned = OrphanPlanner(pipeline, "", uploaded.settings).plan(page.keys)

    (orphan,) = [each for each in planned if each.decision is Decision.SOURCE_GONE]
    assert orphan.body is not None
    (removal,) = parse_body(orphan.body)
    uploaded.deliver(removal)
    assert "small/avatars/u1.jpg.webp" not in uploaded.derived()
