"""Rendering: every variant as asked, turned upright, without metadata, and nothing of it half."""

from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from resize.imaging.variants import Fit, Format, Gravity
from support.imaging.images import (
    alpha_at,
    animation,
    burst_heic,
    color_at,
    encoded,
    exif,
    opened,
    picture_of,
    quadrants,
    quarters,
    rendered,
    rgb_at,
    sideways_heic,
    variant,
)
from support.imaging.profiles import display_p3

pytestmark = pytest.mark.usefixtures("engine")

UPRIGHT = ["red", "lime", "blue", "white"]

# How a camera stores a picture that EXIF tells to turn: the inverse of what orientation 1 to 8 says to do.
STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}

OUTPUTS = list(Format)

# What Pillow tells of a file's own structure, beside which nothing may be told.
STRUCTURE = {
    *("jfif", "jfif_version", "jfif_unit", "jfif_density", "progressive", "progression"),
    *("version", "background", "loop", "timestamp", "duration", "transparency"),
    "dpi",  # the same for every picture: see below
}


def stored_as(orientation: int, picture: Image.Image) -> Image.Image:
    turn = STORED[orientation]
    return picture if turn is None else picture.transpose(turn)


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "AVIF"])
def test_every_orientation_is_upright(kind: str, orientation: int) -> None:
    source = encoded(stored_as(orientation, quadrants()), kind, exif=exif(orientation))

    result = rendered(source)
    picture = opened(result.renditions[0].body)
    assert (result.width, result.height) == picture.size == (64, 48)
    assert quarters(picture) == UPRIGHT


def test_a_heic_is_turned_once() -> None:
    result = rendered(sideways_heic())

    assert result.format == "heic"
    assert (result.width, result.height) == (64, 48)
    assert quarters(opened(result.renditions[0].body)) == UPRIGHT


def test_a_heic_of_several_pictures_shows_its_primary_one() -> None:
    result = rendered(burst_heic())

    assert result.frames == 1
    assert quarters(opened(result.renditions[0].body)) == UPRIGHT


def test_a_sideways_picture_fits_its_box_as_displayed() -> None:
    source = encoded(stored_as(6, quadrants(640, 480)), "JPEG", exif=exif(6))

    picture = picture_of(source, width=100)
    assert picture.size == (100, 75)
    assert quarters(picture) == UPRIGHT


@pytest.mark.parametrize("broken", [b"Exif\0\0", b"Exif\0\0MM\0*\xff\xff\xff\xff", b"Exif\0\0II*\0\x08\0\0\0\xff\xff"])
def test_broken_exif_turns_nothing_and_costs_nothing(broken: bytes) -> None:
    assert quarters(picture_of(encoded(quadrants(), "JPEG", exif=broken))) == UPRIGHT


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "GIF"])
def test_no_metadata_survives(kind: str, output: Format) -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "SecretText")
    hidden: dict[str, Any] = {
        "JPEG": {"exif": exif(1), "xmp": b"SecretXmp", "comment": "SecretText", "icc_profile": display_p3()},
        "PNG": {"exif": exif(1), "pnginfo": text, "icc_profile": display_p3(), "dpi": (300, 300)},
        "WEBP": {"exif": exif(1), "xmp": b"SecretXmp", "icc_profile": display_p3()},
        "TIFF": {"exif": exif(1), "description": "SecretText", "icc_profile": display_p3()},
        "AVIF": {"exif": exif(1), "xmp": b"SecretXmp", "icc_profile": display_p3()},
        "GIF": {"comment": b"SecretText"},
    }
    source = encoded(quadrants(), kind, **hidden[kind])

    body = rendered(source, variant(format=output)).renditions[0].body
    assert b"Secret" in source
    assert b"Secret" not in body
    assert set(opened(body).info) <= STRUCTURE
    assert not opened(body).getexif()


@pytest.mark.parametrize("output", OUTPUTS)
def test_no_resolution_survives(output: Format) -> None:
    sources = [encoded(quadrants(), "PNG", **options) for options in ({}, {"dpi": (300, 300)})]

    one, other = (rendered(source, variant(format=output)).renditions[0].body for source in sources)
    assert one == other


@pytest.mark.parametrize("output", OUTPUTS)
def test_no_position_of_a_phone_survives(output: Format) -> None:
    body = rendered(sideways_heic(), variant(format=output)).renditions[0].body

    assert b"Phone" in sideways_heic()
    assert b"Phone" not in body
    assert not opened(body).getexif()


@pytest.mark.parametrize("output", OUTPUTS)
def test_a_rendition_says_what_it_is(output: Format) -> None:
    (rendition,) = rendered(encoded(quadrants()), variant("small", width=32, format=output)).renditions

    picture = opened(rendition.body)
    assert (rendition.variant, rendition.format) == ("small", output)
    assert (rendition.width, rendition.height) == picture.size == (32, 24)
    assert picture.format == ("JPEG" if output is Format.JPEG else output.name)
    assert quarters(picture) == UPRIGHT


@pytest.mark.parametrize(
    ("kind", "kept"),
    [
        ("JPEG", "JPEG"),
        ("PNG", "PNG"),
        ("WEBP", "WEBP"),
        ("GIF", "GIF"),
        ("AVIF", "AVIF"),
        ("TIFF", "PNG"),
        ("BMP", "PNG"),
    ],
)
def test_a_variant_may_keep_the_sources_format(kind: str, kept: str) -> None:
    assert picture_of(encoded(quadrants(), kind), format=None).format == kept


def test_a_heic_is_kept_as_jpeg() -> None:
    assert picture_of(sideways_heic(), format=None).format == "JPEG"


def test_renditions_come_in_the_order_of_the_variants() -> None:
    widths = {"small": 10, "large": 50, "medium": 20}

    result = rendered(encoded(quadrants()), *(variant(name, width=width) for name, width in widths.items()))
    assert [(rendition.variant, rendition.width) for rendition in result.renditions] == list(widths.items())


def test_the_order_of_variants_changes_no_byte() -> None:
    source = encoded(quadrants(300, 200))
    variants = [
        variant("a", width=200),
        variant("b", width=90, height=90, fit=Fit.COVER),
        variant("c", width=64),
        variant("d", width=600, enlarge=True),
    ]

    forwards = rendered(source, *variants).renditions
    assert rendered(source, *reversed(variants)).renditions == forwards[::-1]


@pytest.mark.parametrize("output", OUTPUTS)
def test_the_same_input_gives_the_same_bytes(output: Format) -> None:
    source = encoded(Image.effect_noise((300, 200), 80).convert("RGB"))

    assert rendered(source, variant(format=output)) == rendered(source, variant(format=output))


@pytest.mark.parametrize("output", [Format.WEBP, Format.PNG, Format.AVIF, Format.GIF])
def test_transparency_stays_where_the_format_has_it(output: Format) -> None:
    source = Image.new("RGBA", (64, 48), (255, 0, 0, 255))
    source.paste((0, 0, 0, 0), (32, 0, 64, 48))

    picture = picture_of(encoded(source), format=output, background="#0000ff").convert("RGBA")
    lossy = 1 if output is Format.AVIF else 0  # of its opacity, as of its colors
    assert alpha_at(picture, 48, 24) <= lossy
    assert alpha_at(picture, 16, 24) >= 255 - lossy
    assert color_at(picture, 16, 24) == "red"


def test_transparency_is_flattened_on_the_background_where_it_has_not() -> None:
    source = Image.new("RGBA", (64, 48), (255, 0, 0, 255))
    source.paste((0, 0, 0, 0), (32, 0, 64, 48))

    picture = picture_of(encoded(source), format=Format.JPEG, background="#00ffff80")
    assert [color_at(picture, 16, 24), color_at(picture, 48, 24)] == ["red", "cyan"]


def test_an_opaque_part_of_a_transparent_picture_is_a_picture() -> None:
    source = quadrants(80, 40).convert("RGBA")
    source.paste((0, 0, 0, 0), (60, 0, 80, 40))
    square = variant(width=40, height=40, fit=Fit.COVER, gravity=Gravity.WEST, format=Format.WEBP)

    (rendition,) = rendered(encoded(source), square).renditions
    assert [color_at(opened(rendition.body), 20, y) for y in (5, 35)] == ["red", "blue"]


def test_half_transparent_white_on_black_is_grey() -> None:
    source = Image.new("RGBA", (8, 8), (255, 255, 255, 128))

    assert color_at(picture_of(encoded(source), format=Format.JPEG, background="#000000"), 4, 4) == "grey"


def test_an_invisible_color_never_shines_through() -> None:
    source = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    source.paste((255, 255, 255, 255), (21, 0, 64, 64))

    picture = picture_of(encoded(source), width=16)
    visible = [rgb_at(picture, x, 8) for x in range(16) if alpha_at(picture, x, 8)]
    assert min(min(pixel) for pixel in visible) >= 250


@pytest.mark.parametrize(
    ("gravity", "expected"),
    [
        (Gravity.NORTHWEST, "red"),
        (Gravity.NORTHEAST, "lime"),
        (Gravity.SOUTHWEST, "blue"),
        (Gravity.SOUTHEAST, "white"),
    ],
)
def test_cover_keeps_the_corner_of_its_gravity(gravity: Gravity, expected: str) -> None:
    wide = encoded(quadrants(200, 20))
    tall = encoded(quadrants(20, 200))

    square = {"width": 10, "height": 10, "fit": Fit.COVER, "gravity": gravity}
    side = {"red": ["red", "red"], "lime": ["lime", "lime"], "blue": ["blue", "blue"], "white": ["white", "white"]}
    picture = picture_of(wide, **square)
    row = 1 if "north" in gravity else 8
    assert [color_at(picture, 1, row), color_at(picture, 8, row)] == side[expected]
    column = 1 if "west" in gravity else 8
    picture = picture_of(tall, **square)
    assert [color_at(picture, column, 1), color_at(picture, column, 8)] == side[expected]


def test_cover_of_a_smaller_image_cuts_and_does_not_enlarge() -> None:
    picture = picture_of(encoded(quadrants(60, 20)), width=100, height=100, fit=Fit.COVER)

    assert picture.size == (20, 20)
    assert quarters(picture) == UPRIGHT


def test_cover_enlarges_when_told_to() -> None:
    picture = picture_of(encoded(quadrants(60, 20)), width=100, height=100, fit=Fit.COVER, enlarge=True)

    assert picture.size == (100, 100)
    assert quarters(picture) == UPRIGHT


def test_contain_fills_the_rest_with_the_background() -> None:
    picture = picture_of(encoded(quadrants(80, 40)), width=40, height=40, fit=Fit.CONTAIN, background="#ff00ff")

    assert picture.size == (40, 40)
    assert [color_at(picture, 20, y) for y in (2, 37)] == ["magenta", "magenta"]
    assert [color_at(picture, 5, y) for y in (14, 25)] == ["red", "blue"]


def test_contain_of_a_smaller_image_leaves_it_at_its_size() -> None:
    picture = picture_of(encoded(quadrants(20, 10)), width=40, height=40, fit=Fit.CONTAIN, background="#ff00ff")

    assert [color_at(picture, x, 16) for x in (9, 10, 29, 30)] == ["magenta", "red", "lime", "magenta"]


@pytest.mark.parametrize("output", [Format.WEBP, Format.PNG, Format.AVIF, Format.GIF])
def test_a_background_may_be_transparent(output: Format) -> None:
    source = encoded(quadrants(80, 40))

    picture = picture_of(source, width=40, height=40, fit=Fit.CONTAIN, background="#00000000", format=output)
    assert alpha_at(picture, 20, 2) == 0
    assert alpha_at(picture, 20, 20) == 255


def test_a_transparent_background_is_opaque_where_the_format_knows_no_other() -> None:
    source = encoded(quadrants(80, 40))

    picture = picture_of(source, width=40, height=40, fit=Fit.CONTAIN, background="#ff00ff00", format=Format.JPEG)
    assert color_at(picture, 20, 2) == "magenta"


def test_an_opaque_background_frames_a_picture_without_filling_its_holes() -> None:
    source = encoded(Image.new("RGBA", (80, 40), (0, 0, 0, 0)))

    picture = picture_of(source, width=40, height=40, fit=Fit.CONTAIN, background="#ff00ff")
    assert [alpha_at(picture, 20, 2), alpha_at(picture, 20, 20)] == [255, 0]


@pytest.mark.parametrize("size", [(1, 16_000), (16_000, 1), (1, 1), (2, 3)])
@pytest.mark.parametrize("fit", Fit)
@pytest.mark.parametrize("output", OUTPUTS)
def test_extreme_shapes_work(size: tuple[int, int], fit: Fit, output: Format) -> None:
    source = encoded(Image.new("RGB", size, "red"))

    picture = picture_of(source, width=320, height=320, fit=fit, format=output, background="#ff0000")
    assert color_at(picture, picture.width // 2, picture.height // 2) == "red"


def test_inside_enlarges_when_told_to() -> None:
    picture = picture_of(encoded(quadrants(20, 10)), width=200, enlarge=True)

    assert picture.size == (200, 100)
    assert quarters(picture) == UPRIGHT


def test_quality_is_worth_bytes() -> None:
    source = encoded(Image.effect_noise((200, 200), 60).convert("RGB"))

    for output in (Format.WEBP, Format.JPEG, Format.AVIF):
        low, high = (variant(str(quality), format=output, quality=quality) for quality in (20, 90))
        worse, better = rendered(source, low, high).renditions
        assert len(worse.body) < len(better.body)


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("effort", range(7))
def test_every_effort_gives_a_picture(output: Format, effort: int) -> None:
    assert quarters(picture_of(encoded(quadrants()), format=output, effort=effort)) == UPRIGHT


@pytest.mark.parametrize("quality", [1, 50, 100])
@pytest.mark.parametrize("output", [Format.WEBP, Format.JPEG, Format.AVIF])
def test_every_quality_gives_a_picture(output: Format, quality: int) -> None:
    assert picture_of(encoded(quadrants()), format=output, quality=quality).size == (64, 48)


def test_png_loses_nothing() -> None:
    noise = Image.effect_noise((50, 50), 90).convert("RGB")

    assert picture_of(encoded(noise), quality=1).tobytes() == noise.tobytes()


def test_the_second_picture_of_a_camera_is_no_frame() -> None:
    source = animation("MPO", [quadrants(400, 300), Image.new("RGB", (400, 300), "black")], [])

    result = rendered(source, variant(width=40, format=Format.WEBP))
    assert (result.format, result.frames) == ("jpeg", 1)
    assert quarters(opened(result.renditions[0].body)) == UPRIGHT


def test_inks_keep_their_colors_where_the_decoder_shrinks() -> None:
    source = encoded(Image.new("CMYK", (800, 600), (255, 0, 0, 0)), "JPEG")

    assert color_at(picture_of(source, width=50), 25, 18) == "cyan"


def test_pages_of_a_tiff_are_no_animation() -> None:
    source = animation("TIFF", [quadrants(), Image.new("RGB", (64, 48), "black")], [100, 100])

    result = rendered(source, variant(format=Format.WEBP))
    assert result.frames == 1
    assert quarters(opened(result.renditions[0].body)) == UPRIGHT
