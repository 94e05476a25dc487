"""Jobs of keys that have variants of their own, or none."""

from dataclasses import replace

import pytest

from contract.manifest import Outcome
from resize.imaging.presets import parse_presets
from resize.imaging.variants import parse_variants
from resize.job import JobResult
from support.function.buckets import Buckets, s3_client

AVATARS = {"prefix": "avatars/", "variants": {"small": {"width": 64}}}
RAW = {"prefix": "avatars/raw/", "variants": {}}


@pytest.fixture
def with_presets(world: Buckets) -> Buckets:
    world.settings = replace(world.settings, presets=parse_presets([AVATARS, RAW]), function_version=1)
    return world


def without(world: Buckets, *, variants: bool = True) -> None:
    """Deploy no preset any more, and perhaps no variants."""
    kept = world.settings.variants if variants else ()
    world.settings = replace(world.settings, presets=parse_presets([RAW]), variants=kept, function_version=2)


def again(world: Buckets, key: str) -> JobResult:
    """Do what `darkroom backfill` asks for, of a key whose newest upload is done."""
    event = next(each for each in reversed(world.delivered) if each.key == key)
    return world.deliver(replace(event, requested=event.time))


def test_a_key_gets_the_variants_of_its_preset_and_every_other_key_the_usual_ones(with_presets: Buckets) -> None:
    world = with_presets

    world.deliver(world.upload("avatars/u1.jpg", b"one"))
    world.deliver(world.upload("cat.jpg", b"cat"))

    assert set(world.derived()) == {"small/avatars/u1.jpg.webp", "large/cat.jpg.webp", "thumb/cat.jpg.webp"}
    assert (world.manifest("avatars/u1.jpg")["preset"], world.manifest("cat.jpg")["preset"]) == ("avatars/", None)


def test_of_a_key_without_variants_nothing_is_read_made_or_recorded(with_presets: Buckets) -> None:
    world = with_presets
    upload = world.upload("avatars/raw/a.tif", b"raw")
    client, asked = s3_client(), list[str]()
    client.meta.events.register("before-call.s3.*", lambda params, **_: asked.append(params["url_path"]))

    done = world.deliver(upload, client=client)

    assert (done.outcome, done.manifest, done.duplicate) == (Outcome.NO_VARIANTS, None, False)
    assert asked == ["/manifests/avatars/raw/a.tif.json"]
    assert world.derived() == {}


def test_a_key_that_moves_to_another_preset_loses_the_variants_that_it_has_no_more(with_presets: Buckets) -> None:
    world = with_presets
    world.deliver(world.upload("avatars/u1.jpg", b"one"))
    without(world)

    again(world, "avatars/u1.jpg")

    assert set(world.derived()) == {"large/avatars/u1.jpg.webp", "thumb/avatars/u1.jpg.webp"}
    assert world.manifest("avatars/u1.jpg")["preset"] is None


def test_a_key_that_loses_its_preset_loses_its_variants_and_gets_them_again_with_it(with_presets: Buckets) -> None:
    world = with_presets
    world.deliver(world.upload("avatars/u1.jpg", b"one"))
    before = world.settings
    without(world, variants=False)

    gone = again(world, "avatars/u1.jpg")
    after_it = again(world, "avatars/u1.jpg")

    assert (gone.outcome, after_it.outcome, world.derived()) == (Outcome.REMOVED, Outcome.NO_VARIANTS, {})
    world.settings = replace(before, function_version=3)
    assert again(world, "avatars/u1.jpg").outcome is Outcome.RESIZED
    assert set(world.derived()) == {"small/avatars/u1.jpg.webp"}


def test_a_newer_upload_of_a_key_that_lost_its_preset_takes_the_older_ones_variants_away(with_presets: Buckets) -> None:
    world = with_presets
    world.deliver(world.upload("avatars/u1.jpg", b"one"))
    without(world, variants=False)
    newer = world.upload("avatars/u1.jpg", b"two")
    newest = world.upload("avatars/u1.jpg", b"three")

    outcomes = [world.deliver(each).outcome for each in (newer, newest)]

    assert outcomes == [Outcome.REMOVED, Outcome.NO_VARIANTS]
    assert world.derived() == {}


@pytest.mark.parametrize("is_deleted", [False, True])
def test_what_outlives_its_expired_source_outlives_its_preset_until_it_is_deleted(
    with_presets: Buckets, is_deleted: bool
) -> None:
    world = with_presets
    world.settings = replace(world.settings, keep_variants_of_expired=True)
    world.deliver(world.upload("avatars/u1.jpg", b"one"))
    expiry = world.expire("avatars/u1.jpg")
    world.deliver(expiry)
    without(world, variants=False)

    world.deliver(world.delete("avatars/u1.jpg") if is_deleted else replace(expiry, requested=expiry.time))

    assert set(world.derived()) == (set() if is_deleted else {"small/avatars/u1.jpg.webp"})


def test_of_what_outlives_its_source_and_its_preset_only_what_was_overwritten_goes(world: Buckets) -> None:
    """It cannot be made again: nothing says any more what it was to be."""
    two = {"prefix": "avatars/", "variants": {"small": {"width": 64}, "tiny": {"width": 8}}}
    world.settings = replace(world.settings, presets=parse_presets([two]), keep_variants_of_expired=True)
    world.deliver(world.upload("avatars/u1.jpg", b"one"))
    expiry = world.expire("avatars/u1.jpg")
    without(world, variants=False)
    world.client.put_object(Bucket="derived", Key="small/avatars/u1.jpg.webp", Body=b"overwritten")

    world.deliver(expiry)

    manifest = world.manifest("avatars/u1.jpg")
    assert (manifest["source_expired"], [each["variant"] for each in manifest["renditions"]]) == (True, ["tiny"])


def test_a_change_of_one_preset_makes_only_its_keys_out_of_date(with_presets: Buckets) -> None:
    before = with_presets.settings
    wider = {"prefix": "avatars/", "variants": {"small": {"width": 65}}}
    after = replace(before, presets=parse_presets([wider, RAW]))

    changed = {
        key
        for key in ("avatars/u1.jpg", "avatars/raw/a.tif", "cat.jpg")
        if before.recipe_for(key) != after.recipe_for(key)
    }

    assert changed == {"avatars/u1.jpg"}
    assert before.recipe != after.recipe


def test_a_preset_that_is_called_otherwise_leaves_its_keys_up_to_date(with_presets: Buckets) -> None:
    before = with_presets.settings
    renamed = {**AVATARS, "prefix": "ava"}

    assert before.recipe_for("avatars/u1.jpg") == replace(before, presets=parse_presets([renamed])).recipe_for(
        "avatars/u1.jpg"
    )
    usual = replace(before, presets=(), variants=parse_variants(AVATARS["variants"]))
    assert usual.recipe_for("avatars/u1.jpg") == before.recipe_for("avatars/u1.jpg")
