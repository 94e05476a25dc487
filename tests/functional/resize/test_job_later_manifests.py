"""Jobs that meet a manifest which another version wrote, or somebody spoiled."""

import json
from typing import Any

import pytest

from contract.manifest import Outcome
from support.function.buckets import Buckets
from support.function.job_steps import THUMB, must_not_render, rewrite

# A later schema of which all can be read, and one of which only the header can.
LATER = pytest.mark.parametrize("members", [{"schema": 9, "new": 1}, {"schema": 9, "times": "today", "outcome": "new"}])


@LATER
def test_a_newer_manifest_of_a_later_schema_is_not_overwritten(world: Buckets, members: dict[str, Any]) -> None:
    older, newer = world.upload("cat.jpg", b"old"), world.upload("cat.jpg", b"new")
    world.deliver(newer)
    rewrite(world, "cat.jpg", **members)
    before = world.manifest("cat.jpg")

    ended = world.deliver(older)

    assert ended.outcome is Outcome.SUPERSEDED
    assert world.manifest("cat.jpg") == before


@LATER
def test_what_an_older_manifest_of_a_later_schema_lists_goes_with_its_upload(
    world: Buckets, members: dict[str, Any]
) -> None:
    world.deliver(world.upload("cat.jpg", b"cat"))
    rewrite(world, "cat.jpg", **members)

    ended = world.deliver(world.delete("cat.jpg"))

    assert ended.outcome is Outcome.REMOVED
    assert world.derived() == {}


def test_the_repeated_job_of_an_outcome_that_a_later_version_has_is_left_alone(world: Buckets) -> None:
    upload = world.upload("cat.jpg", b"cat")
    world.deliver(upload)
    rewrite(world, "cat.jpg", schema=9, outcome="postponed", reason="too_beautiful")

    ended = world.deliver(upload, must_not_render)

    assert (ended.outcome, ended.duplicate) == ("postponed", True)


def test_a_manifest_of_schema_1_is_as_good_as_one_of_this(world: Buckets) -> None:
    upload = world.upload("cat.jpg", b"cat")
    world.deliver(upload)
    members = world.manifest("cat.jpg") | {"schema": 1}
    for name in ("source_expired", "shown", "preset", "delivery"):
        del members[name]
    world.client.put_object(Bucket="derived", Key="manifests/cat.jpg.json", Body=json.dumps(members).encode())

    assert world.deliver(upload, must_not_render).duplicate


def test_a_manifest_that_somebody_spoiled_is_written_anew(world: Buckets) -> None:
    world.client.put_object(Bucket="derived", Key="manifests/cat.jpg.json", Body=b"not a manifest")

    world.deliver(world.upload("cat.jpg", b"cat"))

    assert world.manifest("cat.jpg")["outcome"] == "resized"


def test_an_object_that_somebody_put_at_a_rendition_s_place_is_overwritten(world: Buckets) -> None:
    world.client.put_object(Bucket="derived", Key=THUMB, Body=b"not ours")

    world.deliver(world.upload("cat.jpg", b"cat"))

    assert world.shows(THUMB, b"cat")
