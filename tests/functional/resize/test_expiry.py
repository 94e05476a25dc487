"""Sources that lifecycle rules take or archive, on moto: their variants go, or stay where they are to be kept."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from moto import mock_aws

from contract.errors import Reason, StorageError
from contract.events import EventType, ObjectEvent
from contract.manifest import Outcome
from resize.errors import ImageRejectedError
from resize.imaging.rendition import Rendered
from support.function.buckets import Buckets, s3_client, settings

VARIANTS = {"large/cat.jpg.webp", "thumb/cat.jpg.webp"}


@pytest.fixture
def keeping(world: Buckets) -> Buckets:
    """A pipeline whose variants outlive what expires."""
    world.settings = replace(world.settings, keep_variants_of_expired=True)
    return world


@pytest.fixture
def without_versions() -> Iterator[Buckets]:
    """The same, of a bucket that keeps no versions."""
    with mock_aws():
        client = s3_client()
        for bucket in ("uploads", "derived"):
            client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        yield Buckets(client=client, settings=replace(settings(), keep_variants_of_expired=True))


def refuse(_: bytes) -> Rendered:
    raise ImageRejectedError(Reason.CORRUPT, "cut off")


def must_not_render(_: bytes) -> Rendered:
    raise AssertionError("rendered")


def uploaded(world: Buckets, body: bytes = b"cat") -> ObjectEvent:
    """An upload that is resized."""
    event = world.upload("cat.jpg", body)
    world.deliver(event)
    return event


def test_what_expires_loses_its_variants(world: Buckets) -> None:
    uploaded(world)

    ended = world.deliver(world.expire("cat.jpg"))

    assert ended.outcome is Outcome.REMOVED
    assert world.derived() == {}


def test_an_expiry_that_an_upload_has_undone_is_superseded(world: Buckets) -> None:
    uploaded(world)
    expiry = world.expire("cat.jpg")
    world.upload("cat.jpg", b"new")

    assert world.deliver(expiry).outcome is Outcome.SUPERSEDED


def test_what_expires_keeps_its_variants_where_they_are_to_be_kept(keeping: Buckets) -> None:
    uploaded(keeping)
    before = keeping.manifest("cat.jpg")
    expiry = keeping.expire("cat.jpg")

    ended = keeping.deliver(expiry, must_not_render)

    assert ended.outcome is Outcome.RESIZED
    assert keeping.derived().keys() == VARIANTS
    source = before["source"] | {"sequencer": expiry.sequencer}
    assert keeping.manifest("cat.jpg") == before | {"source": source, "source_expired": True, "replaced": {}}


@pytest.mark.parametrize("told", [None, "null"])
def test_where_no_versions_are_kept_a_deletion_takes_the_variants_whichever_name_it_has_for_none(
    without_versions: Buckets, told: str | None
) -> None:
    """Who deletes the version `null` is told so; the upload's event and GetObject name no version."""
    uploaded(without_versions)

    ended = without_versions.deliver(replace(without_versions.delete("cat.jpg"), version_id=told))

    assert ended.outcome is Outcome.REMOVED
    assert without_versions.derived() == {}


@pytest.mark.parametrize("told", [None, "null"])
def test_nor_does_it_matter_to_an_upload_nor_to_an_expiry(without_versions: Buckets, told: str | None) -> None:
    upload = replace(without_versions.upload("cat.jpg", b"cat"), version_id=told)

    assert without_versions.deliver(upload).outcome is Outcome.RESIZED
    assert (
        without_versions.deliver(replace(without_versions.expire("cat.jpg"), version_id=told)).outcome
        is Outcome.RESIZED
    )
    assert without_versions.manifest("cat.jpg")["source_expired"]
    assert without_versions.derived().keys() == VARIANTS


def test_an_expiry_that_comes_twice_is_done_once(keeping: Buckets) -> None:
    uploaded(keeping)
    expiry = keeping.expire("cat.jpg")
    keeping.deliver(expiry)

    assert keeping.deliver(expiry, must_not_render).duplicate


Later = Callable[[Buckets, ObjectEvent], ObjectEvent]


def redelivered(_: Buckets, first: ObjectEvent) -> ObjectEvent:
    return first


def asked_for_again(_: Buckets, first: ObjectEvent) -> ObjectEvent:
    return replace(first, requested=first.time)


def an_old_version_deleted(world: Buckets, _: ObjectEvent) -> ObjectEvent:
    return replace(world.delete_version("cat.jpg", "gone"), version_id="v0")


def an_old_version_expired(_: Buckets, first: ObjectEvent) -> ObjectEvent:
    return replace(first, change=EventType.EXPIRED_FOR_GOOD, sequencer="F" * 20)


LATER = pytest.mark.parametrize("later", [redelivered, asked_for_again, an_old_version_deleted, an_old_version_expired])


@LATER
@pytest.mark.parametrize("is_before", [True, False])
def test_no_event_but_a_deletion_takes_what_is_kept(keeping: Buckets, later: Later, is_before: bool) -> None:
    first = uploaded(keeping)
    expiry = keeping.expire("cat.jpg")
    event = later(keeping, first)
    events = [event, expiry] if is_before else [expiry, event]

    for each in events:
        keeping.deliver(each)

    assert keeping.manifest("cat.jpg")["source_expired"]
    assert {each["key"] for each in keeping.manifest("cat.jpg")["renditions"]} == keeping.derived().keys() == VARIANTS


@pytest.mark.parametrize("is_before", [True, False])
def test_a_person_who_deletes_the_key_removes_what_is_kept(keeping: Buckets, is_before: bool) -> None:
    uploaded(keeping)
    events = [keeping.expire("cat.jpg"), keeping.delete("cat.jpg")]

    for each in reversed(events) if is_before else events:
        keeping.deliver(each)

    assert keeping.manifest("cat.jpg")["outcome"] == "removed"
    assert keeping.derived() == {}


@pytest.mark.parametrize("is_before", [True, False])
def test_a_person_who_deletes_the_expired_version_for_good_removes_what_is_kept(
    keeping: Buckets, is_before: bool
) -> None:
    first = uploaded(keeping)
    events = [keeping.expire("cat.jpg"), keeping.delete_version("cat.jpg", first.version_id)]

    for each in reversed(events) if is_before else events:
        keeping.deliver(each)

    assert keeping.manifest("cat.jpg")["outcome"] == "removed"
    assert keeping.derived() == {}


def test_a_new_upload_replaces_what_is_kept(keeping: Buckets) -> None:
    uploaded(keeping)
    keeping.deliver(keeping.expire("cat.jpg"))

    uploaded(keeping, b"new")

    assert keeping.shows("thumb/cat.jpg.webp", b"new")
    assert not keeping.manifest("cat.jpg")["source_expired"]


def test_an_expired_version_that_is_brought_back_is_as_any(keeping: Buckets) -> None:
    uploaded(keeping)
    expiry = keeping.expire("cat.jpg")
    keeping.deliver(expiry)

    keeping.deliver(keeping.delete_version("cat.jpg", expiry.version_id))

    assert not keeping.manifest("cat.jpg")["source_expired"]
    assert keeping.derived().keys() == VARIANTS


def test_variants_of_an_upload_before_the_one_that_expired_are_not_kept(keeping: Buckets) -> None:
    uploaded(keeping, b"old")
    keeping.upload("cat.jpg", b"new")  # its event has not come yet

    keeping.deliver(keeping.expire("cat.jpg"))

    assert keeping.manifest("cat.jpg")["outcome"] == "removed"
    assert keeping.derived() == {}


def test_an_upload_whose_event_comes_after_its_expiry_is_removed(keeping: Buckets) -> None:
    late = keeping.upload("cat.jpg", b"cat")
    keeping.deliver(keeping.expire("cat.jpg"))

    assert keeping.deliver(late, must_not_render).outcome is Outcome.SUPERSEDED
    assert keeping.manifest("cat.jpg")["outcome"] == "removed"
    assert keeping.derived() == {}


def test_of_a_rejected_upload_that_expires_nothing_is_kept(keeping: Buckets) -> None:
    keeping.deliver(keeping.upload("cat.jpg", b"cat"), refuse)

    assert keeping.deliver(keeping.expire("cat.jpg")).outcome is Outcome.REMOVED


def test_a_job_cut_short_over_kept_variants_makes_them_again_from_the_old_version(keeping: Buckets) -> None:
    first = uploaded(keeping)
    keeping.settings = replace(keeping.settings, cache_control="no-store", function_version=1)
    with pytest.raises(StorageError):
        keeping.deliver(first, client=keeping.client_that_cannot_write("manifests/cat.jpg.json"))
    keeping.settings = replace(keeping.settings, function_version=2)
    expiry = keeping.expire("cat.jpg")

    keeping.deliver(expiry)

    manifest, stored = keeping.manifest("cat.jpg"), {}
    for key in keeping.derived():
        stored[key] = keeping.client.head_object(Bucket="derived", Key=key)["ETag"].strip('"')
    assert manifest["source_expired"]
    assert {each["key"]: each["etag"] for each in manifest["renditions"]} == stored
    assert (manifest["source"]["version_id"], manifest["source"]["sequencer"]) == (first.version_id, expiry.sequencer)


@pytest.mark.parametrize("cut_off_at", ["large/cat.jpg.webp", "thumb/cat.jpg.webp", "manifests/cat.jpg.json"])
def test_a_job_cut_short_whose_version_is_deleted_for_good_leaves_nothing(keeping: Buckets, cut_off_at: str) -> None:
    uploaded(keeping, b"old")
    deletion = keeping.delete("cat.jpg")
    newer = keeping.upload("cat.jpg", b"new")
    with pytest.raises(StorageError):
        keeping.deliver(newer, client=keeping.client_that_cannot_write(cut_off_at))
    undone = keeping.delete_version("cat.jpg", newer.version_id)

    for event in (undone, newer, deletion):
        keeping.deliver(event)

    assert keeping.manifest("cat.jpg")["outcome"] == "removed"
    assert keeping.derived() == {}


def test_a_manifest_that_cannot_be_read_is_left_for_a_function_that_can(keeping: Buckets) -> None:
    uploaded(keeping)
    later = json.dumps(keeping.manifest("cat.jpg") | {"schema": 9, "times": "today"}).encode()
    keeping.client.put_object(Bucket="derived", Key="manifests/cat.jpg.json", Body=later)

    with pytest.raises(StorageError, match="LaterSchema"):
        keeping.deliver(keeping.expire("cat.jpg"))

    assert keeping.derived().keys() == VARIANTS


def test_an_expiry_in_a_bucket_without_versions_is_told_by_its_own_event(keeping: Buckets) -> None:
    uploaded(keeping)
    gone = replace(keeping.expire("cat.jpg"), change=EventType.EXPIRED_FOR_GOOD, version_id=None)

    keeping.deliver(gone)

    assert keeping.manifest("cat.jpg")["source_expired"]


# Storage classes, and whether S3 hands out what is in them.
def archived(world: Buckets, storage_class: str = "GLACIER") -> ObjectEvent:
    """An upload that is resized and archived, and is asked for again by another configuration."""
    first = uploaded(world)
    world.move("cat.jpg", storage_class)
    world.settings = replace(world.settings, cache_control="no-store", function_version=1)
    return replace(first, requested=first.time)


@pytest.mark.parametrize("storage_class", ["GLACIER", "DEEP_ARCHIVE"])
def test_an_archived_source_is_rejected_and_its_variants_are_left_alone(world: Buckets, storage_class: str) -> None:
    again = archived(world, storage_class)
    before, renditions = world.derived(), world.manifest("cat.jpg")["renditions"]

    ended = world.deliver(again)

    manifest = world.manifest("cat.jpg")
    assert ended.outcome is Outcome.REJECTED
    assert (manifest["reason"], manifest["detail"]) == ("archived", f"it lies in {storage_class}")
    assert (manifest["renditions"], manifest["source"]["width"]) == (renditions, 4000)
    assert world.derived() == before


def test_a_job_about_an_archived_source_that_comes_twice_is_done_once(world: Buckets) -> None:
    first = uploaded(world)
    world.move("cat.jpg", "GLACIER")
    world.settings = replace(world.settings, cache_control="no-store", function_version=1)
    world.deliver(first)

    assert world.deliver(first).duplicate


def test_an_archived_source_that_was_never_resized_has_no_variants(world: Buckets) -> None:
    world.settings = replace(world.settings, fallback_versions=0)
    uploaded(world, b"another")
    event = world.upload("cat.jpg", b"cat")
    world.move("cat.jpg", "GLACIER")

    ended = world.deliver(event)

    assert (ended.outcome, world.manifest("cat.jpg")["renditions"]) == (Outcome.REJECTED, [])
    assert world.derived() == {}


def test_of_a_job_cut_short_before_its_source_was_archived_what_is_listed_is_there(world: Buckets) -> None:
    first = uploaded(world)
    world.settings = replace(world.settings, cache_control="no-store", function_version=1)
    again = replace(first, requested=first.time)
    with pytest.raises(StorageError):
        world.deliver(again, client=world.client_that_cannot_write("thumb/cat.jpg.webp"))
    world.move("cat.jpg", "GLACIER")

    world.deliver(again)

    manifest = world.manifest("cat.jpg")
    assert [each["key"] for each in manifest["renditions"]] == ["thumb/cat.jpg.webp"]
    assert world.derived().keys() == {"thumb/cat.jpg.webp"}


@pytest.mark.parametrize("storage_class", ["GLACIER_IR", "STANDARD_IA", "INTELLIGENT_TIERING"])
def test_what_is_stored_for_less_and_can_be_read_is_resized(world: Buckets, storage_class: str) -> None:
    again = archived(world, storage_class)

    assert world.deliver(again).outcome is Outcome.RESIZED


def test_a_restored_source_is_resized(world: Buckets) -> None:
    again = archived(world)
    world.deliver(again)
    world.client.restore_object(Bucket="uploads", Key="cat.jpg", RestoreRequest={"Days": 1})

    assert world.deliver(again).outcome is Outcome.RESIZED
    assert world.manifest("cat.jpg")["reason"] is None


def test_a_tier_that_is_an_archive_is_named(world: Buckets) -> None:
    """S3 tells it of an object in INTELLIGENT_TIERING by its `ArchiveStatus`; moto has no such tier."""
    event = world.upload("cat.jpg", b"cat")
    world.move("cat.jpg", "GLACIER")
    client = s3_client()

    def tell(parsed: dict[str, Any], **_: object) -> None:
        parsed |= {"StorageClass": "INTELLIGENT_TIERING", "ArchiveStatus": "DEEP_ARCHIVE_ACCESS"}

    client.meta.events.register("after-call.s3.HeadObject", tell)

    world.deliver(event, client=client)

    assert world.manifest("cat.jpg")["detail"] == "it lies in DEEP_ARCHIVE_ACCESS"
