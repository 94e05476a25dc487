"""The uploader's focal point: it reaches the renderer, stands in the manifest, and its change alone is a new job."""

from collections.abc import Iterator

import pytest
from moto import mock_aws

from support.function.buckets import Buckets, new_buckets, s3_client, settings

LARGE = "large/cat.jpg.webp"


@pytest.fixture(params=["Enabled", None, "Suspended"], ids=["versions", "no versions", "versions suspended"])
def world(request: pytest.FixtureRequest) -> Iterator[Buckets]:
    """Buckets of every kind."""
    if request.param == "Enabled":
        with new_buckets(large={"width": 1600}) as buckets:
            yield buckets
        return
    with mock_aws():
        client = s3_client()
        for bucket in ("uploads", "derived"):
            client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        if request.param:
            client.put_bucket_versioning(Bucket="uploads", VersioningConfiguration={"Status": request.param})
        yield Buckets(client=client, settings=settings(large={"width": 1600}))


def cut_around(world: Buckets, focus: str | None) -> bool:
    """Whether the rendition that lies there was made around this focal point."""
    body = world.derived()[LARGE]
    return f"<around {focus}>".encode() in body if focus else b"<around" not in body


def test_cuts_are_made_around_it_and_the_manifest_tells_it(world: Buckets) -> None:
    world.deliver(world.upload("cat.jpg", b"cat", "0.30, .7"))

    source = world.manifest("cat.jpg")["source"]
    assert cut_around(world, "0.3,0.7")
    assert (source["focus"], source["focus_error"]) == ({"x": 0.3, "y": 0.7}, None)


@pytest.mark.parametrize(("before", "after"), [(None, "0.3,0.7"), ("0.3,0.7", "1,0"), ("0.3,0.7", None)])
def test_a_copy_upon_itself_with_another_one_is_a_new_job(
    world: Buckets, before: str | None, after: str | None
) -> None:
    first = world.upload("cat.jpg", b"cat", before)
    world.deliver(first)

    ended = world.deliver(world.copy_upon_itself("cat.jpg", after))

    assert not ended.duplicate
    assert cut_around(world, after)
    assert world.manifest("cat.jpg")["source"]["etag"] == first.etag


def test_events_of_two_focal_points_in_the_wrong_order_leave_the_newest(world: Buckets) -> None:
    older, newer = world.upload("cat.jpg", b"cat", "0,0"), world.upload("cat.jpg", b"cat", "1,1")

    for event in (newer, older, newer):
        world.deliver(event)

    assert cut_around(world, "1,1")
    assert world.manifest("cat.jpg")["source"]["focus"] == {"x": 1, "y": 1}


@pytest.mark.parametrize("bad", ["1.5,0.5", "nan,nan", "<script>alert(1)</script>", "9" * 1500])
def test_one_that_makes_no_sense_is_passed_over_and_the_manifest_says_so(world: Buckets, bad: str) -> None:
    world.deliver(world.upload("cat.jpg", b"cat", bad))

    manifest = world.manifest("cat.jpg")
    assert manifest["outcome"] == "resized"
    assert manifest["source"]["focus"] is None
    assert bad[:20] in manifest["source"]["focus_error"]
    assert "expected two numbers from 0 to 1" in manifest["source"]["focus_error"]
    assert cut_around(world, None)
