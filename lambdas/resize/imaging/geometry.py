"""Compute scale, crop and padding of a variant."""

import math
from dataclasses import dataclass
from typing import NamedTuple

from contract.focal_point import FocalPoint
from resize.imaging.variants import MAX_SIDE, Fit, Gravity, Variant


class Size(NamedTuple):
    """Width and height in pixels, each at least 1."""

    width: int
    height: int


class Box(NamedTuple):
    """A part of an image in its pixels.

    Left and top are in it, right and bottom are the first not in it.
    """

    left: int
    top: int
    right: int
    bottom: int

    @property
    def size(self) -> Size:
        """Width and height of the part."""
        return Size(self.right - self.left, self.bottom - self.top)


@dataclass(frozen=True, slots=True)
class Placement:
    """How a source becomes a variant.

    Scale all of it to `scaled`, keep `kept` of that, put it on `canvas` at `at`.
    """

    scaled: Size
    kept: Box
    canvas: Size
    at: tuple[int, int] = (0, 0)


def place(source: Size, variant: Variant, focus: FocalPoint | None = None) -> Placement:
    """Decide where the pixels of a source go.

    A side that the variant leaves out is unbounded, yet no output is longer than MAX_SIDE. Unless the variant enlarges,
    no pixel is ever scaled up: `cover` of a source smaller than the box keeps the box's shape and is as large as the
    source allows; `contain` keeps the box's size and centres the source in it at its own. `cover` keeps what is
    around `focus` where one is known, or else what its gravity says.
    """
    box = Size(variant.width or MAX_SIDE, variant.height or MAX_SIDE)
    match variant.fit:
        case Fit.INSIDE:
            return _inside(source, box, enlarge=variant.enlarge)
        case Fit.CONTAIN:
            return _contain(source, box, enlarge=variant.enlarge)
        case Fit.COVER:
            return _cover(source, box, variant, focus)


def _inside(source: Size, box: Size, *, enlarge: bool) -> Placement:
    scale = min(box.width / source.width, box.height / source.height)
    scaled = source if scale >= 1 and not enlarge else _within(_times(source, scale), box)
    return Placement(scaled, _all_of(scaled), scaled)


def _contain(source: Size, box: Size, *, enlarge: bool) -> Placement:
    inside = _inside(source, box, enlarge=enlarge)
    margins = ((box.width - inside.scaled.width) // 2, (box.height - inside.scaled.height) // 2)
    return Placement(inside.scaled, inside.kept, box, margins)


def _cover(source: Size, box: Size, variant: Variant, focus: FocalPoint | None) -> Placement:
    scale = max(box.width / source.width, box.height / source.height)
    if scale > 1 and not variant.enlarge:
        box, scaled = _within(_times(box, 1 / scale), source), source
    else:
        grown = _times(source, scale)
        scaled = Size(max(grown.width, box.width), max(grown.height, box.height))
    kept = _around(focus, scaled, box) if focus else _anchored(scaled, box, variant.gravity)
    return Placement(scaled, kept, box)


def _around(focus: FocalPoint, scaled: Size, box: Size) -> Box:
    left, top = _start(focus.x, scaled.width, box.width), _start(focus.y, scaled.height, box.height)
    return Box(left, top, left + box.width, top + box.height)


def _start(middle: float, whole: int, part: int) -> int:
    """Have the middle of a part there, as far as the part stays within the whole."""
    return min(max(0, math.floor(middle * whole - part / 2)), whole - part)


def _anchored(scaled: Size, box: Size, gravity: Gravity) -> Box:
    name = gravity.value
    left = _share(scaled.width - box.width, first="west" in name, last="east" in name)
    top = _share(scaled.height - box.height, first="north" in name, last="south" in name)
    return Box(left, top, left + box.width, top + box.height)


def _share(spare: int, *, first: bool, last: bool) -> int:
    if first:
        return 0
    return spare if last else spare // 2


def _times(size: Size, scale: float) -> Size:
    return Size(max(1, round(size.width * scale)), max(1, round(size.height * scale)))


def _within(size: Size, box: Size) -> Size:
    return Size(min(size.width, box.width), min(size.height, box.height))


def _all_of(size: Size) -> Box:
    return Box(0, 0, size.width, size.height)
