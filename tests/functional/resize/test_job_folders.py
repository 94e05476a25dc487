"""Jobs of keys that end with a slash: a folder's marker is no image."""

import pytest

from contract.manifest import Outcome
from resize.imaging.rendition import Rendered
from support.function.buckets import Buckets
from support.function.job_steps import calls, must_not_render, refuse


def test_a_folder_s_marker_leaves_nothing_and_so_does_its_deletion(world: Buckets) -> None:
    marker = world.upload("photos/", b"")

    made = world.deliver(marker, must_not_render)
    again = world.deliver(marker, must_not_render)
    deleted = world.deliver(world.delete("photos/"), must_not_render)

    assert [made.outcome, again.outcome, deleted.outcome] == [Outcome.FOLDER] * 3
    assert world.client.list_objects_v2(Bucket="derived")["KeyCount"] == 0


def test_an_image_whose_key_ends_like_a_folder_is_resized_and_removed_like_any_other(world: Buckets) -> None:
    resized = world.deliver(world.upload("photos/", b"cat"))
    removed = world.deliver(world.delete("photos/"))

    assert (resized.outcome, removed.outcome) == (Outcome.RESIZED, Outcome.REMOVED)
    assert world.derived() == {}


@pytest.mark.parametrize("before", [b"cat", b"broken"])
def test_a_folder_s_marker_removes_what_was_recorded_of_its_key_once(before: bytes, world: Buckets) -> None:
    """As an image that it overwrites, or as an earlier release recorded of a marker: "rejected: empty"."""
    world.deliver(world.upload("photos/", before), refuse if before == b"broken" else None)
    marker = world.upload("photos/", b"")

    ended = world.deliver(marker, must_not_render)
    writes = calls(world, lambda: world.deliver(world.upload("photos/", b""), must_not_render)).count("PutObject")

    assert ended.outcome is Outcome.REMOVED
    assert world.derived() == {}
    assert world.manifest("photos/")["outcome"] == "removed"
    assert writes == 1  # the upload itself


def test_a_slow_image_does_not_outlive_the_folder_s_marker_that_overwrote_it(world: Buckets) -> None:
    image = world.upload("photos/", b"cat")

    def overtaken(source: bytes) -> Rendered:
        rendered = world.render(source)
        world.deliver(world.upload("photos/", b""), must_not_render)
        return rendered

    world.deliver(image, overtaken)

    assert world.derived() == {}
    assert world.manifest("photos/")["outcome"] == "removed"
