"""Jobs of variants of the format `auto`, on moto: all of their files are written, listed, and gone with the rest."""

from dataclasses import replace

from contract.manifest import Outcome
from support.function.buckets import Buckets, settings

AUTO = settings(thumb={"width": 320, "format": "auto"})
FILES = ["thumb/cat.jpg.avif", "thumb/cat.jpg.webp", "thumb/cat.jpg.jpeg"]


def test_each_file_has_a_key_of_its_own_and_the_content_type_of_what_it_is(world: Buckets) -> None:
    world.settings = AUTO

    world.deliver(world.upload("cat.jpg", b"cat"))

    assert set(world.derived()) == set(FILES)
    manifest = world.manifest("cat.jpg")
    told = [(each["variant"], each["slot"], each["key"], each["content_type"]) for each in manifest["renditions"]]
    assert told == [
        ("thumb", "avif", FILES[0], "image/avif"),
        ("thumb", "webp", FILES[1], "image/webp"),
        ("thumb", "jpeg", FILES[2], "image/jpeg"),
    ]
    types = [world.client.head_object(Bucket="derived", Key=key)["ContentType"] for key in FILES]
    assert types == ["image/avif", "image/webp", "image/jpeg"]
    assert manifest["srcset"] == f"{FILES[2]} 320w"


def test_they_go_when_the_upload_goes_and_when_the_format_is_another(world: Buckets) -> None:
    world.settings = AUTO
    world.deliver(world.upload("cat.jpg", b"cat"))
    world.settings = replace(settings(thumb={"width": 320, "format": "webp"}), function_version=1)
    world.deliver(world.upload("cat.jpg", b"another"))
    of_another_format = set(world.derived())

    removed = world.deliver(world.delete("cat.jpg"))

    assert of_another_format == {FILES[1]}
    assert (removed.outcome, world.derived()) == (Outcome.REMOVED, {})


def test_a_retry_finds_what_an_attempt_that_was_killed_has_left_in_each(world: Buckets) -> None:
    world.settings = AUTO
    world.client.put_object(Bucket="derived", Key="thumb/other.jpg.jpeg", Body=b"somebody else's")
    event = world.upload("cat.jpg", b"cat")
    world.deliver(event)
    for key in FILES[:2]:
        world.client.delete_object(Bucket="derived", Key=key)
    world.client.delete_object(Bucket="derived", Key="manifests/cat.jpg.json")
    world.client.delete_object(Bucket="uploads", Key="cat.jpg")

    world.deliver(event)

    assert set(world.derived()) == {"thumb/other.jpg.jpeg"}
