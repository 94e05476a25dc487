"""A backfill of what S3 does not hand out: it is passed over until it is restored."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import create_autospec

import pytest
from botocore.stub import Stubber

from contract.manifest import Outcome
from darkroom.backfill.backfill import backfill
from darkroom.backfill.jobs import Planner
from darkroom.backfill.listing import Listed, list_bucket
from darkroom.backfill.selection import Decision
from darkroom.pipeline.client import Pipeline
from support.command.backfills import FAST, inventory, jobs, no_checkpoint, planner, run, selection, whole
from support.function.buckets import Buckets, s3_client


def archived(world: Buckets, pipeline: Pipeline) -> None:
    """Upload and resize an image, archive it, and tell of its archive in its manifest."""
    event = world.upload("cat.jpg", b"1")
    world.deliver(event)
    world.settings = replace(world.settings, cache_control="no-store", function_version=1)
    run(world, pipeline)
    world.move("cat.jpg", "GLACIER")
    for job in jobs(pipeline):
        world.deliver(job)


def test_what_is_archived_is_passed_over_however_often(world: Buckets, pipeline: Pipeline) -> None:
    archived(world, pipeline)

    assert world.manifest("cat.jpg")["reason"] == "archived"
    for _ in range(2):
        assert run(world, pipeline, everything=True, rejected=True) == {Decision.ARCHIVED: 1}
    assert jobs(pipeline) == []


def test_what_is_archived_is_passed_over_where_no_listing_says_so(
    world: Buckets, pipeline: Pipeline, tmp_path: Path
) -> None:
    archived(world, pipeline)
    uploads = whole(world, pipeline, inventory(tmp_path, "cat.jpg"))

    (page,) = backfill(uploads, planner(world, pipeline), no_checkpoint(), FAST)

    assert page == {Decision.ARCHIVED: 1}


def test_what_was_archived_and_can_be_read_again_is_done_once(world: Buckets, pipeline: Pipeline) -> None:
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
        modified = datetime(2026, 1, 1, tzinfo=UTC)
        found = {"Key": "a.jpg", "ETag": '"e1"', "LastModified": modified, **told}
        asked: dict[str, Any] = {
            "Bucket": "uploads",
            "Prefix": "",
            "StartAfter": "",
            "OptionalObjectAttributes": ["RestoreStatus"],
        }
        asked |= {"MaxKeys": 1000}
        answers.add_response("list_objects_v2", {"Contents": [found], "IsTruncated": False}, asked)
        (page,) = list_bucket(client, "uploads", "", None)

    assert page.keys == (Listed("a.jpg", "e1", archived=archived, modified=modified),)


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
    world: Buckets, pipeline: Pipeline, told: dict[str, str], decision: Decision
) -> None:
    world.upload("cat.jpg", b"1")
    client = s3_client()
    client.meta.events.register("after-call.s3.HeadObject", lambda parsed, **_: parsed.update(told))
    asking = create_autospec(Pipeline, instance=True, uploads_bucket="uploads", derived_bucket="derived")
    asking.client.return_value = client
    asking.manifest_key.side_effect = pipeline.manifest_key

    (planned,) = Planner(asking, world.settings, selection(world)).plan([Listed("cat.jpg")])

    assert planned.decision is decision
