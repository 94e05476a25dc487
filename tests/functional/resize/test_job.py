"""Jobs, on moto: whatever is delivered, in whatever order, the newest upload's variants stand in the end."""

import gc
import json
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from threading import Barrier, Event
from typing import Any, cast
from urllib.parse import unquote

import pytest
from botocore.exceptions import ConnectionClosedError

from contract.errors import Reason, StorageError
from contract.manifest import Outcome
from resize.errors import ImageRejectedError, OutOfTimeError, SandboxError
from resize.executor import ThreadedMap
from resize.imaging.limits import Limits
from resize.imaging.rendition import Rendered
from resize.store import Store
from resize.uploads_bucket import SourceObject
from support.aws.memory_s3 import MemoryS3
from support.function.world import World, s3_client, settings

THUMB = "thumb/cat.jpg.webp"
LARGE = "large/cat.jpg.webp"


def refuse(_: bytes) -> Rendered:
    """Render nothing: the image is broken."""
    raise ImageRejectedError(Reason.CORRUPT, "cut off")


def must_not_render(_: bytes) -> Rendered:
    """Fail the test if anything is rendered."""
    raise AssertionError("rendered")


def calls(world: World, deliver: Callable[[], object]) -> list[str]:
    """The S3 operations that a delivery makes."""
    made: list[str] = []
    world.client.meta.events.register("before-call.s3", lambda model, **_: made.append(model.name), unique_id="calls")
    deliver()
    world.client.meta.events.unregister("before-call.s3", unique_id="calls")
    return made


def test_an_upload_becomes_every_variant_and_a_manifest_that_describes_them(world: World) -> None:
    ended = world.deliver(world.upload("cat.jpg", b"cat"))

    assert ended.outcome is Outcome.RESIZED
    derived = world.derived()
    assert set(derived) == {LARGE, THUMB}
    for rendition in world.manifest("cat.jpg")["renditions"]:
        head = world.client.head_object(Bucket="derived", Key=rendition["key"])
        assert rendition["bytes"] == len(derived[rendition["key"]])
        assert (f'"{rendition["etag"]}"', rendition["content_type"]) == (head["ETag"], head["ContentType"])


def test_a_key_that_xml_cannot_hold_is_resized_and_removed_like_any_other(world: World) -> None:
    key = "it's \x1b[2J.jpg"  # S3 names the key where it has no such object, and its answer is no XML then

    resized = world.deliver(world.upload(key, b"cat"))
    removed = world.deliver(world.delete(key))

    assert (resized.outcome, removed.outcome) == (Outcome.RESIZED, Outcome.REMOVED)
    assert world.derived() == {}


def test_a_manifest_tells_of_the_upload_that_it_is_about(world: World) -> None:
    upload = world.upload("cat.jpg", b"cat")

    world.deliver(upload)

    manifest = world.manifest("cat.jpg")
    assert manifest["source"] == {
        "bucket": "uploads",
        "key": "cat.jpg",
        "version_id": upload.version_id,
        "etag": upload.etag,
        "size": 3,
        "sequencer": upload.sequencer,
        "format": "jpeg",
        "width": 4000,
        "height": 3000,
        "frames": 1,
    }
    assert manifest["srcset"] == "large/cat.jpg.webp 1600w"


def test_renditions_carry_the_configured_cache_control_and_manifests_are_never_stale(world: World) -> None:
    world.deliver(world.upload("cat.jpg", b"cat"))

    assert world.client.head_object(Bucket="derived", Key=THUMB)["CacheControl"] == world.settings.cache_control
    assert world.client.head_object(Bucket="derived", Key="manifests/cat.jpg.json")["CacheControl"] == "no-cache"


def test_a_finished_job_that_is_delivered_again_costs_one_request_and_writes_nothing(world: World) -> None:
    upload = world.upload("cat.jpg", b"cat")
    world.deliver(upload)

    requests = calls(world, lambda: world.deliver(upload, must_not_render))

    assert requests == ["GetObject"]


def test_a_delivery_that_repeats_says_so_and_gives_the_same_outcome(world: World) -> None:
    upload = world.upload("cat.jpg", b"cat")
    first = world.deliver(upload)

    again = world.deliver(upload)

    assert (first.duplicate, again.duplicate) == (False, True)
    assert (again.outcome, again.manifest) == (first.outcome, first.manifest)


def test_a_fresh_upload_costs_two_reads_and_a_write_for_each_derived_object(world: World) -> None:
    upload = world.upload("cat.jpg", b"cat")

    requests = calls(world, lambda: world.deliver(upload))

    assert requests == ["GetObject", "GetObject", "PutObject", "PutObject", "PutObject"]


def test_renditions_are_written_side_by_side_and_the_manifest_after_them(world: World) -> None:
    """Each rendition's request waits until the other's has begun; no other request does."""
    client, both = s3_client(), Barrier(2, timeout=30)
    begun: list[str] = []

    def meet(params: dict[str, Any], **_: object) -> None:
        begun.append(unquote(params["url_path"]))
        if begun[-1].endswith((LARGE, THUMB)):
            both.wait()

    client.meta.events.register("before-call.s3.PutObject", meet)
    with ThreadPoolExecutor(2) as threads:
        ended = replace(world, for_each=ThreadedMap(threads)).deliver(world.upload("cat.jpg", b"cat"), client=client)

    assert ended.outcome is Outcome.RESIZED
    assert begun[2:] == ["/manifests/cat.jpg.json"]


def test_what_is_written_beside_a_write_that_finds_a_newer_upload_is_withdrawn(world: World) -> None:
    """The thumb's request rests until the large one's has been refused; what it writes then must not stay."""
    upload = world.upload("cat.jpg", b"cat")
    client, refused = s3_client(), Event()

    def rest(params: dict[str, Any], **_: object) -> None:
        if unquote(params["url_path"]).endswith(THUMB):
            assert refused.wait(30)

    client.meta.events.register("before-call.s3.PutObject", rest)
    client.meta.events.register("after-call.s3.HeadObject", lambda **_: refused.set())
    newer = {"darkroom-order": "FFFFFFFFFFFFFFFF.0"}

    def overtaken(source: bytes) -> Rendered:
        world.client.put_object(Bucket="derived", Key=LARGE, Body=b"newer", Metadata=newer)
        return world.render(source)

    with ThreadPoolExecutor(2) as threads:
        ended = replace(world, for_each=ThreadedMap(threads)).deliver(upload, overtaken, client)

    assert ended.outcome is Outcome.SUPERSEDED
    assert world.derived() == {LARGE: b"newer"}


def test_an_older_upload_never_overwrites_a_newer_one(world: World) -> None:
    older, newer = world.upload("cat.jpg", b"old"), world.upload("cat.jpg", b"new")
    world.deliver(newer)

    ended = world.deliver(older, must_not_render)

    assert ended.outcome is Outcome.SUPERSEDED
    assert world.shows(THUMB, b"new")
    assert world.manifest("cat.jpg")["source"]["version_id"] == newer.version_id


def test_an_upload_that_has_been_overwritten_is_not_rendered(world: World) -> None:
    older = world.upload("cat.jpg", b"old")
    world.upload("cat.jpg", b"new")

    assert world.deliver(older, must_not_render).outcome is Outcome.SUPERSEDED
    assert world.derived() == {}


def test_a_slow_job_does_not_overwrite_the_newer_one_that_overtook_it(world: World) -> None:
    older = world.upload("cat.jpg", b"old")

    def overtaken(source: bytes) -> Rendered:
        rendered = world.render(source)
        world.deliver(world.upload("cat.jpg", b"new"))
        return rendered

    ended = world.deliver(older, overtaken)

    assert ended.outcome is Outcome.SUPERSEDED
    assert world.shows(THUMB, b"new")
    assert world.shows(LARGE, b"new")


def test_a_slow_job_is_not_fooled_by_a_picture_that_comes_back(world: World) -> None:
    """A, B, A again: were the two As' renditions equal, B's writer would take the second for the first it has seen."""
    world.deliver(world.upload("cat.jpg", b"A"))
    slow = world.upload("cat.jpg", b"B")

    def overtaken(source: bytes) -> Rendered:
        rendered = world.render(source)
        world.deliver(world.upload("cat.jpg", b"A"))
        return rendered

    ended = world.deliver(slow, overtaken)

    assert ended.outcome is Outcome.SUPERSEDED
    assert world.shows(THUMB, b"A")
    assert world.shows(LARGE, b"A")


def test_a_deleted_source_has_no_variants(world: World) -> None:
    world.deliver(world.upload("cat.jpg", b"cat"))

    ended = world.deliver(world.delete("cat.jpg"))

    assert ended.outcome is Outcome.REMOVED
    assert world.derived() == {}
    assert world.manifest("cat.jpg")["outcome"] == "removed"


def test_a_slow_job_does_not_bring_back_a_key_that_was_deleted_meanwhile(world: World) -> None:
    upload = world.upload("cat.jpg", b"cat")

    def overtaken(source: bytes) -> Rendered:
        rendered = world.render(source)
        world.deliver(world.delete("cat.jpg"))
        return rendered

    ended = world.deliver(upload, overtaken)

    assert ended.outcome is Outcome.SUPERSEDED
    assert world.derived() == {}
    assert world.manifest("cat.jpg")["outcome"] == "removed"


def test_a_removed_key_s_manifest_is_tagged_so_that_s3_can_expire_it(world: World) -> None:
    world.upload("cat.jpg", b"cat")
    world.deliver(world.delete("cat.jpg"))

    tags = world.client.get_object_tagging(Bucket="derived", Key="manifests/cat.jpg.json")["TagSet"]

    assert tags == [{"Key": "darkroom-outcome", "Value": "removed"}]


def test_a_key_uploaded_again_after_its_deletion_is_no_longer_tagged_as_removed(world: World) -> None:
    world.upload("cat.jpg", b"cat")
    world.deliver(world.delete("cat.jpg"))

    world.deliver(world.upload("cat.jpg", b"cat"))

    assert world.client.get_object_tagging(Bucket="derived", Key="manifests/cat.jpg.json")["TagSet"] == []
    assert world.shows(THUMB, b"cat")


def test_an_upload_event_that_comes_after_its_deletion_is_superseded(world: World) -> None:
    upload = world.upload("cat.jpg", b"cat")
    world.deliver(world.delete("cat.jpg"))

    assert world.deliver(upload, must_not_render).outcome is Outcome.SUPERSEDED
    assert world.derived() == {}


def test_an_upload_whose_source_is_gone_is_removed(world: World) -> None:
    upload = world.upload("cat.jpg", b"cat")
    world.delete("cat.jpg")

    assert world.deliver(upload, must_not_render).outcome is Outcome.REMOVED


def test_a_deletion_that_was_undone_by_a_new_upload_is_superseded(world: World) -> None:
    world.upload("cat.jpg", b"cat")
    deletion = world.delete("cat.jpg")
    world.upload("cat.jpg", b"cat")

    assert world.deliver(deletion, must_not_render).outcome is Outcome.SUPERSEDED


def test_when_the_current_version_is_deleted_the_one_before_it_has_its_variants_back(world: World) -> None:
    world.deliver(world.upload("cat.jpg", b"old"))
    newer = world.upload("cat.jpg", b"new")
    world.deliver(newer)

    world.deliver(world.delete_version("cat.jpg", newer.version_id))

    assert world.shows(THUMB, b"old")
    assert world.shows(LARGE, b"old")


def test_a_delete_marker_that_is_taken_away_again_brings_the_variants_back(world: World) -> None:
    world.deliver(world.upload("cat.jpg", b"cat"))
    marker = world.delete("cat.jpg")
    world.deliver(marker)

    world.deliver(world.delete_version("cat.jpg", marker.version_id))

    assert world.shows(THUMB, b"cat")


def test_an_old_version_that_is_deleted_changes_no_picture(world: World) -> None:
    older = world.upload("cat.jpg", b"old")
    world.deliver(world.upload("cat.jpg", b"new"))

    world.deliver(world.delete_version("cat.jpg", older.version_id))

    assert world.shows(THUMB, b"new")
    assert world.manifest("cat.jpg")["outcome"] == "resized"


def test_deleting_an_old_version_reads_and_writes_nothing(world: World) -> None:
    older, newer = world.upload("cat.jpg", b"old"), world.upload("cat.jpg", b"new")
    first = world.deliver(newer)
    gone = world.delete_version("cat.jpg", older.version_id)

    made: list[str] = []
    requests = calls(world, lambda: made.append(world.deliver(gone, must_not_render).outcome))

    assert made == [first.outcome]
    assert set(requests) <= {"GetObject", "HeadObject"}


def test_deleting_an_old_version_says_that_nothing_was_left_to_do(world: World) -> None:
    older, newer = world.upload("cat.jpg", b"old"), world.upload("cat.jpg", b"new")
    first = world.deliver(newer)

    ended = world.deliver(world.delete_version("cat.jpg", older.version_id))

    assert (ended.outcome, ended.duplicate, ended.manifest) == (Outcome.RESIZED, True, first.manifest)


def test_deleting_an_old_version_renders_the_current_one_where_the_recipe_is_another(world: World) -> None:
    older = world.upload("cat.jpg", b"old")
    world.deliver(world.upload("cat.jpg", b"new"))
    world.settings = replace(settings(tiny={"width": 16}), generation=1)

    ended = world.deliver(world.delete_version("cat.jpg", older.version_id))

    assert not ended.duplicate
    assert set(world.derived()) == {"tiny/cat.jpg.webp"}


@pytest.mark.parametrize("damage", ["gone", "another's"])
def test_deleting_a_version_makes_good_what_is_not_as_the_manifest_lists_it(damage: str, world: World) -> None:
    """As a job of the deleted version has left it that was cut short, and whose message is a dead letter by now."""
    world.deliver(world.upload("cat.jpg", b"kept"))
    undone = world.upload("cat.jpg", b"undone")
    if damage == "gone":
        world.client.delete_object(Bucket="derived", Key=THUMB)
    else:
        with pytest.raises(StorageError):
            world.deliver(undone, client=world.client_that_cannot_write("manifests/cat.jpg.json"))

    world.deliver(world.delete_version("cat.jpg", undone.version_id))

    assert world.shows(THUMB, b"kept")
    assert world.shows(LARGE, b"kept")


def test_a_slow_job_whose_upload_was_taken_back_meanwhile_makes_good_what_it_wrote(world: World) -> None:
    """The taking back finds the manifest true, which keeps its order: so the slow job is the later one."""
    world.deliver(world.upload("cat.jpg", b"kept"))
    slow = world.upload("cat.jpg", b"taken back")
    taken_back: list[bool] = []

    def overtaken(source: bytes) -> Rendered:
        if not taken_back:
            event = world.delete_version("cat.jpg", slow.version_id)
            taken_back.append(world.deliver(event, must_not_render).duplicate)
        return world.render(source)

    world.deliver(slow, overtaken)

    assert taken_back == [True]
    assert world.shows(THUMB, b"kept")
    assert world.shows(LARGE, b"kept")


def test_a_slow_deletion_that_was_taken_back_meanwhile_brings_the_variants_back(world: World) -> None:
    world.deliver(world.upload("cat.jpg", b"kept"))
    slow, client = world.delete("cat.jpg"), s3_client()
    taken_back: list[bool] = []

    def take_back(**_: object) -> None:
        if not taken_back:
            event = world.delete_version("cat.jpg", slow.version_id)
            taken_back.append(world.deliver(event, must_not_render).duplicate)

    client.meta.events.register("before-call.s3.PutObject", take_back)
    world.deliver(slow, client=client)

    assert taken_back == [True]
    assert world.manifest("cat.jpg")["outcome"] == "resized"
    assert world.shows(THUMB, b"kept")


@pytest.mark.parametrize("generation", [0, 1])
def test_a_job_cut_short_after_its_manifest_makes_good_an_upload_that_was_taken_back(
    generation: int, world: World
) -> None:
    """Whether its message comes again under the same recipe or another."""
    world.deliver(world.upload("cat.jpg", b"kept"))
    slow = world.upload("cat.jpg", b"taken back")
    with pytest.raises(StorageError, match="HeadObject"):
        world.deliver(slow, client=world.client_that_is_answered("HeadObject", 500, "InternalError", times=1))
    world.client.delete_object(Bucket="uploads", Key="cat.jpg", VersionId=slow.version_id or "")
    if generation:
        world.settings = replace(world.settings, cache_control="no-store", generation=generation)

    world.deliver(slow)

    assert world.shows(THUMB, b"kept")


def test_a_delete_marker_that_is_taken_away_before_its_event_came_brings_the_variants_back(world: World) -> None:
    """The upload's event came while the marker was there, so the manifest says of this very version that it is gone."""
    upload = world.upload("cat.jpg", b"cat")
    marker = world.delete("cat.jpg")
    world.deliver(upload, must_not_render)

    world.deliver(world.delete_version("cat.jpg", marker.version_id))

    assert world.shows(THUMB, b"cat")


def test_a_version_without_an_id_of_its_own_is_rendered_when_another_is_deleted(world: World) -> None:
    """Versioning is suspended: the version "null" may be another by now, though its ETag is the same."""
    older = world.upload("cat.jpg", b"cat")
    world.client.put_bucket_versioning(Bucket="uploads", VersioningConfiguration={"Status": "Suspended"})
    newer = replace(older, version_id="null", sequencer="00000000000000FF")
    world.client.put_object(Bucket="uploads", Key="cat.jpg", Body=b"cat")
    world.deliver(newer)

    gone = replace(world.delete_version("cat.jpg", older.version_id), sequencer="0000000000000FFF")

    assert not world.deliver(gone).duplicate


def test_a_broken_image_is_rejected_with_its_reason(world: World) -> None:
    ended = world.deliver(world.upload("cat.jpg", b"cat"), refuse)

    assert ended.outcome is Outcome.REJECTED
    manifest = world.manifest("cat.jpg")
    assert (manifest["outcome"], manifest["reason"], manifest["detail"]) == ("rejected", "corrupt", "cut off")


def test_a_broken_image_takes_the_variants_of_the_upload_before_it_away(world: World) -> None:
    world.deliver(world.upload("cat.jpg", b"cat"))

    world.deliver(world.upload("cat.jpg", b"broken"), refuse)

    assert world.derived() == {}


FAULTS = (ImageRejectedError(Reason.CORRUPT, "cut off"), OutOfTimeError("too late"), SandboxError("did not start"))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
def test_no_error_keeps_a_source_in_memory_until_its_batch_has_ended(fault: Exception) -> None:
    world = World(client=cast("Any", MemoryS3(versioned=frozenset({"uploads"}))), settings=settings())

    def fail(source: bytes) -> Rendered:
        try:
            memoryview(source)[len(source)]
        except IndexError as cause:
            raise fault from cause
        raise AssertionError("an index that does not exist")

    upload = world.upload("cat.jpg", bytes(30_000_000))
    gc.disable()
    tracemalloc.start()
    try:
        with suppress(OutOfTimeError, SandboxError):
            world.deliver(upload, fail)

        assert tracemalloc.get_traced_memory()[0] < 20_000_000
        assert fault.__traceback__ is not None
    finally:
        tracemalloc.stop()
        gc.enable()


def test_no_error_of_the_storage_keeps_renditions_in_memory_until_its_batch_has_ended() -> None:
    class Full(MemoryS3):
        def put_object(self, **request: Any) -> dict[str, Any]:
            if request["Bucket"] == "derived":
                raise ConnectionClosedError(endpoint_url="s3")
            return super().put_object(**request)

    def enlarge(_: bytes) -> Rendered:
        small = world.render(b"cat")
        return replace(small, renditions=tuple(replace(one, body=bytes(30_000_000)) for one in small.renditions))

    world = World(client=cast("Any", Full(versioned=frozenset({"uploads"}))), settings=settings())
    upload = world.upload("cat.jpg", b"cat")
    gc.disable()
    tracemalloc.start()
    try:
        with pytest.raises(StorageError) as failed:
            world.deliver(upload, enlarge)

        assert tracemalloc.get_traced_memory()[0] < 20_000_000
        assert failed.value.__traceback__ is not None
    finally:
        tracemalloc.stop()
        gc.enable()


def original(size: int, body: bytes) -> SourceObject:
    """What S3 gives of an upload, which has so many bytes as it says."""
    return SourceObject(version_id=None, etag="", size=size, modified=datetime.now(UTC), body=BytesIO(body))


def test_a_body_that_ends_early_is_a_fault_of_the_storage(world: World) -> None:
    store = Store(world.client, world.settings, world.upload("cat.jpg", b"cat"), is_retry=False)

    with pytest.raises(StorageError) as failed:
        store.uploads.read(original(4, b"cat"))

    assert failed.value.code == "StorageError.GetObject.IncompleteBody"


@pytest.mark.parametrize("size", [0, 1, 30_000_000])
def test_a_body_of_any_length_is_read_whole_and_into_memory_of_its_size(size: int, world: World) -> None:
    store, body = Store(world.client, world.settings, world.upload("cat.jpg", b"cat"), is_retry=False), bytes(size)
    tracemalloc.start()
    try:
        read = store.uploads.read(original(size, body))

        assert tracemalloc.get_traced_memory()[1] < size + 3_000_000
    finally:
        tracemalloc.stop()
    assert read == body


def test_an_image_over_the_byte_limit_is_rejected_unread(world: World) -> None:
    world.settings = replace(world.settings, limits=Limits(source_bytes=2))

    ended = world.deliver(world.upload("cat.jpg", b"cat"), must_not_render)

    assert ended.manifest is not None
    assert (ended.manifest.reason, ended.manifest.detail) == (Reason.TOO_MANY_BYTES, "3 bytes, the limit is 2")


def test_a_variant_that_is_no_longer_configured_goes_with_the_next_upload(world: World) -> None:
    world.deliver(world.upload("cat.jpg", b"cat"))
    world.settings = settings(large={"width": 1600})

    world.deliver(world.upload("cat.jpg", b"cat"))

    assert set(world.derived()) == {LARGE}


def test_a_job_delivered_again_under_another_recipe_is_done_anew(world: World) -> None:
    upload = world.upload("cat.jpg", b"cat")
    world.deliver(upload)
    world.settings = replace(settings(tiny={"width": 16}), generation=1)

    ended = world.deliver(upload)

    assert (ended.outcome, ended.duplicate) == (Outcome.RESIZED, False)
    assert set(world.derived()) == {"tiny/cat.jpg.webp"}


def test_a_job_that_was_cut_short_is_completed_by_its_next_delivery(world: World) -> None:
    upload = world.upload("cat.jpg", b"cat")
    with pytest.raises(StorageError):
        world.deliver(upload, client=world.client_that_cannot_write("manifests/cat.jpg.json"))

    ended = world.deliver(upload)

    assert ended.outcome is Outcome.RESIZED
    assert set(world.derived()) == {LARGE, THUMB}


def test_what_a_job_cut_short_has_written_goes_when_it_turns_out_superseded(world: World) -> None:
    world.settings = settings(keep={"width": 10, "format": "source"})
    upload = world.upload("cat.jpg", b"cat")
    with pytest.raises(StorageError):
        world.deliver(upload, client=world.client_that_cannot_write("manifests/cat.jpg.json"))
    assert set(world.derived()) == {"keep/cat.jpg.png"}
    world.deliver(world.delete("cat.jpg"))

    ended = world.deliver(upload)

    assert ended.outcome is Outcome.SUPERSEDED
    assert world.derived() == {}


def rewrite(world: World, key: str, **members: Any) -> None:
    """Change a manifest, as another version of Darkroom would have written it."""
    body = json.dumps(world.manifest(key) | members).encode()
    world.client.put_object(Bucket="derived", Key=f"manifests/{key}.json", Body=body)


# A later schema of which all can be read, and one of which only the header can.
LATER = pytest.mark.parametrize("members", [{"schema": 9, "new": 1}, {"schema": 9, "times": "today", "outcome": "new"}])


@LATER
def test_a_newer_manifest_of_a_later_schema_is_not_overwritten(world: World, members: dict[str, Any]) -> None:
    older, newer = world.upload("cat.jpg", b"old"), world.upload("cat.jpg", b"new")
    world.deliver(newer)
    rewrite(world, "cat.jpg", **members)
    before = world.manifest("cat.jpg")

    ended = world.deliver(older)

    assert ended.outcome is Outcome.SUPERSEDED
    assert world.manifest("cat.jpg") == before


@LATER
def test_what_an_older_manifest_of_a_later_schema_lists_goes_with_its_upload(
    world: World, members: dict[str, Any]
) -> None:
    world.deliver(world.upload("cat.jpg", b"cat"))
    rewrite(world, "cat.jpg", **members)

    ended = world.deliver(world.delete("cat.jpg"))

    assert ended.outcome is Outcome.REMOVED
    assert world.derived() == {}


def test_the_repeated_job_of_an_outcome_that_a_later_version_has_is_left_alone(world: World) -> None:
    upload = world.upload("cat.jpg", b"cat")
    world.deliver(upload)
    rewrite(world, "cat.jpg", schema=9, outcome="postponed", reason="too_beautiful")

    ended = world.deliver(upload, must_not_render)

    assert (ended.outcome, ended.duplicate) == ("postponed", True)


def test_a_manifest_of_schema_1_is_as_good_as_one_of_this(world: World) -> None:
    upload = world.upload("cat.jpg", b"cat")
    world.deliver(upload)
    members = world.manifest("cat.jpg") | {"schema": 1}
    for name in ("source_expired", "shown", "preset"):
        del members[name]
    world.client.put_object(Bucket="derived", Key="manifests/cat.jpg.json", Body=json.dumps(members).encode())

    assert world.deliver(upload, must_not_render).duplicate


def test_a_manifest_that_somebody_spoiled_is_written_anew(world: World) -> None:
    world.client.put_object(Bucket="derived", Key="manifests/cat.jpg.json", Body=b"not a manifest")

    world.deliver(world.upload("cat.jpg", b"cat"))

    assert world.manifest("cat.jpg")["outcome"] == "resized"


def test_an_object_that_somebody_put_at_a_rendition_s_place_is_overwritten(world: World) -> None:
    world.client.put_object(Bucket="derived", Key=THUMB, Body=b"not ours")

    world.deliver(world.upload("cat.jpg", b"cat"))

    assert world.shows(THUMB, b"cat")


def test_a_name_too_long_is_shortened_and_the_manifest_says_so(world: World) -> None:
    key = "k" * 1024

    ended = world.deliver(world.upload(key, b"cat"))

    assert ended.manifest is not None
    assert [rendition.shortened for rendition in ended.manifest.renditions] == [True, True]
    assert set(world.derived()) == {rendition.key for rendition in ended.manifest.renditions}


def test_a_bucket_that_is_gone_is_the_world_s_fault(world: World) -> None:
    upload = world.upload("cat.jpg", b"cat")
    world.settings = replace(world.settings, derived_bucket="elsewhere")

    with pytest.raises(StorageError, match=r"GetObject of 'manifests/cat.jpg.json' failed: NoSuchBucket"):
        world.deliver(upload)


def test_a_conflict_with_another_writer_means_to_try_again(world: World) -> None:
    """S3 sends 409 ConditionalRequestConflict beside 412 while another write is under way; moto does not."""
    upload = world.upload("cat.jpg", b"cat")
    client = world.client_that_is_answered("PutObject", 409, "ConditionalRequestConflict", times=3)

    ended = world.deliver(upload, client=client)

    assert ended.outcome is Outcome.RESIZED
    assert world.shows(THUMB, b"cat")


def test_conflicts_without_end_are_left_to_the_queue(world: World) -> None:
    upload = world.upload("cat.jpg", b"cat")
    client = world.client_that_is_answered("PutObject", 409, "ConditionalRequestConflict", times=1000)

    with pytest.raises(StorageError, match="races in a row"):
        world.deliver(upload, client=client)


@pytest.mark.parametrize(
    ("operation", "status", "code"),
    [
        ("PutObject", 500, "InternalError"),
        ("PutObject", 503, "SlowDown"),
        ("PutObject", 403, "AccessDenied"),
        ("GetObject", 503, "SlowDown"),
        ("GetObject", 403, "AccessDenied"),
    ],
)
def test_what_s3_refuses_is_the_world_s_fault_and_is_made_up_for_later(
    operation: str, status: int, code: str, world: World
) -> None:
    upload = world.upload("cat.jpg", b"cat")

    with pytest.raises(StorageError, match=f"S3 {operation} of .* failed: {code}"):
        world.deliver(upload, client=world.client_that_is_answered(operation, status, code, times=1000))

    assert world.deliver(upload).outcome is Outcome.RESIZED


def test_a_write_whose_answer_was_lost_is_found_to_be_done(world: World) -> None:
    upload = world.upload("cat.jpg", b"cat")
    with pytest.raises(StorageError):
        world.deliver(upload, client=world.client_that_hears_no_answer("PutObject"))
    assert set(world.derived()) == {LARGE}

    requests = calls(world, lambda: world.deliver(upload))

    # The first write is refused, for what it would write is there; it is looked at, and stays.
    assert [name for name in requests if name != "GetObject"][:2] == ["PutObject", "HeadObject"]
    assert requests.count("PutObject") == 3


def test_what_a_job_cut_short_wrote_under_variants_since_removed_goes_with_its_next_delivery(world: World) -> None:
    upload = world.upload("cat.jpg", b"cat")
    with pytest.raises(StorageError):
        world.deliver(upload, client=world.client_that_cannot_write("manifests/cat.jpg.json"))
    world.settings = replace(settings(tiny={"width": 16}), generation=1)

    world.deliver(upload)

    assert set(world.derived()) == {"tiny/cat.jpg.webp"}


def test_an_older_version_of_the_function_does_not_undo_what_a_newer_one_made_of_the_same_event(world: World) -> None:
    upload = world.upload("cat.jpg", b"cat")
    older = replace(world)
    world.settings = replace(settings(large={"width": 1200}), generation=1)

    def overtaken(source: bytes) -> Rendered:
        rendered = older.render(source)
        world.deliver(upload)
        return rendered

    ended = older.deliver(upload, overtaken)

    assert ended.outcome is Outcome.SUPERSEDED
    assert set(world.derived()) == {LARGE}
    assert b"1200 wide" in world.derived()[LARGE]


def test_of_two_deliveries_of_one_job_at_the_same_time_the_slower_finds_it_done(world: World) -> None:
    upload = world.upload("cat.jpg", b"cat")

    def overtaken(source: bytes) -> Rendered:
        world.deliver(upload)
        return world.render(source)

    ended = world.deliver(upload, overtaken)

    assert (ended.outcome, set(world.derived())) == (Outcome.RESIZED, {LARGE, THUMB})
    listed = {each["key"]: each["etag"] for each in world.manifest("cat.jpg")["renditions"]}
    found = {key: world.client.head_object(Bucket="derived", Key=key)["ETag"].strip('"') for key in listed}
    assert found == listed


def listed_at_each_request(world: World, key: str) -> Callable[[], list[str]]:
    """Watch a key: the answer tells which derived objects its manifest listed at any request, and were not there."""
    missing: list[str] = []
    looking = False

    def look(**_: object) -> None:
        nonlocal looking
        if looking:
            return
        looking = True
        missing.extend({each["key"] for each in world.manifest(key)["renditions"]} - world.derived().keys())
        looking = False

    world.client.meta.events.register("before-call.s3", look)
    return lambda: missing


@pytest.mark.parametrize("is_late", [False, True])
@pytest.mark.parametrize("generation", [0, 1])
def test_variants_that_the_manifest_lists_stay_when_their_job_comes_again_and_is_superseded(
    generation: int, is_late: bool, world: World
) -> None:
    """As one of a backfill, or of an old event after a deployment; the newer upload's event waits meanwhile."""
    upload = world.upload("cat.jpg", b"cat")
    world.deliver(upload)
    world.upload("cat.jpg", b"newer")
    world.settings = replace(world.settings, cache_control="no-store", generation=generation)

    ended = world.deliver(replace(upload, requested=upload.time), must_not_render, is_late=is_late)

    assert ended.outcome is Outcome.SUPERSEDED
    assert world.shows(LARGE, b"cat")
    assert world.shows(THUMB, b"cat")


def test_while_a_job_is_done_under_another_recipe_no_listed_variant_is_missing(world: World) -> None:
    upload = world.upload("cat.jpg", b"cat")
    world.deliver(upload)
    world.settings = replace(settings(large={"width": 1600, "format": "jpeg"}, tiny={"width": 16}), generation=1)
    missing = listed_at_each_request(world, "cat.jpg")

    world.deliver(upload)

    assert set(world.derived()) == {"large/cat.jpg.jpg", "tiny/cat.jpg.webp"}
    assert missing() == []


@pytest.mark.parametrize("comes", ["it again", "a newer upload", "a deletion", "a backfill", "an older upload"])
def test_what_a_job_replaced_and_did_not_come_to_delete_is_deleted_by_whoever_comes(comes: str, world: World) -> None:
    older = world.upload("cat.jpg", b"cat")
    world.deliver(world.upload("cat.jpg", b"cat"))
    renamed = world.upload("cat.jpg", b"cat")
    world.settings = replace(settings(huge={"width": 1600}), generation=1)
    with pytest.raises(StorageError, match="DeleteObject"):
        world.deliver(renamed, client=world.client_that_is_answered("DeleteObject", 500, "InternalError", times=1))
    assert set(world.derived()) == {LARGE, THUMB, "huge/cat.jpg.webp"}

    world.deliver(
        {
            "it again": lambda: renamed,
            "a newer upload": lambda: world.upload("cat.jpg", b"cat"),
            "a deletion": lambda: world.delete("cat.jpg"),
            "a backfill": lambda: replace(renamed, requested=renamed.time),
            "an older upload": lambda: older,
        }[comes]()
    )

    assert set(world.derived()) == (set() if comes == "a deletion" else {"huge/cat.jpg.webp"})


def test_a_folder_s_marker_leaves_nothing_and_so_does_its_deletion(world: World) -> None:
    marker = world.upload("photos/", b"")

    made = world.deliver(marker, must_not_render)
    again = world.deliver(marker, must_not_render)
    deleted = world.deliver(world.delete("photos/"), must_not_render)

    assert [made.outcome, again.outcome, deleted.outcome] == [Outcome.FOLDER] * 3
    assert world.client.list_objects_v2(Bucket="derived")["KeyCount"] == 0


def test_an_image_whose_key_ends_like_a_folder_is_resized_and_removed_like_any_other(world: World) -> None:
    resized = world.deliver(world.upload("photos/", b"cat"))
    removed = world.deliver(world.delete("photos/"))

    assert (resized.outcome, removed.outcome) == (Outcome.RESIZED, Outcome.REMOVED)
    assert world.derived() == {}


@pytest.mark.parametrize("before", [b"cat", b"broken"])
def test_a_folder_s_marker_removes_what_was_recorded_of_its_key_once(before: bytes, world: World) -> None:
    """As an image that it overwrites, or as an earlier release recorded of a marker: "rejected: empty"."""
    world.deliver(world.upload("photos/", before), refuse if before == b"broken" else None)
    marker = world.upload("photos/", b"")

    ended = world.deliver(marker, must_not_render)
    writes = calls(world, lambda: world.deliver(world.upload("photos/", b""), must_not_render)).count("PutObject")

    assert ended.outcome is Outcome.REMOVED
    assert world.derived() == {}
    assert world.manifest("photos/")["outcome"] == "removed"
    assert writes == 1  # the upload itself


def test_a_slow_image_does_not_outlive_the_folder_s_marker_that_overwrote_it(world: World) -> None:
    image = world.upload("photos/", b"cat")

    def overtaken(source: bytes) -> Rendered:
        rendered = world.render(source)
        world.deliver(world.upload("photos/", b""), must_not_render)
        return rendered

    world.deliver(image, overtaken)

    assert world.derived() == {}
    assert world.manifest("photos/")["outcome"] == "removed"


def test_what_a_job_cut_short_has_overwritten_goes_with_the_manifest_that_listed_it(world: World) -> None:
    """It comes again before the newer upload, and leaves what the manifest lists, whatever is there."""
    world.settings = settings(keep={"width": 10, "format": "jpeg"})
    world.deliver(world.upload("cat.jpg", b"first"))
    second = world.upload("cat.jpg", b"second")
    with pytest.raises(StorageError):
        world.deliver(second, client=world.client_that_cannot_write("manifests/cat.jpg.json"))
    third = world.upload("cat.jpg", b"third")

    assert world.deliver(second, must_not_render).outcome is Outcome.SUPERSEDED
    assert set(world.derived()) == {"keep/cat.jpg.jpg"}
    world.settings = replace(settings(keep={"width": 10, "format": "png"}), generation=1)
    world.deliver(third)

    assert set(world.derived()) == {"keep/cat.jpg.png"}


def test_what_a_later_job_left_where_a_slower_one_had_nothing_any_more_goes_with_the_next(world: World) -> None:
    """The slower one replaces the manifest that listed it, and must not delete what is later than itself."""
    png = settings(keep={"width": 10, "format": "png"})
    world.settings = settings(keep={"width": 10, "format": "jpeg"})
    world.deliver(world.upload("cat.jpg", b"first"))
    slow = world.upload("cat.jpg", b"slow")
    slow = replace(slow, time=slow.time - timedelta(minutes=1))  # so that what comes now is later for certain
    waiting = [slow]

    def overtaken(source: bytes) -> Rendered:
        later = world.upload("cat.jpg", b"later")
        with pytest.raises(StorageError):
            world.deliver(later, client=world.client_that_cannot_write("manifests/cat.jpg.json"))
        waiting.append(world.upload("cat.jpg", b"last"))
        assert world.deliver(later, must_not_render).outcome is Outcome.SUPERSEDED
        return replace(world, settings=png).render(source)

    replace(world, settings=png).deliver(slow, overtaken)
    assert set(world.derived()) == {"keep/cat.jpg.jpg", "keep/cat.jpg.png"}
    replace(world, settings=png).deliver(waiting[-1])

    assert set(world.derived()) == {"keep/cat.jpg.png"}
