"""What is made in a bucket that others use too: all of it below a prefix, and nothing of others is touched."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError

from contract.errors import StorageError
from resize.settings import Settings
from support.function.buckets import Buckets, new_buckets, s3_client, settings

PREFIX = "made/"
THEIRS = {"thumb/cat.jpg.webp": b"theirs", "manifests/cat.jpg.json": b"theirs", "made/readme.txt": b"theirs"}


def shared(**variants: dict[str, Any]) -> Settings:
    return replace(settings(**variants), derived_prefix=PREFIX)


@pytest.fixture
def world() -> Iterator[Buckets]:
    """The derived bucket holds what others have put there, under names that would be ours without the prefix."""
    with new_buckets() as made:
        made.settings = shared()
        for key, body in THEIRS.items():
            made.client.put_object(Bucket="derived", Key=key, Body=body)
        yield made


def ours(world: Buckets) -> set[str]:
    """What the pipeline has made; what others have is looked at, too."""
    objects = dict(world._objects())  # noqa: SLF001 - all of the bucket
    assert {key: body for key, body in objects.items() if key in THEIRS} == THEIRS
    return objects.keys() - THEIRS.keys()


def manifest_of(world: Buckets) -> dict[str, Any]:
    body = world.client.get_object(Bucket="derived", Key="made/manifests/cat.jpg.json")["Body"].read()
    found: dict[str, Any] = json.loads(body)
    return found


def test_variants_and_manifest_are_below_the_prefix_and_the_manifest_tells_their_whole_keys(world: Buckets) -> None:
    world.deliver(world.upload("cat.jpg", b"A"))

    variants = {"made/large/cat.jpg.webp", "made/thumb/cat.jpg.webp"}
    assert ours(world) == {*variants, "made/manifests/cat.jpg.json"}
    assert {each["key"] for each in manifest_of(world)["renditions"]} == variants


def test_an_overwrite_a_deletion_and_other_variants_leave_nothing_behind(world: Buckets) -> None:
    world.deliver(world.upload("cat.jpg", b"A"))
    world.settings = replace(shared(icon={"width": 16}), function_version=1)
    world.deliver(world.upload("cat.jpg", b"B"))
    assert ours(world) == {"made/icon/cat.jpg.webp", "made/manifests/cat.jpg.json"}

    world.deliver(world.delete("cat.jpg"))

    assert ours(world) == {"made/manifests/cat.jpg.json"}


def client_that_breaks_at(key: str) -> tuple[Any, list[str]]:
    """A client whose connection breaks as it writes this; and the names of all that is asked."""
    client, asked = s3_client(), list[str]()

    def note(model: Any, params: dict[str, Any], **_: object) -> None:
        asked.append(model.name)
        if model.name == "PutObject" and params["url_path"].endswith(key):
            raise ConnectionClosedError(endpoint_url="s3")

    client.meta.events.register("before-call.s3", note)
    return client, asked


def test_what_an_attempt_left_behind_is_found_by_configured_and_recorded_variants_and_no_folder_is_listed(
    world: Buckets,
) -> None:
    world.settings = shared(large={"width": 1600}, old={"width": 9})
    world.deliver(world.upload("cat.jpg", b"A"))
    upload = world.upload("cat.jpg", b"B")
    client, _ = client_that_breaks_at("made/manifests/cat.jpg.json")
    with pytest.raises(StorageError):
        world.deliver(upload, client=client)
    world.settings = replace(shared(large={"width": 1600}), function_version=1)

    client, asked = client_that_breaks_at("nothing")
    world.deliver(upload, client=client, is_late=True)

    assert ours(world) == {"made/large/cat.jpg.webp", "made/manifests/cat.jpg.json"}
    assert "ListObjectsV2" not in asked


def test_a_retry_that_finds_its_source_gone_deletes_what_it_had_written(world: Buckets) -> None:
    upload = world.upload("cat.jpg", b"A")
    client, _ = client_that_breaks_at("made/manifests/cat.jpg.json")
    with pytest.raises(StorageError):
        world.deliver(upload, client=client)
    assert "made/large/cat.jpg.webp" in ours(world)
    gone = world.delete("cat.jpg")

    world.deliver(gone)
    world.deliver(upload, is_late=True)

    assert ours(world) == {"made/manifests/cat.jpg.json"}


def test_a_long_key_is_shortened_so_that_it_fits_with_the_prefix(world: Buckets) -> None:
    key = f"{'k' * 1010}.jpg"

    world.deliver(world.upload(key, b"A"))

    assert {len(each) for each in ours(world)} == {1024}
    assert all(each.startswith(PREFIX) for each in ours(world))
