"""The format `auto`: three files of each variant, whose formats say what they are."""

import pytest
from PIL import Image

from contract.errors import SettingsError
from resize.imaging.encoding import recipe_of
from resize.imaging.variants import EXTENSIONS, Format, Slot, Variant, parse_variants, variants_to_json
from support.imaging.images import animation, encoded, opened, quadrants, rendered

AUTO = {"card": {"width": 32, "format": "auto", "quality": 70}, "small": {"width": 16, "format": "webp"}}


def test_a_variant_of_the_format_auto_is_three_of_one_name() -> None:
    made = parse_variants(AUTO)

    assert made == (
        Variant(name="card", width=32, quality=70, format=Format.AVIF, slot=Slot.AVIF),
        Variant(name="card", width=32, quality=70, format=Format.WEBP, slot=Slot.WEBP),
        Variant(name="card", width=32, quality=70, format=Format.JPEG, slot=Slot.JPEG),
        Variant(name="small", width=16, format=Format.WEBP),
    )
    assert parse_variants(variants_to_json(made)) == made


def test_what_is_wrong_with_it_is_told_once_by_its_name() -> None:
    with pytest.raises(SettingsError, match=r"variants\.card: .* a width, a height or both"):
        parse_variants({"card": {"format": "auto"}})


def test_the_keys_of_its_files_end_alike_in_length_and_are_known() -> None:
    extensions = [each.extensions for each in parse_variants(AUTO)]

    assert extensions == [("avif",), ("webp",), ("jpeg",), ("webp",)]
    assert {extension for some in extensions for extension in some} <= EXTENSIONS


def test_its_recipe_counts_everything_that_any_of_its_files_is_made_by() -> None:
    recipe = recipe_of(parse_variants(AUTO))

    assert recipe["card"]["format"] == "auto"
    assert set(recipe["card"]["as"]) == {"avif", "webp", "jpg", "gif"}
    assert recipe["small"] == recipe_of(parse_variants({"small": AUTO["small"]}))["small"]


@pytest.mark.usefixtures("engine")
def test_a_still_becomes_an_avif_a_webp_and_a_jpeg() -> None:
    made = rendered(encoded(quadrants()), *parse_variants(AUTO)).renditions

    assert [(each.variant, each.slot, each.format, each.extension) for each in made] == [
        ("card", Slot.AVIF, Format.AVIF, "avif"),
        ("card", Slot.WEBP, Format.WEBP, "webp"),
        ("card", Slot.JPEG, Format.JPEG, "jpeg"),
        ("small", None, Format.WEBP, "webp"),
    ]
    assert [opened(each.body).format for each in made] == ["AVIF", "WEBP", "JPEG", "WEBP"]
    assert {(each.width, each.height) for each in made[:3]} == {(32, 24)}


@pytest.mark.usefixtures("engine")
def test_an_animation_moves_in_every_file_and_each_says_what_it_is() -> None:
    frames = [Image.new("RGBA", (40, 40), color) for color in ("red", "lime", "blue")]

    made = rendered(animation("GIF", frames, [100, 100, 100], loop=0), *parse_variants(AUTO)).renditions

    assert [(each.extension, each.format, each.frames) for each in made[:3]] == [
        ("avif", Format.WEBP, 3),
        ("webp", Format.WEBP, 3),
        ("jpeg", Format.GIF, 3),
    ]
    assert [getattr(opened(each.body), "n_frames", 1) for each in made[:3]] == [3, 3, 3]
    assert made[0].body is made[1].body
