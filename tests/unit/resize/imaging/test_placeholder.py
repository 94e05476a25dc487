"""Placeholders: a color and a blur that a page can show before the image is there."""

from base64 import b64decode

import pytest
import thumbhash
from PIL import Image

from resize.imaging.geometry import Size
from resize.imaging.placeholder import Thumbnail, dominant_colour, thumb_hash, thumbnail_size
from support.imaging.images import encoded, exif, quadrants, rendered


def thumbnail_of(picture: Image.Image) -> Thumbnail:
    """A picture, small."""
    size = thumbnail_size(Size(*picture.size))
    return Thumbnail(size, picture.resize(size, Image.Resampling.BOX).convert("RGBA").tobytes())


def average(hashed: str) -> tuple[float, ...]:
    """The average color that a page reads from a hash, 0 to 255."""
    return tuple(255 * band for band in thumbhash.thumb_hash_to_average_rgba(list(b64decode(hashed))))


def test_the_color_of_most_pixels_is_dominant() -> None:
    picture = Image.new("RGB", (100, 100), "#2060a0")
    picture.paste("white", (0, 0, 100, 40))

    assert dominant_colour(thumbnail_of(picture)) == "#2060a0"


def test_similar_colors_count_together() -> None:
    picture = Image.new("RGB", (100, 90), "#ff0000")
    for row in range(60):
        picture.paste((0, 0, 190 + row % 6), (0, row, 100, row + 1))

    color = dominant_colour(thumbnail_of(picture))
    assert color
    assert color.startswith("#0000")
    assert int(color[5:], 16) > 150


def test_what_is_transparent_has_no_say() -> None:
    picture = Image.new("RGBA", (100, 100), "#00ff0000")
    picture.paste("#c01020", (0, 0, 20, 100))

    assert dominant_colour(thumbnail_of(picture.convert("RGBa"))) == "#c01020"


def test_a_color_counts_by_its_opacity() -> None:
    picture = Image.new("RGBA", (16, 16), (0, 0, 255, 40))
    picture.paste((192, 16, 32, 255), (0, 0, 4, 16))

    assert dominant_colour(thumbnail_of(picture)) == "#c01020"


@pytest.mark.usefixtures("engine")
def test_a_thin_drawing_on_nothing_has_the_color_of_its_lines() -> None:
    drawing = Image.new("RGBA", (160, 160))
    for column in range(0, 160, 10):
        drawing.paste("#c01020", (column, 0, column + 2, 160))

    color = rendered(encoded(drawing, "PNG")).dominant_colour
    assert color
    # A fifth of opacity leaves a fifth of the levels.
    assert tuple(bytes.fromhex(color[1:])) == pytest.approx((0xC0, 0x10, 0x20), abs=6)


@pytest.mark.usefixtures("engine")
def test_where_nothing_is_opaque_there_is_no_dominant_colour() -> None:
    assert rendered(encoded(Image.new("RGBA", (40, 40)), "PNG")).dominant_colour is None


def test_a_hash_tells_the_average_color() -> None:
    red, green, blue, opacity = average(thumb_hash(thumbnail_of(Image.new("RGB", (90, 60), (200, 100, 50)))))

    assert (red, green, blue, opacity) == pytest.approx((200, 100, 50, 255), abs=6)


def test_what_is_transparent_is_white_in_a_hash() -> None:
    assert average(thumb_hash(thumbnail_of(Image.new("RGBa", (90, 60))))) == pytest.approx((255, 255, 255, 255), abs=6)


@pytest.mark.parametrize(("size", "ratio"), [((90, 60), 7 / 5), ((60, 90), 5 / 7), ((50, 50), 1)])
def test_a_hash_tells_the_shape(size: tuple[int, int], ratio: float) -> None:
    hashed = thumb_hash(thumbnail_of(quadrants(*size)))

    assert thumbhash.thumb_hash_to_approximate_aspect_ratio(list(b64decode(hashed))) == ratio


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (33, 31)])
def test_every_size_has_a_placeholder(size: tuple[int, int]) -> None:
    picture = Image.new("RGB", size, "#808080")

    assert dominant_colour(thumbnail_of(picture)) == "#808080"
    assert len(b64decode(thumb_hash(thumbnail_of(picture)))) <= 25


@pytest.mark.usefixtures("engine")
def test_an_image_comes_with_its_placeholders() -> None:
    result = rendered(encoded(Image.new("RGB", (64, 48), "#204080"), "PNG"))

    assert result.dominant_colour == "#204080"
    assert average(result.thumbhash) == pytest.approx((0x20, 0x40, 0x80, 255), abs=8)


@pytest.mark.usefixtures("engine")
def test_placeholders_show_the_image_upright() -> None:
    sideways = encoded(quadrants().transpose(Image.Transpose.ROTATE_90), exif=exif(6))

    assert rendered(sideways).thumbhash == rendered(encoded(quadrants())).thumbhash
