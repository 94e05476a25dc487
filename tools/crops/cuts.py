"""Cuts of one picture, and where in it they are."""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from PIL import Image

from contract.focal_point import FocalPoint
from resize.imaging.attention import find_attention
from resize.imaging.engine import Engine
from resize.imaging.geometry import Size, place
from resize.imaging.limits import Limits
from resize.imaging.pillow.overview import coarse_size, overview
from resize.imaging.pillow.resample import shrunk
from resize.imaging.render import render
from resize.imaging.rendition import Rendition
from resize.imaging.variants import Fit, Format, Gravity, Variant

# Width and height in pixels: what avatars, cards, banners and stories have.
_SHAPES = {"square": (180, 180), "wide": (240, 135), "tall": (135, 240)}
_WHOLE = Variant(name="whole", width=480, height=360, format=Format.PNG, effort=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Where a cut is, in hundredths of the whole picture."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One shape's cuts: a picture for each way, and the window by attention."""

    name: str
    window: Window
    cuts: Mapping[str, Rendition]


@dataclass(frozen=True, slots=True, kw_only=True)
class CutPicture:
    """A picture as displayed, its cuts, and what draws the eye in it."""

    name: str
    whole: Rendition
    point: FocalPoint
    shapes: tuple[Shape, ...]


def cut_picture(name: str, source: bytes) -> CutPicture:
    """Cut a picture by its middle, and by attention with each engine.

    Raises:
        ImageRejectedError: it is no image that is taken.
    """
    whole = render(source, [_WHOLE], Limits()).renditions[0]
    point = _point_of(whole.body)
    made = {engine: render(source, _variants(), Limits(), None, engine).renditions for engine in Engine}
    return CutPicture(name=name, whole=whole, point=point, shapes=tuple(_shapes(made, whole, point)))


def _variants() -> list[Variant]:
    return [
        Variant(
            name=f"{name}-{gravity}", width=width, height=height, fit=Fit.COVER, gravity=gravity, format=Format.JPEG
        )
        for name, (width, height) in _SHAPES.items()
        for gravity in (Gravity.CENTER, Gravity.ATTENTION)
    ]


def _shapes(made: Mapping[Engine, tuple[Rendition, ...]], whole: Rendition, point: FocalPoint) -> Iterator[Shape]:
    by_name = {engine: {each.variant: each for each in renditions} for engine, renditions in made.items()}
    for name, (width, height) in _SHAPES.items():
        cuts = {"the middle": by_name[Engine.PILLOW][f"{name}-center"]}
        cuts |= {f"attention, {engine}": by_name[engine][f"{name}-attention"] for engine in Engine}
        shape = Variant(name=name, width=width, height=height, fit=Fit.COVER)
        yield Shape(name=name, window=_window(Size(whole.width, whole.height), shape, point), cuts=cuts)


def _point_of(body: bytes) -> FocalPoint:
    """Look at what a person sees of the picture."""
    with Image.open(io.BytesIO(body)) as picture:
        seen = picture.convert("RGBA").convert("RGBa")
    size = Size(*seen.size)
    return find_attention(overview(shrunk(seen, coarse_size(size)), size)) or FocalPoint(x=0.5, y=0.5)


def _window(whole: Size, shape: Variant, point: FocalPoint) -> Window:
    placement = place(whole, shape, point)
    across, down = placement.scaled.width / 100, placement.scaled.height / 100
    kept = placement.kept
    return Window(
        left=kept.left / across, top=kept.top / down, width=kept.size.width / across, height=kept.size.height / down
    )
