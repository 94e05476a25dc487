"""What the colors of a PNG mean. Every pixel expected here is what Chromium 156 paints, unless it says otherwise."""

import struct

import pytest
from PIL import Image

from resize.imaging.formats.png import read_png
from support.imaging.boxes import colors
from support.imaging.images import alpha_at, encoded, picture_of, rgb_at
from support.imaging.pngs import (
    GREY,
    GREY_ALPHA,
    P3_POINTS,
    PALETTE,
    RGBA,
    SRGB_POINTS,
    cd_m2,
    code_points,
    embedded,
    flat,
    gamma,
    png,
    points,
)
from support.imaging.profiles import display_p3, four_inks, linear_grey, swapped_primaries

pytestmark = pytest.mark.usefixtures("engine")

COLOR = bytes((200, 80, 20))
AS_STORED = (200, 80, 20)
LINEAR = (229, 152, 79)
SWAPPED = (79, 201, 12)
P3 = (216, 69, 0)
GREY_LINEAR = embedded(linear_grey())
NAMED = (b"sRGB", b"\0")


def shown(*chunks: tuple[bytes, bytes]) -> tuple[int, int, int]:
    return rgb_at(picture_of(flat(COLOR, *chunks)))


def near(value: tuple[int, ...]) -> object:
    return pytest.approx(value, abs=2)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, AS_STORED),
        (1, (0, 0, 0)),
        (10_000, (84, 0, 0)),
        (40_000, (195, 66, 6)),
        (43_181, (199, 74, 9)),
        (43_183, AS_STORED),
        (45_455, AS_STORED),
        (47_727, AS_STORED),
        (47_800, (204, 84, 15)),
        (60_000, (213, 106, 32)),
        (100_000, LINEAR),
        (200_000, (242, 197, 144)),
        (50_000_000, (255, 255, 254)),
        (2**32 - 1, (255, 255, 255)),
    ],
)
def test_a_gamma_alone_counts_unless_it_is_a_usual_displays(value: int, expected: tuple[int, int, int]) -> None:
    assert shown(gamma(value)) == near(expected)


@pytest.mark.parametrize(
    ("value", "where", "expected"),
    [
        pytest.param(45_455, SRGB_POINTS, (201, 79, 12), id="of sRGB"),
        pytest.param(45_455, P3_POINTS, (218, 67, 0), id="of Display P3"),
        pytest.param(100_000, P3_POINTS, (242, 148, 61), id="of Display P3, linear"),
        pytest.param(0, P3_POINTS, AS_STORED, id="no gamma"),
        pytest.param(100_000, (0.0,) * 8, AS_STORED, id="all zero"),
        pytest.param(100_000, (0.3127, 0.329, *(0.3,) * 6), AS_STORED, id="one point"),
        pytest.param(100_000, (0.3127, 0.329, 1.5, 0.33, 0.3, 0.6, 0.15, 0.06), AS_STORED, id="beyond all colors"),
        pytest.param(55_556, (0.3457, 0.3585, 0.7347, 0.2653, 0.1596, 0.8404, 0.0366, 0.0001), (255, 16, 0), id="wide"),
        pytest.param(45_455, (0.333, 0.333, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06), (211, 81, 18), id="another white"),
    ],
)
def test_a_gamma_with_primaries_counts_whatever_it_is(
    value: int, where: tuple[float, ...], expected: tuple[int, int, int]
) -> None:
    assert shown(gamma(value), points(*where)) == near(expected)


def test_primaries_without_a_gamma_count_for_nothing() -> None:
    assert shown(points(*P3_POINTS)) == AS_STORED


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        pytest.param([code_points(12, 13), embedded(swapped_primaries())], P3, id="cICP before iCCP"),
        pytest.param([embedded(swapped_primaries()), code_points(12, 13)], P3, id="wherever it stands"),
        pytest.param([NAMED, embedded(swapped_primaries())], SWAPPED, id="iCCP before sRGB"),
        pytest.param([gamma(100_000), embedded(swapped_primaries())], SWAPPED, id="iCCP before gAMA"),
        pytest.param([gamma(100_000), NAMED], AS_STORED, id="sRGB before gAMA"),
        pytest.param([gamma(100_000), gamma(45_455)], LINEAR, id="the first gAMA"),
        pytest.param([gamma(45_455), gamma(100_000)], AS_STORED, id="and no other"),
    ],
)
def test_of_several_ways_to_say_it_the_newest_counts(
    chunks: list[tuple[bytes, bytes]], expected: tuple[int, int, int]
) -> None:
    assert shown(*chunks) == near(expected)


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(code_points(12, 13, full_range=0), id="cICP of narrow range"),
        pytest.param(code_points(12, 13, matrix=1), id="cICP of luma and chroma, which Chromium does not paint"),
        pytest.param((b"cICP", b"\x0c\x0d\0"), id="short cICP"),
        pytest.param(code_points(2, 13), id="primaries unknown"),
        pytest.param(code_points(99, 13), id="primaries of none"),
        pytest.param(code_points(1, 2), id="transfer unknown"),
        pytest.param(code_points(1, 99), id="transfer of none"),
        pytest.param((b"sRGB", b"\x09"), id="sRGB of no intent"),
        pytest.param((b"sRGB", b"\0\0"), id="long sRGB"),
        pytest.param(embedded(b"nonsense"), id="no profile"),
        pytest.param((b"iCCP", b"x\0\0nonsense"), id="profile not deflated"),
        pytest.param(embedded(swapped_primaries()[:200]), id="profile cut off"),
        pytest.param(embedded(swapped_primaries(), method=1), id="profile of unknown compression"),
        pytest.param(embedded(swapped_primaries(), name=b""), id="profile without a name"),
        pytest.param(embedded(swapped_primaries(), name=b"n" * 90), id="profile of a long name"),
    ],
)
def test_what_makes_no_sense_leaves_it_to_the_next(broken: tuple[bytes, bytes]) -> None:
    assert shown(broken, gamma(100_000)) == near(LINEAR)


@pytest.mark.parametrize("profile", [linear_grey(), four_inks()], ids=["of greys", "of inks"])
def test_a_whole_profile_of_other_bands_says_that_nothing_is_to_be_done(profile: bytes) -> None:
    assert shown(embedded(profile), gamma(100_000)) == AS_STORED


@pytest.mark.parametrize(
    ("primaries", "transfer", "expected"),
    [
        (1, 13, AS_STORED),
        (9, 13, (245, 37, 0)),
        (12, 13, P3),
        (11, 13, (212, 69, 0)),
        (1, 1, (197, 70, 7)),
        (1, 4, (201, 79, 12)),
        (1, 5, (189, 56, 3)),
        (1, 7, (206, 97, 38)),
        (1, 8, LINEAR),
        (1, 17, (200, 65, 5)),
    ],
)
def test_code_points_name_primaries_and_a_curve(primaries: int, transfer: int, expected: tuple[int, int, int]) -> None:
    assert shown(code_points(primaries, transfer)) == near(expected)


def test_a_gamma_after_the_pixels_is_too_late() -> None:
    assert rgb_at(picture_of(png([COLOR * 8] * 8, 8, after=[gamma(100_000)]))) == AS_STORED


@pytest.mark.parametrize(
    ("color_type", "pixel", "expected"),
    [
        pytest.param(GREY, b"\x37", (128, 128, 128), id="grey"),
        pytest.param(GREY_ALPHA, b"\x37\x80", (128, 128, 128), id="grey with opacity"),
        pytest.param(RGBA, b"\x37\x37\x37\x80", (128, 128, 128), id="colors with opacity"),
        pytest.param(PALETTE, b"\x01", LINEAR, id="palette"),
    ],
)
def test_a_gamma_counts_for_every_kind_of_picture(
    color_type: int, pixel: bytes, expected: tuple[int, int, int]
) -> None:
    palette = [(b"PLTE", bytes(3) + COLOR)] if color_type == PALETTE else []
    picture = picture_of(flat(pixel, gamma(100_000), *palette, color_type=color_type))

    assert rgb_at(picture) == near(expected)
    assert alpha_at(picture) == (128 if len(pixel) in (2, 4) else 255)


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_a_gamma_counts_for_greys_of_few_bits(bits: int) -> None:
    greys = 2**bits - 1
    light = (greys // 2) / greys
    row = bytes([int(f"{greys // 2:0{bits}b}" * (8 // bits), 2)]) * bits
    expected = 0 if bits == 1 else round(255 * (1.055 * light ** (1 / 2.4) - 0.055))

    picture = picture_of(png([row] * 8, 8, gamma(100_000), color_type=GREY, bits=bits))
    assert rgb_at(picture) == near((expected,) * 3)


@pytest.mark.parametrize(
    ("color_type", "samples"), [(GREY, 1), (2, 3), (GREY_ALPHA, 1), (RGBA, 3)], ids=["L", "RGB", "LA", "RGBA"]
)
def test_sixteen_bits_of_linear_light_show_no_bands(color_type: int, samples: int) -> None:
    """By IEC 61966-2-1: Chromium cuts them to 8 bits before, and shows two levels here."""
    opacity = b"\xff\xff" if color_type in (GREY_ALPHA, RGBA) else b""
    row = b"".join(struct.pack(">H", level) * samples + opacity for level in range(512))

    picture = picture_of(png([row] * 2, 512, gamma(100_000), color_type=color_type, bits=16))
    expected = [255 * _srgb(level / 65_535) for level in range(512)]
    assert [rgb_at(picture, x, 0)[1] for x in range(512)] == pytest.approx(expected, abs=1)


def _srgb(light: float) -> float:
    return 12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055


def test_sixteen_bits_keep_their_opacity_beside_a_gamma() -> None:
    picture = picture_of(flat(b"\x37\0" * 3 + b"\x80\xff", gamma(100_000), color_type=RGBA, bits=16))

    assert rgb_at(picture) == near((128, 128, 128))
    assert alpha_at(picture) == 128


def test_a_grey_profile_counts_for_greys() -> None:
    assert rgb_at(picture_of(flat(b"\x4d", GREY_LINEAR, color_type=GREY))) == near((149, 149, 149))
    assert rgb_at(picture_of(flat(b"\x4d\xff", GREY_LINEAR, color_type=GREY_ALPHA))) == near((149, 149, 149))


def test_what_has_no_say_costs_no_pixel_anything() -> None:
    source = encoded(picture_of(flat(COLOR)), icc_profile=display_p3())

    assert read_png(flat(COLOR, NAMED)).colors.curve is None
    assert read_png(flat(COLOR, gamma(45_455))).colors.profile is None
    assert read_png(source).colors.profile == display_p3()


def test_a_profile_that_is_a_bomb_is_no_profile() -> None:
    assert shown(embedded(display_p3().ljust(50_000_000, b"\0")), gamma(100_000)) == near((218, 67, 0))
    assert shown(embedded(bytes(50_000_000)), gamma(100_000)) == near(LINEAR)


@pytest.mark.parametrize("transfer", [16, 18], ids=["PQ", "HLG"])
@pytest.mark.parametrize("levels", [(148, 148, 148), (160, 64, 48), (192, 176, 144)])
def test_hdr_is_mapped_as_in_an_avif_of_the_same_levels(levels: tuple[int, int, int], transfer: int) -> None:
    avif = encoded(Image.new("RGB", (64, 48), levels), "AVIF", quality=100, subsampling="4:4:4")

    mapped = rgb_at(picture_of(flat(bytes(levels), code_points(9, transfer))))

    assert mapped == pytest.approx(rgb_at(picture_of(colors(avif, 9, transfer))), abs=4)
    assert mapped != levels


# A grey of PQ's 150 is white in a picture that gets no brighter than that; Chromium 156's, as those below.
@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ((), 193),
        ((cd_m2(b"cLLI", 0),), 193),
        ((cd_m2(b"cLLI", 50),), 255),
        ((cd_m2(b"cLLI", 250),), 252),
        ((cd_m2(b"cLLI", 470),), 229),
        ((cd_m2(b"mDCV", 300),), 246),
        ((cd_m2(b"cLLI", 0), cd_m2(b"mDCV", 400)), 235),
        ((cd_m2(b"cLLI", 400), cd_m2(b"mDCV", 4000)), 235),
        ((cd_m2(b"cLLI", 4000), cd_m2(b"mDCV", 400)), 193),
        (((b"cLLI", b"\0\0"), (b"mDCV", b"")), 193),
    ],
)
def test_hdr_is_bent_by_how_bright_it_says_it_gets(said: tuple[tuple[bytes, bytes], ...], expected: int) -> None:
    mapped = rgb_at(picture_of(flat(bytes([150] * 3), code_points(9, 16), *said)))

    assert mapped == pytest.approx((expected,) * 3, abs=6)


@pytest.mark.parametrize(("brightest", "expected"), [(1000, 253), (4000, 224), (10_000, 212)])
def test_what_is_brighter_than_a_thousand_is_not_cut_if_it_says_so(brightest: int, expected: int) -> None:
    mapped = rgb_at(picture_of(flat(bytes([190] * 3), code_points(9, 16), cd_m2(b"cLLI", brightest))))

    assert mapped == pytest.approx((expected,) * 3, abs=6)
