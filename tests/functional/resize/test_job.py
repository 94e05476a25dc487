"""Jobs, on moto: whatever is delivered, in whatever order, the newest upload's variants stand in the end."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Event
from typing import Any
from urllib.parse import unquote

import pytest

from contract.errors import Reason, StorageError
from contract.manifest import Outcome
from resize.executor import ThreadedMap
from resize.imaging.limits import Limits
from resize.imaging.rendition import Rendered
from support.function.buckets import Buckets, s3_client, settings
from support.function.job_steps import LARGE, THUMB, calls, must_not_render, refuse


def test_an_upload_becomes_every_variant_and_a_manifest_that_describes_them(world: Buckets) -> None:
    ended = world.deliver(world.upload("cat.jpg", b"cat"))

    assert ended.outcome is Outcome.RESIZED
    derived = world.derived()
    assert set(derived) == {LARGE, THUMB}
    for rendition in world.manifest("cat.jpg")["renditions"]:
        head = world.client.head_object(Bucket="derived", Key=rendition["key"])
        assert rendition["bytes"] == len(derived[rendition["key"]])
        assert (f'"{rendition["etag"]}"', rendition["content_type"]) == (head["ETag"], head["ContentType"])


def test_a_key_that_xml_cannot_hold_is_resized_and_removed_like_any_other(world: Buckets) -> None:
    key = "it's \x1b[2J.jpg"  # S3 names the key where it has no such object, and its answer is no XML then

    resized = world.deliver(world.upload(key, b"cat"))
    removed = world.deliver(world.delete(key))

    assert (resized.outcome, removed.outcome) == (Outcome.RESIZED, Outcome.REMOVED)
    assert world.derived() == {}


def test_a_manifest_tells_of_the_upload_that_it_is_about(world: Buckets) -> None:
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
        "focus": None,
        "focus_error": None,
    }
    assert manifest["srcset"] == "large/cat.jpg.webp 1600w"


def test_renditions_carry_the_configured_cache_control_and_manifests_are_never_stale(world: Buckets) -> None:
    world.deliver(world.upload("cat.jpg", b"cat"))

    assert world.client.head_object(Bucket="derived", Key=THUMB)["CacheControl"] == world.settings.cache_control
    assert world.client.head_object(Bucket="derived", Key="manifests/cat.jpg.json")["CacheControl"] == "no-cache"


def test_a_finished_job_that_is_delivered_again_costs_one_request_and_writes_nothing(world: Buckets) -> None:
    upload = world.upload("cat.jpg", b"cat")
    world.deliver(upload)

    requests = calls(world, lambda: world.deliver(upload, must_not_render))

    assert requests == ["GetObject"]


def test_a_delivery_that_repeats_says_so_and_gives_the_same_outcome(world: Buckets) -> None:
    upload = world.upload("cat.jpg", b"cat")
    first = world.deliver(upload)

    again = world.deliver(upload)

    assert (first.duplicate, again.duplicate) == (False, True)
    assert (again.outcome, again.manifest) == (first.outcome, first.manifest)


def test_a_fresh_upload_costs_two_reads_and_a_write_for_each_derived_object(world: Buckets) -> None:
    upload = world.upload("cat.jpg", b"cat")

    requests = calls(world, lambda: world.deliver(upload))

    assert requests == ["GetObject", "GetObject", "PutObject", "PutObject", "PutObject"]


def test_manifest_and_original_are_read_at_the_same_time(world: Buckets) -> None:
    upload = world.upload("cat.jpg", b"cat")
    both_are_asked = Barrier(2, timeout=30)
    client = s3_client()

    def wait_for_the_other(**_: object) -> None:
        both_are_asked.wait()

    client.meta.events.register("before-call.s3.GetObject", wait_for_the_other)

    with ThreadPoolExecutor(2) as threads:
        world.for_each = ThreadedMap(threads)
        ended = world.deliver(upload, client=client)

    assert ended.outcome is Outcome.RESIZED


@pytest.mark.parametrize(("uploads", "derived"), [("elsewhere", "derived"), ("uploads", "elsewhere")])
def test_whichever_of_both_reads_fails_it_is_the_world_s_fault(uploads: str, derived: str, world: Buckets) -> None:
    upload = world.upload("cat.jpg", b"cat")
    world.settings = replace(world.settings, uploads_bucket=uploads, derived_bucket=derived)

    with ThreadPoolExecutor(2) as threads:
        world.for_each = ThreadedMap(threads)
        with pytest.raises(StorageError, match=r"GetObject of .* failed: NoSuchBucket"):
            world.deliver(upload)


def test_a_finished_job_whose_original_cannot_be_opened_any_more_is_done_all_the_same(world: Buckets) -> None:
    upload = world.upload("cat.jpg", b"cat")
    world.deliver(upload)
    world.delivered.clear()  # so that its repetition looks like a first delivery
    world.settings = replace(world.settings, uploads_bucket="elsewhere")

    again = world.deliver(upload, must_not_render)

    assert again.duplicate


def test_an_original_that_was_opened_for_nothing_is_closed(world: Buckets) -> None:
    upload = world.upload("cat.jpg", b"cat")
    world.deliver(upload)
    world.delivered.clear()
    client = s3_client()
    closed: list[str] = []

    def count_closes(parsed: dict[str, Any], **_: object) -> None:
        body, close = parsed["Body"], parsed["Body"].close

        def noted_close() -> None:
            closed.append(parsed["ETag"])
            close()

        body.close = noted_close

    client.meta.events.register("after-call.s3.GetObject", count_closes)
    world.deliver(upload, must_not_render, client=client)

    assert closed == [f'"{upload.etag}"']


def test_renditions_are_written_side_by_side_and_the_manifest_after_them(world: Buckets) -> None:
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


def test_what_is_written_beside_a_write_that_finds_a_newer_upload_is_withdrawn(world: Buckets) -> None:
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


def test_an_older_upload_never_overwrites_a_newer_one(world: Buckets) -> None:
    older, newer = world.upload("cat.jpg", b"old"), world.upload("cat.jpg", b"new")
    world.deliver(newer)

    ended = world.deliver(older, must_not_render)

    assert ended.outcome is Outcome.SUPERSEDED
    assert world.shows(THUMB, b"new")
    assert world.manifest("cat.jpg")["source"]["version_id"] == newer.version_id


def test_an_upload_that_has_been_overwritten_is_not_rendered(world: Buckets) -> None:
    older = world.upload("cat.jpg", b"old")
    world.upload("cat.jpg", b"new")

    assert world.deliver(older, must_not_render).outcome is Outcome.SUPERSEDED
    assert world.derived() == {}


def test_a_slow_job_does_not_overwrite_the_newer_one_that_overtook_it(world: Buckets) -> None:
    older = world.upload("cat.jpg", b"old")

    def overtaken(source: bytes) -> Rendered:
        rendered = world.render(source)
        world.deliver(world.upload("cat.jpg", b"new"))
        return rendered

    ended = world.deliver(older, overtaken)

    assert ended.outcome is Outcome.SUPERSEDED
    assert world.shows(THUMB, b"new")
    assert world.shows(LARGE, b"new")


def test_a_slow_job_is_not_fooled_by_a_picture_that_comes_back(world: Buckets) -> None:
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


def test_a_broken_image_is_rejected_with_its_reason(world: Buckets) -> None:
    ended = world.deliver(world.upload("cat.jpg", b"cat"), refuse)

    assert ended.outcome is Outcome.REJECTED
    manifest = world.manifest("cat.jpg")
    assert (manifest["outcome"], manifest["reason"], manifest["detail"]) == ("rejected", "corrupt", "cut off")


def test_a_broken_image_takes_the_variants_of_the_upload_before_it_away(world: Buckets) -> None:
    world.deliver(world.upload("cat.jpg", b"cat"))

    world.deliver(world.upload("cat.jpg", b"broken"), refuse)

    assert world.derived() == {}


def test_an_image_over_the_byte_limit_is_rejected_unread(world: Buckets) -> None:
    world.settings = replace(world.settings, limits=Limits(source_bytes=2))

    ended = world.deliver(world.upload("cat.jpg", b"cat"), must_not_render)

    assert ended.manifest is not None
    assert (ended.manifest.reason, ended.manifest.detail) == (Reason.TOO_MANY_BYTES, "3 bytes, the limit is 2")


def test_a_variant_that_is_no_longer_configured_goes_with_the_next_upload(world: Buckets) -> None:
    world.deliver(world.upload("cat.jpg", b"cat"))
    world.settings = settings(large={"width": 1600})

    world.deliver(world.upload("cat.jpg", b"cat"))

    assert set(world.derived()) == {LARGE}


def test_a_job_delivered_again_under_another_recipe_is_done_anew(world: Buckets) -> None:
    upload = world.upload("cat.jpg", b"cat")
    world.deliver(upload)
    world.settings = replace(settings(tiny={"width": 16}), function_version=1)

    ended = world.deliver(upload)

    assert (ended.outcome, ended.duplicate) == (Outcome.RESIZED, False)
    assert set(world.derived()) == {"tiny/cat.jpg.webp"}


def test_a_job_that_was_cut_short_is_completed_by_its_next_delivery(world: Buckets) -> None:
    upload = world.upload("cat.jpg", b"cat")
    with pytest.raises(StorageError):
        world.deliver(upload, client=world.client_that_cannot_write("manifests/cat.jpg.json"))

    ended = world.deliver(upload)

    assert ended.outcome is Outcome.RESIZED
    assert set(world.derived()) == {LARGE, THUMB}


def test_what_a_job_cut_short_has_written_goes_when_it_turns_out_superseded(world: Buckets) -> None:
    world.settings = settings(keep={"width": 10, "format": "source"})
    upload = world.upload("cat.jpg", b"cat")
    with pytest.raises(StorageError):
        world.deliver(upload, client=world.client_that_cannot_write("manifests/cat.jpg.json"))
    assert set(world.derived()) == {"keep/cat.jpg.png"}
    world.deliver(world.delete("cat.jpg"))

    ended = world.deliver(upload)

    assert ended.outcome is Outcome.SUPERSEDED
    assert world.derived() == {}


def test_a_name_too_long_is_shortened_and_the_manifest_says_so(world: Buckets) -> None:
    key = "k" * 1024

    ended = world.deliver(world.upload(key, b"cat"))

    assert ended.manifest is not None
    assert [rendition.shortened for rendition in ended.manifest.renditions] == [True, True]
    assert set(world.derived()) == {rendition.key for rendition in ended.manifest.renditions}


def test_what_a_job_cut_short_wrote_under_variants_since_removed_goes_with_its_next_delivery(world: Buckets) -> None:
    upload = world.upload("cat.jpg", b"cat")
    with pytest.raises(StorageError):
        world.deliver(upload, client=world.client_that_cannot_write("manifests/cat.jpg.json"))
    world.settings = replace(settings(tiny={"width": 16}), function_version=1)

    world.deliver(upload)

    assert set(world.derived()) == {"tiny/cat.jpg.webp"}


def test_an_older_version_of_the_function_does_not_undo_what_a_newer_one_made_of_the_same_event(world: Buckets) -> None:
    upload = world.upload("cat.jpg", b"cat")
    older = replace(world)
    world.settings = replace(settings(large={"width": 1200}), function_version=1)

    def overtaken(source: bytes) -> Rendered:
        rendered = older.render(source)
        world.deliver(upload)
        return rendered

    ended = older.deliver(upload, overtaken)

    assert ended.outcome is Outcome.SUPERSEDED
    assert set(world.derived()) == {LARGE}
    assert b"1200 wide" in world.derived()[LARGE]


def test_of_two_deliveries_of_one_job_at_the_same_time_the_slower_finds_it_done(world: Buckets) -> None:
    upload = world.upload("cat.jpg", b"cat")

    def overtaken(source: bytes) -> Rendered:
        world.deliver(upload)
        return world.render(source)

    ended = world.deliver(upload, overtaken)

    assert (ended.outcome, set(world.derived())) == (Outcome.RESIZED, {LARGE, THUMB})
    listed = {each["key"]: each["etag"] for each in world.manifest("cat.jpg")["renditions"]}
    found = {key: world.client.head_object(Bucket="derived", Key=key)["ETag"].strip('"') for key in listed}
    assert found == listed


def listed_at_each_request(world: Buckets, key: str) -> Callable[[], list[str]]:
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
    generation: int, is_late: bool, world: Buckets
) -> None:
    """As one of a backfill, or of an old event after a deployment; the newer upload's event waits meanwhile."""
    upload = world.upload("cat.jpg", b"cat")
    world.deliver(upload)
    world.upload("cat.jpg", b"newer")
    world.settings = replace(world.settings, cache_control="no-store", function_version=generation)

    ended = world.deliver(replace(upload, requested=upload.time), must_not_render, is_late=is_late)

    assert ended.outcome is Outcome.SUPERSEDED
    assert world.shows(LARGE, b"cat")
    assert world.shows(THUMB, b"cat")


def test_while_a_job_is_done_under_another_recipe_no_listed_variant_is_missing(world: Buckets) -> None:
    upload = world.upload("cat.jpg", b"cat")
    world.deliver(upload)
    world.settings = replace(settings(large={"width": 1600, "format": "jpeg"}, tiny={"width": 16}), function_version=1)
    missing = listed_at_each_request(world, "cat.jpg")

    world.deliver(upload)

    assert set(world.derived()) == {"large/cat.jpg.jpg", "tiny/cat.jpg.webp"}
    assert missing() == []


@pytest.mark.parametrize("comes", ["it again", "a newer upload", "a deletion", "a backfill", "an older upload"])
def test_what_a_job_replaced_and_did_not_come_to_delete_is_deleted_by_whoever_comes(comes: str, world: Buckets) -> None:
    older = world.upload("cat.jpg", b"cat")
    world.deliver(world.upload("cat.jpg", b"cat"))
    renamed = world.upload("cat.jpg", b"cat")
    world.settings = replace(settings(huge={"width": 1600}), function_version=1)
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


def test_what_a_job_cut_short_has_overwritten_goes_with_the_manifest_that_listed_it(world: Buckets) -> None:
    """It comes again before the newer upload, and leaves what the manifest lists, whatever is there."""
    world.settings = settings(keep={"width": 10, "format": "jpeg"})
    world.deliver(world.upload("cat.jpg", b"first"))
    second = world.upload("cat.jpg", b"second")
    with pytest.raises(StorageError):
        world.deliver(second, client=world.client_that_cannot_write("manifests/cat.jpg.json"))
    third = world.upload("cat.jpg", b"third")

    assert world.deliver(second, must_not_render).outcome is Outcome.SUPERSEDED
    assert set(world.derived()) == {"keep/cat.jpg.jpg"}
    world.settings = replace(settings(keep={"width": 10, "format": "png"}), function_version=1)
    world.deliver(third)

    assert set(world.derived()) == {"keep/cat.jpg.png"}


def test_what_a_later_job_left_where_a_slower_one_had_nothing_any_more_goes_with_the_next(world: Buckets) -> None:
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
