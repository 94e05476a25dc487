"""Geometry: nothing outside the box, nothing empty, no shape bent, nothing enlarged unasked."""

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from contract.focal_point import FocalPoint
from resize.imaging.geometry import Box, Placement, Size, place
from resize.imaging.variants import MAX_SIDE, Fit, Gravity, Variant

SIDES = st.integers(1, 20_000) | st.sampled_from([1, 2, 3, MAX_SIDE, 65_535, 100_000])
BOX_SIDES = st.integers(1, MAX_SIDE)
SIZES = st.builds(Size, SIDES, SIDES)


@st.composite
def variants(draw: st.DrawFn, fits: tuple[Fit, ...] = tuple(Fit), *, enlarge: bool | None = None) -> Variant:
    """Any variant that the configuration allows."""
    fit = draw(st.sampled_from(fits))
    width, height = draw(BOX_SIDES), draw(BOX_SIDES)
    left_out = draw(st.sampled_from(["none", "width", "height"])) if fit is Fit.INSIDE else "none"
    return Variant(
        name="any",
        width=None if left_out == "width" else width,
        height=None if left_out == "height" else height,
        fit=fit,
        gravity=draw(st.sampled_from(Gravity)),
        enlarge=draw(st.booleans()) if enlarge is None else enlarge,
    )


def placed(source: tuple[int, int], **options: Any) -> Placement:
    return place(Size(*source), Variant(**{"name": "example"} | options))


@given(SIZES, variants())
def test_no_output_is_larger_than_its_box_or_than_a_format_can_hold(source: Size, variant: Variant) -> None:
    canvas = place(source, variant).canvas

    assert canvas.width <= (variant.width or MAX_SIDE)
    assert canvas.height <= (variant.height or MAX_SIDE)


@given(SIZES, variants())
def test_nothing_is_empty(source: Size, variant: Variant) -> None:
    placement = place(source, variant)

    assert min(*placement.scaled, *placement.kept.size, *placement.canvas) >= 1


@given(SIZES, variants())
def test_what_is_kept_is_part_of_the_image_and_lies_on_the_canvas(source: Size, variant: Variant) -> None:
    placement = place(source, variant)
    left, top = placement.at

    assert 0 <= placement.kept.left < placement.kept.right <= placement.scaled.width
    assert 0 <= placement.kept.top < placement.kept.bottom <= placement.scaled.height
    assert 0 <= left <= placement.canvas.width - placement.kept.size.width
    assert 0 <= top <= placement.canvas.height - placement.kept.size.height


@given(SIZES, variants())
def test_the_shape_stays_within_a_pixel_of_either_side(source: Size, variant: Variant) -> None:
    scaled = place(source, variant).scaled

    across, down = scaled.width / source.width, scaled.height / source.height
    assume(1 not in scaled)  # the shortest side that there is has no shape to keep
    assert abs(across * source.height - scaled.height) <= 1 or abs(down * source.width - scaled.width) <= 1


@given(SIZES, variants(enlarge=False))
def test_nothing_is_enlarged_unasked(source: Size, variant: Variant) -> None:
    scaled = place(source, variant).scaled

    assert scaled.width <= source.width
    assert scaled.height <= source.height


@given(SIZES, variants((Fit.INSIDE,), enlarge=True))
def test_inside_touches_its_box_when_it_may_enlarge(source: Size, variant: Variant) -> None:
    canvas = place(source, variant).canvas

    assert canvas.width == (variant.width or MAX_SIDE) or canvas.height == (variant.height or MAX_SIDE)


@given(SIZES, variants((Fit.CONTAIN,)))
def test_contain_always_has_the_size_of_its_box(source: Size, variant: Variant) -> None:
    assert place(source, variant).canvas == (variant.width, variant.height)


@given(SIZES, variants((Fit.COVER,)))
def test_cover_has_no_margin(source: Size, variant: Variant) -> None:
    placement = place(source, variant)

    assert placement.kept.size == placement.canvas
    assert placement.at == (0, 0)


@given(SIZES, variants((Fit.COVER,), enlarge=True))
def test_cover_fills_its_box_when_it_may_enlarge(source: Size, variant: Variant) -> None:
    assert place(source, variant).canvas == (variant.width, variant.height)


@given(SIZES, variants((Fit.COVER,), enlarge=False))
def test_cover_cuts_no_more_than_its_shape_asks_for(source: Size, variant: Variant) -> None:
    placement = place(source, variant)

    assert placement.kept.size.width == placement.scaled.width or placement.kept.size.height == placement.scaled.height


@given(SIZES, st.lists(variants(), min_size=2, max_size=5))
def test_the_larger_of_two_scaled_images_is_the_larger_on_both_sides(source: Size, several: list[Variant]) -> None:
    scaled = sorted(place(source, variant).scaled for variant in several)

    assert [size.height for size in scaled] == sorted(size.height for size in scaled)


@pytest.mark.parametrize(
    ("source", "options", "expected"),
    [
        ((4000, 3000), {"width": 1600}, (1600, 1200)),
        ((3000, 4000), {"height": 800}, (600, 800)),
        ((4000, 3000), {"width": 800, "height": 800}, (800, 600)),
        ((400, 300), {"width": 1600}, (400, 300)),
        ((400, 300), {"width": 1600, "enlarge": True}, (1600, 1200)),
        ((1, 16_000), {"width": 320, "height": 320}, (1, 320)),
        ((16_000, 1), {"width": 320}, (320, 1)),
        ((1, 16_000), {"width": 320, "enlarge": True}, (1, 16_383)),
        ((100_000, 10), {"height": 100}, (16_383, 2)),
    ],
)
def test_inside_examples(source: tuple[int, int], options: dict[str, Any], expected: tuple[int, int]) -> None:
    assert placed(source, **options).canvas == expected


def test_cover_of_a_smaller_image_keeps_the_shape_of_the_box_at_the_size_there_is() -> None:
    placement = placed((300, 100), width=640, height=640, fit=Fit.COVER)

    assert placement == Placement(Size(300, 100), Box(100, 0, 200, 100), Size(100, 100))


def test_contain_of_a_smaller_image_centres_it_at_its_own_size() -> None:
    placement = placed((30, 20), width=100, height=100, fit=Fit.CONTAIN)

    assert placement == Placement(Size(30, 20), Box(0, 0, 30, 20), Size(100, 100), (35, 40))


@pytest.mark.parametrize(
    ("gravity", "wide", "tall"),
    [
        (Gravity.CENTER, (50, 0), (0, 50)),
        (Gravity.NORTH, (50, 0), (0, 0)),
        (Gravity.NORTHEAST, (100, 0), (0, 0)),
        (Gravity.EAST, (100, 0), (0, 50)),
        (Gravity.SOUTHEAST, (100, 0), (0, 100)),
        (Gravity.SOUTH, (50, 0), (0, 100)),
        (Gravity.SOUTHWEST, (0, 0), (0, 100)),
        (Gravity.WEST, (0, 0), (0, 50)),
        (Gravity.NORTHWEST, (0, 0), (0, 0)),
    ],
)
def test_gravity_says_which_part_is_kept(gravity: Gravity, wide: tuple[int, int], tall: tuple[int, int]) -> None:
    square = {"width": 100, "height": 100, "fit": Fit.COVER, "gravity": gravity}

    assert placed((400, 200), **square).kept[:2] == wide
    assert placed((200, 400), **square).kept[:2] == tall


@given(SIZES, variants((Fit.COVER,)), st.builds(FocalPoint, x=st.floats(0, 1), y=st.floats(0, 1)))
def test_a_focal_point_moves_a_cut_and_changes_nothing_else(source: Size, variant: Variant, focus: FocalPoint) -> None:
    moved, usual = place(source, variant, focus), place(source, variant)

    assert (moved.scaled, moved.canvas, moved.kept.size) == (usual.scaled, usual.canvas, usual.kept.size)
    assert min(moved.kept) >= 0
    assert moved.kept.right <= moved.scaled.width
    assert moved.kept.bottom <= moved.scaled.height


@given(SIZES, variants((Fit.INSIDE, Fit.CONTAIN)))
def test_a_focal_point_changes_nothing_where_nothing_is_cut(source: Size, variant: Variant) -> None:
    assert place(source, variant, FocalPoint(x=0.1, y=0.9)) == place(source, variant)


@pytest.mark.parametrize(
    ("focus", "wide", "tall"),
    [
        ((0.5, 0.5), (50, 0), (0, 50)),
        ((0.3, 0.7), (10, 0), (0, 90)),
        ((0, 1), (0, 0), (0, 100)),
        ((1, 0), (100, 0), (0, 0)),
        ((0.26, 0.74), (2, 0), (0, 98)),
    ],
)
@pytest.mark.parametrize("gravity", Gravity)
def test_a_focal_point_is_in_the_middle_as_far_as_the_picture_reaches_whatever_the_gravity(
    focus: tuple[float, float], wide: tuple[int, int], tall: tuple[int, int], gravity: Gravity
) -> None:
    point = FocalPoint(x=focus[0], y=focus[1])
    square = Variant(name="square", width=100, height=100, fit=Fit.COVER, gravity=gravity)

    assert place(Size(200, 100), square, point).kept[:2] == wide
    assert place(Size(100, 200), square, point).kept[:2] == tall
