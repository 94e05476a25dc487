"""Colors: every depth, palette, transparency and profile comes out as the sRGB that a person would see."""

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from support.imaging.images import COLORS, alpha_at, encoded, picture_of, quadrants, quarters, rgb_at
from support.imaging.profiles import display_p3, four_inks, ink_as_srgb, linear_grey, swapped_primaries

pytestmark = pytest.mark.usefixtures("engine")

INKS = {
    "cyan": (255, 0, 0, 0),
    "magenta": (0, 255, 0, 0),
    "yellow": (0, 0, 255, 0),
    "black": (0, 0, 0, 255),
}


def near(pixel: tuple[int, ...], expected: tuple[float, ...], tolerance: int = 3) -> bool:
    return max(abs(a - b) for a, b in zip(pixel, expected, strict=True)) <= tolerance


def flat(mode: str, value: float | tuple[int, ...]) -> Image.Image:
    return Image.new(mode, (16, 16), value)


def png(depth: int, color_type: int, rows: list[bytes], width: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG of a kind that Pillow does not write."""
    head = struct.pack(">IIBBBBB", width, len(rows), depth, color_type, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    parts = [(b"IHDR", head), *chunks, (b"IDAT", pixels), (b"IEND", b"")]
    body = (struct.pack(">I", len(data)) + name + data + _crc(name + data) for name, data in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(body)


def _crc(data: bytes) -> bytes:
    return struct.pack(">I", zlib.crc32(data))


def sixteen_bits(*values: int) -> bytes:
    return struct.pack(f">{len(values)}H", *values)


@pytest.mark.parametrize("ink", INKS)
@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_inks_are_seen_as_their_profile_says(ink: str, kind: str) -> None:
    source = encoded(flat("CMYK", INKS[ink]), kind, icc_profile=four_inks())

    assert near(rgb_at(picture_of(source)), ink_as_srgb(ink))


@pytest.mark.parametrize("ink", INKS)
@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_inks_without_a_profile_are_the_screens_own(ink: str, kind: str) -> None:
    assert near(rgb_at(picture_of(encoded(flat("CMYK", INKS[ink]), kind))), COLORS[ink])


def test_inks_are_inverted_in_a_jpeg_whether_adobes_marker_says_so_or_not() -> None:
    marked = encoded(flat("CMYK", INKS["cyan"]), "JPEG")
    start = marked.index(b"\xff\xee")
    unmarked = marked[:start] + marked[start + 16 :]

    assert b"Adobe" in marked
    assert b"Adobe" not in unmarked
    assert rgb_at(picture_of(unmarked)) == rgb_at(picture_of(marked))


def test_display_p3_becomes_srgb() -> None:
    source = encoded(flat("RGB", (200, 100, 50)), icc_profile=display_p3())

    expected = np.array([200, 100, 50]) / 255.0
    linear = np.array([[1.2249, -0.2247, 0], [-0.0420, 1.0419, 0], [-0.0197, -0.0786, 1.0979]]) @ expected**2.2
    assert near(rgb_at(picture_of(source)), tuple(255 * (1.055 * linear ** (1 / 2.4) - 0.055)))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_the_profile_is_found_in_every_format(kind: str) -> None:
    source = encoded(quadrants(), kind, icc_profile=swapped_primaries())

    assert quarters(picture_of(source)) == ["lime", "red", "blue", "white"]


def test_transparency_stays_beside_a_profile() -> None:
    source = encoded(flat("RGBA", (255, 0, 0, 100)), icc_profile=swapped_primaries())

    picture = picture_of(source)
    assert near(rgb_at(picture), COLORS["lime"])
    assert alpha_at(picture) == 100


@pytest.mark.parametrize(("mode", "half"), [("L", 128), ("LA", (128, 255)), ("I;16", 128 * 257)])
def test_a_grey_profile_applies_to_greys(mode: str, half: int | tuple[int, ...]) -> None:
    assert near(rgb_at(picture_of(encoded(flat(mode, half), icc_profile=linear_grey()))), (188, 188, 188))


def test_greys_under_a_profile_of_colors_are_its_neutral_ones() -> None:
    white = rgb_at(picture_of(encoded(flat("L", 255), icc_profile=swapped_primaries())))

    assert near(white, COLORS["white"])


@pytest.mark.parametrize(
    "profile",
    [
        pytest.param(b"not a profile", id="nonsense"),
        pytest.param(display_p3()[:200], id="cut off"),
        pytest.param(four_inks(), id="of inks"),
        pytest.param(linear_grey(), id="of greys"),
    ],
)
def test_a_profile_that_does_not_fit_is_ignored(profile: bytes) -> None:
    assert rgb_at(picture_of(encoded(flat("RGB", (200, 100, 50)), icc_profile=profile))) == (200, 100, 50)


@given(st.binary(max_size=40), st.integers(0, 451))
def test_no_profile_however_broken_costs_the_image(noise: bytes, at: int) -> None:
    broken = display_p3()[:at] + noise + display_p3()[at + len(noise) :]

    assert picture_of(encoded(flat("RGB", (200, 100, 50)), icc_profile=broken)).size == (16, 16)


def test_an_srgb_profile_changes_no_pixel() -> None:
    noise = Image.effect_noise((64, 64), 90).convert("RGB")
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

    assert picture_of(encoded(noise, icc_profile=srgb)).tobytes() == noise.tobytes()


def test_lab_colors_become_srgb() -> None:
    red_in_lab = (138, 209, 198)  # L* 54.3 of 100, a* 80.8 and b* 69.9, each plus 128 (D50)

    assert near(rgb_at(picture_of(encoded(flat("LAB", red_in_lab), "TIFF"))), COLORS["red"], 6)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bit_greys_keep_their_lightness(kind: str) -> None:
    ramp = Image.fromarray(np.arange(0, 65536, 256, dtype=np.uint16).reshape(1, 256))

    values = np.asarray(picture_of(encoded(ramp, kind)).convert("L"))[0]
    assert np.abs(values.astype(int) - np.arange(256)).max() <= 1


def test_a_big_endian_tiff_of_sixteen_bit_greys_keeps_its_lightness() -> None:
    ramp = Image.frombytes("I;16B", (4, 1), sixteen_bits(0, 21845, 43690, 65535))

    assert list(picture_of(encoded(ramp, "TIFF")).convert("L").tobytes()) == [0, 85, 170, 255]


def test_sixteen_bit_colors_keep_theirs() -> None:
    source = png(16, 2, [sixteen_bits(65535, 32896, 0)], 1)

    assert rgb_at(picture_of(source)) == (255, 128, 0)


def test_a_transparent_grey_of_sixteen_bits_is_that_grey_alone() -> None:
    source = png(16, 0, [sixteen_bits(40000, 40001)], 2, (b"tRNS", sixteen_bits(40000)))

    assert picture_of(source).getchannel("A").tobytes() == b"\x00\xff"


def test_a_transparent_color_of_sixteen_bits_is_transparent() -> None:
    row = sixteen_bits(40000, 500, 65535, 10, 10, 10)
    source = png(16, 2, [row], 2, (b"tRNS", sixteen_bits(40000, 500, 65535)))

    assert picture_of(source).getchannel("A").tobytes() == b"\x00\xff"


@pytest.mark.parametrize(
    ("mode", "values", "expected"),
    [
        pytest.param("F", [0.0, 0.5, 1.0], [0, 128, 255], id="floats of 0 to 1"),
        pytest.param("F", [-10.0, 0.0, 10.0], [0, 128, 255], id="floats of another range"),
        pytest.param("F", [float("nan"), 0.5, float("inf")], [0, 128, 255], id="floats that are no numbers"),
        pytest.param("I", [0, 32768, 65535], [0, 128, 255], id="integers of 16 bits"),
        pytest.param("I", [-1000, 0, 1000], [0, 128, 255], id="signed integers"),
        pytest.param("I", [0, 2**30, 2**31 - 1], [0, 128, 255], id="integers of 32 bits"),
        pytest.param("F", [7.0, 7.0, 7.0], [255, 255, 255], id="one float"),
    ],
)
def test_numbers_become_greys(mode: str, values: list[float], expected: list[int]) -> None:
    numbers = np.array([values], dtype=np.float32 if mode == "F" else np.int32)

    greys = list(picture_of(encoded(Image.fromarray(numbers), "TIFF")).convert("L").tobytes())
    assert greys == pytest.approx(expected, abs=1)


def test_one_bit_is_black_and_white() -> None:
    bits = Image.new("1", (2, 1))
    bits.putpixel((1, 0), 1)

    assert list(picture_of(encoded(bits)).convert("L").tobytes()) == [0, 255]


def test_a_palette_without_transparency_is_opaque() -> None:
    picture = picture_of(encoded(quadrants().quantize(4)))

    assert picture.mode == "RGB"
    assert quarters(picture) == ["red", "lime", "blue", "white"]


def test_one_transparent_entry_of_a_palette_is_transparent() -> None:
    palette = quadrants().quantize(4)
    lime = palette.getpixel((60, 4))

    picture = picture_of(encoded(palette, transparency=lime))
    assert alpha_at(picture, 60, 4) == 0
    assert alpha_at(picture, 4, 4) == 255


def test_every_entry_of_a_palette_may_have_its_opacity() -> None:
    palette = quadrants().quantize(4)
    lime = palette.getpixel((60, 4))
    opacities = bytes(90 if index == lime else 255 for index in range(4))

    assert alpha_at(picture_of(encoded(palette, transparency=opacities)), 60, 4) == 90


@pytest.mark.parametrize(("mode", "key"), [("1", 1), ("L", 200), ("RGB", (200, 100, 50))])
def test_a_color_may_stand_for_transparent(mode: str, key: int | tuple[int, ...]) -> None:
    picture = Image.new(mode, (2, 1), 0)
    picture.putpixel((1, 0), key)

    assert picture_of(encoded(picture, transparency=key)).getchannel("A").tobytes() == b"\xff\x00"


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_opacity_stays_as_it_is(mode: str, kind: str) -> None:
    half = flat(mode, (200, 100) if mode == "LA" else (200, 200, 200, 100))

    picture = picture_of(encoded(half, kind))
    assert near(rgb_at(picture), (200, 200, 200))
    assert alpha_at(picture) == 100


def test_a_palette_with_opacity_keeps_it() -> None:
    palette = quadrants().quantize(4).convert("PA")
    palette.putalpha(100)

    picture = picture_of(encoded(palette, "TIFF"))
    assert quarters(picture) == ["red", "lime", "blue", "white"]
    assert alpha_at(picture) == 100


def test_a_picture_whose_every_pixel_is_opaque_has_no_opacity() -> None:
    assert picture_of(encoded(quadrants().convert("RGBA"))).mode == "RGB"


def test_luma_and_chroma_of_a_tiff_become_colors() -> None:
    source = encoded(quadrants().convert("YCbCr"), "TIFF")

    assert quarters(picture_of(source)) == ["red", "lime", "blue", "white"]
