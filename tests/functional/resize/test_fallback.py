"""A rejected overwrite: the newest good upload before it is shown instead, whatever order events come in."""

from collections.abc import Callable
from dataclasses import replace
from itertools import permutations

import pytest

from contract.errors import Reason
from contract.events import ObjectEvent
from contract.manifest import Outcome
from resize.errors import ImageRejectedError, OutOfTimeError
from resize.imaging.rendition import Rendered
from resize.job import JobResult
from support.function.buckets import Buckets, new_buckets

LARGE = "large/cat.jpg.webp"


def deliver(world: Buckets, event: ObjectEvent) -> JobResult:
    return world.deliver(event, rejecting_broken(world))


def rejecting_broken(world: Buckets) -> Callable[[bytes], Rendered]:
    def render(source: bytes) -> Rendered:
        if source.startswith(b"broken"):
            raise ImageRejectedError(Reason.CORRUPT, "cut off")
        return world.render(source)

    return render


def shown(world: Buckets) -> str | None:
    version: str | None = (world.manifest("cat.jpg")["shown"] or {}).get("version_id")
    return version


def test_a_broken_overwrite_leaves_the_page_as_it_was_and_the_manifest_says_what_was_rejected_and_why(
    world: Buckets,
) -> None:
    good = world.upload("cat.jpg", b"good")
    deliver(world, good)
    broken = world.upload("cat.jpg", b"broken")

    ended = deliver(world, broken)

    manifest = world.manifest("cat.jpg")
    assert (ended.outcome, manifest["reason"], manifest["detail"]) == (Outcome.REJECTED, "corrupt", "cut off")
    assert (manifest["source"]["version_id"], manifest["source"]["width"]) == (broken.version_id, None)
    assert (manifest["shown"]["version_id"], manifest["shown"]["width"]) == (good.version_id, 4000)
    assert manifest["shown"]["etag"] == good.etag
    assert (manifest["dominant_colour"], manifest["srcset"]) == ("#808080", f"{LARGE} 1600w")
    assert world.shows(LARGE, b"good")


def test_in_whatever_order_and_however_often_events_come_the_same_is_shown() -> None:
    """Even what was never rendered, as the broken one came first."""
    for order in permutations(range(3)):
        with new_buckets() as world:
            events = [world.upload("cat.jpg", body) for body in (b"older", b"good", b"broken")]
            for place in (*order, order[0]):
                deliver(world, events[place])

            assert shown(world) == events[1].version_id
            assert world.shows(LARGE, b"good")


def test_with_the_next_good_upload_all_is_as_ever(world: Buckets) -> None:
    for body in (b"good", b"broken", b"better"):
        deliver(world, world.upload("cat.jpg", body))

    manifest = world.manifest("cat.jpg")
    assert (manifest["outcome"], manifest["shown"]) == ("resized", None)
    assert world.shows(LARGE, b"better")


def test_what_was_deleted_is_not_shown_again_until_its_deletion_is_taken_back(world: Buckets) -> None:
    good = world.upload("cat.jpg", b"good")
    deliver(world, good)
    marker = world.delete("cat.jpg")
    deliver(world, marker)
    deliver(world, world.upload("cat.jpg", b"broken"))
    assert (shown(world), world.derived()) == (None, {})

    deliver(world, world.delete_version("cat.jpg", marker.version_id))

    assert shown(world) == good.version_id


def test_an_older_upload_that_is_deleted_for_good_is_shown_no_more(world: Buckets) -> None:
    events = [world.upload("cat.jpg", body) for body in (b"older", b"good", b"broken")]
    deliver(world, events[2])

    deliver(world, world.delete_version("cat.jpg", events[1].version_id))
    assert world.shows(LARGE, b"older")
    deliver(world, world.delete_version("cat.jpg", events[0].version_id))

    assert (shown(world), world.derived()) == (None, {})
    assert world.manifest("cat.jpg")["outcome"] == "rejected"


@pytest.mark.parametrize(("fallback_versions", "is_shown"), [(0, False), (1, False), (2, False), (3, True)])
def test_so_many_versions_before_it_are_looked_at_and_no_more(
    fallback_versions: int, is_shown: bool, world: Buckets
) -> None:
    world.settings = replace(world.settings, fallback_versions=fallback_versions)
    good = world.upload("cat.jpg", b"good")
    for number in range(2):
        world.upload("cat.jpg", b"broken %d" % number)
    rendered: list[bytes] = []

    def render(source: bytes) -> Rendered:
        rendered.append(source)
        return rejecting_broken(world)(source)

    world.deliver(world.upload("cat.jpg", b"broken"), render)

    assert shown(world) == (good.version_id if is_shown else None)
    assert len(rendered) == 1 + fallback_versions


@pytest.mark.parametrize(("fallback_versions", "listings"), [(0, 0), (1, 2)])
def test_no_more_is_asked_than_is_looked_at(fallback_versions: int, listings: int, world: Buckets) -> None:
    """The function may not list versions where none may be shown; and each is asked for alone, the rejected one too."""
    world.settings = replace(world.settings, fallback_versions=fallback_versions)
    for _ in range(3):
        world.upload("cat.jpg", b"broken")
    asked: list[str] = []
    world.client.meta.events.register("before-call.s3", lambda model, **_: asked.append(model.name))

    deliver(world, world.upload("cat.jpg", b"broken"))

    assert asked.count("ListObjectVersions") == listings


def test_versions_that_cannot_be_read_are_passed_over(world: Buckets) -> None:
    """One lies in an archive, and one is gone by the time that it is asked for."""
    good = world.upload("cat.jpg", b"good")
    world.upload("cat.jpg", b"archived")
    world.move("cat.jpg", "GLACIER")
    gone = world.upload("cat.jpg", b"gone")
    broken = world.upload("cat.jpg", b"broken")

    def render(source: bytes) -> Rendered:
        if source == b"broken":
            world.client.delete_object(Bucket="uploads", Key="cat.jpg", VersionId=str(gone.version_id))
        return rejecting_broken(world)(source)

    world.deliver(broken, render)

    assert shown(world) == good.version_id


def test_another_key_that_begins_so_is_not_taken_for_an_older_upload(world: Buckets) -> None:
    world.upload("cat.jpg.bak", b"good")

    deliver(world, world.upload("cat.jpg", b"broken"))

    assert shown(world) is None


def test_of_an_older_upload_that_is_too_large_nothing_is_read(world: Buckets) -> None:
    good = world.upload("cat.jpg", b"good")
    world.upload("cat.jpg", b"x" * 7)
    world.settings = replace(world.settings, limits=replace(world.settings.limits, source_bytes=6))

    deliver(world, world.upload("cat.jpg", b"broken"))

    assert shown(world) == good.version_id


def test_where_too_little_time_is_left_for_an_older_upload_the_job_is_handed_back(world: Buckets) -> None:
    world.upload("cat.jpg", b"good")
    broken = world.upload("cat.jpg", b"broken")

    def render(source: bytes) -> Rendered:
        if source == b"good":
            raise OutOfTimeError("1 s is left")
        return rejecting_broken(world)(source)

    with pytest.raises(OutOfTimeError):
        world.deliver(broken, render)
    assert deliver(world, broken).outcome is Outcome.REJECTED

    assert world.shows(LARGE, b"good")


def test_a_rejected_upload_that_expires_leaves_what_is_shown_where_variants_are_kept(world: Buckets) -> None:
    world.settings = replace(world.settings, keep_variants_of_expired=True)
    good = world.upload("cat.jpg", b"good")
    deliver(world, world.upload("cat.jpg", b"broken"))

    deliver(world, world.expire("cat.jpg"))

    manifest = world.manifest("cat.jpg")
    assert (manifest["source_expired"], shown(world)) == (True, good.version_id)
    assert world.shows(LARGE, b"good")
