"""Color spaces made of primaries and a curve: sRGB of them is what Chromium 156 paints of a PNG with such a cICP."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from resize.imaging.color.icc import CURVES, PRIMARIES, SRGB_CURVE, Primaries, profile_of, srgb_levels
from resize.imaging.pillow.color import to_srgb
from support.imaging.images import rgb_at

COLOR = (200, 80, 20)

# What Chromium paints of COLOR, by ITU-T H.273's code points.
PAINTED_OF_PRIMARIES = {
    1: (200, 80, 20),
    4: (234, 71, 0),
    5: (203, 80, 22),
    6: (195, 84, 17),
    7: (195, 84, 17),
    8: (225, 68, 0),
    9: (245, 37, 0),
    10: (255, 0, 46),
    11: (212, 69, 0),
    12: (216, 69, 0),
    22: (202, 83, 18),
}
PAINTED_OF_CURVES = {
    1: (197, 70, 7),
    4: (201, 79, 12),
    5: (189, 56, 3),
    6: (197, 70, 7),
    7: (206, 97, 38),
    8: (229, 152, 79),
    11: (197, 70, 7),
    13: (200, 80, 20),
    14: (197, 70, 7),
    15: (197, 70, 7),
    17: (200, 65, 5),
}
PIXEL = Image.new("RGB", (1, 1), COLOR)

points = st.tuples(st.floats(0, 1), st.floats(0, 1))


@pytest.mark.parametrize("code", PRIMARIES)
def test_primaries_show_the_colors_that_chromium_paints(code: int) -> None:
    profile = profile_of(PRIMARIES[code], SRGB_CURVE)

    assert rgb_at(to_srgb(PIXEL, profile)) == pytest.approx(PAINTED_OF_PRIMARIES[code], abs=1)


@pytest.mark.parametrize("code", CURVES)
def test_a_curve_shows_the_levels_that_chromium_paints(code: int) -> None:
    by_profile = rgb_at(to_srgb(PIXEL, profile_of(PRIMARIES[1], CURVES[code])))
    by_table = [srgb_levels(CURVES[code], 256)[level] for level in COLOR]

    assert by_profile == pytest.approx(PAINTED_OF_CURVES[code], abs=1)
    assert by_table == pytest.approx(PAINTED_OF_CURVES[code], abs=1)


def test_a_table_of_sixteen_bits_keeps_what_eight_would_lose() -> None:
    shadows = {srgb_levels(CURVES[8], 65_536)[level] for level in range(257)}

    assert shadows == set(range(14))  # in 8 bits, linear light has two levels here


@given(st.builds(Primaries, points, points, points, points))
def test_any_primaries_make_a_profile_or_none(primaries: Primaries) -> None:
    assert to_srgb(PIXEL, profile_of(primaries, SRGB_CURVE)).mode == "RGB"


def test_primaries_on_a_line_make_no_profile() -> None:
    assert profile_of(Primaries((0.3, 0.3), (0.3, 0.3), (0.3, 0.3)), SRGB_CURVE) is None
    assert profile_of(Primaries((0.64, 0.33), (0.3, 0.6), (0.15, 0.06), (0.0, 0.0)), SRGB_CURVE) is None
