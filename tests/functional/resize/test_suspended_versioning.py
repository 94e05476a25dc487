"""A rejected overwrite where versioning is suspended: nothing from before a deletion that S3 has forgotten is shown."""

from dataclasses import replace
from itertools import permutations
from typing import TYPE_CHECKING, Any, cast

import pytest

from contract.errors import Reason
from contract.events import ObjectEvent
from resize.errors import ImageRejectedError
from resize.imaging.rendition import Rendered
from support.aws.memory_s3 import NULL, MemoryS3
from support.function.buckets import Buckets, settings

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

KEY = "cat.jpg"


class Bucket:
    """An uploads bucket that keeps versions or does not, and the pipeline behind it."""

    def __init__(self) -> None:
        self.s3 = MemoryS3(frozenset({"uploads"}))
        self.world = Buckets(client=cast("S3Client", self.s3), settings=settings(), clock=lambda: self.s3.now)

    def upload(self, body: bytes, *, suspended: bool = False) -> ObjectEvent:
        self._set(suspended)
        return self.world.upload(KEY, body)

    def delete(self, *, suspended: bool = False) -> ObjectEvent:
        self._set(suspended)
        return self.world.delete(KEY)

    def deliver(self, *events: ObjectEvent) -> dict[str, Any]:
        """Have these done, in this order; returns the manifest."""
        for event in events:
            self.world.deliver(event, self._render)
        return self.world.manifest(KEY)

    def variants(self) -> list[str]:
        return [key for key in self.s3.keys("derived") if not key.startswith("manifests/")]

    def _set(self, suspended: bool) -> None:
        (self.s3.suspended.add if suspended else self.s3.suspended.discard)("uploads")

    def _render(self, source: bytes) -> Rendered:
        if source.startswith(b"broken"):
            raise ImageRejectedError(Reason.CORRUPT, "cut off")
        return self.world.render(source)


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


def test_what_was_put_before_versions_were_kept_is_shown_in_place_of_a_rejected_version(bucket: Bucket) -> None:
    good = bucket.upload(b"good", suspended=True)
    broken = bucket.upload(b"broken")

    manifest = bucket.deliver(good, broken)

    assert (manifest["outcome"], manifest["shown"]["version_id"]) == ("rejected", NULL)
    assert bucket.world.shows("large/cat.jpg.webp", b"good")


def test_a_deletion_that_an_upload_took_the_place_of_stays_one(bucket: Bucket) -> None:
    """S3 keeps one version without an id: the marker that hid what was deleted is gone with the next upload."""
    events = [
        bucket.upload(b"taken down"),
        bucket.delete(suspended=True),
        bucket.upload(b"broken", suspended=True),
    ]
    assert [version.body for version in bucket.s3.versions("uploads", KEY)] == [b"taken down", b"broken"]

    manifest = bucket.deliver(*events)

    assert (manifest["outcome"], manifest["shown"], bucket.variants()) == ("rejected", None, [])


def test_nor_is_it_shown_by_way_of_that_upload(bucket: Bucket) -> None:
    events = [
        bucket.upload(b"taken down"),
        bucket.delete(suspended=True),
        bucket.upload(b"broken", suspended=True),
        bucket.upload(b"broken too"),
    ]

    assert (bucket.deliver(*events)["shown"], bucket.variants()) == (None, [])


def test_what_the_rejected_upload_took_the_place_of_is_gone_in_whatever_order_events_come() -> None:
    for order in permutations(range(3)):
        bucket = Bucket()
        events = [bucket.upload(b"older"), *(bucket.upload(body, suspended=True) for body in (b"good", b"broken"))]

        manifest = bucket.deliver(*(events[place] for place in order))

        assert (manifest["outcome"], manifest["shown"], bucket.variants()) == ("rejected", None, [])


@pytest.mark.parametrize("told", [NULL, None])
def test_a_good_upload_without_an_id_is_resized_and_deleted_as_any(bucket: Bucket, told: str | None) -> None:
    bucket.deliver(bucket.upload(b"older"), bucket.upload(b"good", suspended=True))
    assert bucket.world.shows("large/cat.jpg.webp", b"good")

    deleted = replace(bucket.world.delete_version(KEY, NULL), version_id=told)
    manifest = bucket.deliver(deleted)

    assert (manifest["outcome"], bucket.world.shows("large/cat.jpg.webp", b"older")) == ("resized", True)
