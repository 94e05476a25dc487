"""Makes every variant with Pillow: decode once, shrink from each size to the next, encode."""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageColor

from resize.geometry import Placement, Size, place
from resize.pillow.colour import to_plain, to_srgb
from resize.pillow.decoding import (
    SIDEWAYS,
    Opened,
    check_memory,
    decode,
    open_image,
    plays_of,
    shrink_while_decoding,
    turn_of,
)
from resize.pillow.encoding import HAS_ALPHA, HAS_ANIMATION, encode
from resize.pillow.film import Colour, Film
from resize.pillow.memory import Print
from resize.pillow.placeholder import dominant_colour, thumb_hash
from resize.pillow.scaling import shrunk
from resize.renditions import Rendered, Rendition
from resize.settings import Limits
from resize.variants import Format, Variant


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """One variant of this image: where its pixels go, and as what they are written."""

    position: int
    variant: Variant
    output: Format
    placement: Placement


def render(source: bytes, variants: Sequence[Variant], limits: Limits, memory_bytes: int | None) -> Rendered:
    """Make every variant of an image: see `resize.imaging.render`."""
    opened = open_image(source, limits, memory_bytes)
    turn = turn_of(opened)
    displayed = _turned(opened.size, turn)
    plans = _largest_first(variants, opened, displayed)
    film = _develop(opened, turn, _enough(plans, displayed), plans)
    renditions: dict[int, Rendition] = {}
    for plan in plans:
        film = film.shrunk(plan.placement.scaled)
        renditions[plan.position] = _print(film, plan)
    return Rendered(
        format=opened.format.value,
        width=displayed.width,
        height=displayed.height,
        frames=opened.frames,
        dominant_colour=dominant_colour(film.frames[0]),
        thumbhash=thumb_hash(film.frames[0]),
        renditions=tuple(renditions[position] for position in range(len(plans))),
    )


def _largest_first(variants: Sequence[Variant], opened: Opened, displayed: Size) -> list[_Plan]:
    plans = [
        _Plan(
            position=position,
            variant=variant,
            output=variant.format or opened.format.kept_as,
            placement=place(displayed, variant),
        )
        for position, variant in enumerate(variants)
    ]
    return sorted(plans, key=lambda plan: plan.placement.scaled, reverse=True)


def _enough(plans: list[_Plan], displayed: Size) -> Size:
    """Say how large a picture all plans can be made from."""
    largest = plans[0].placement.scaled
    return Size(min(largest.width, displayed.width), min(largest.height, displayed.height))


def _develop(opened: Opened, turn: Image.Transpose | None, size: Size, plans: list[_Plan]) -> Film:
    """Decode, and shrink to the size before the rest: turning and colours cost by the pixel."""
    stored = _turned(size, turn)
    shrink_while_decoding(opened, stored)
    prints = [Print(plan.output, plan.placement.canvas, _frames_of(plan, opened)) for plan in plans]
    shown = max(one.frames for one in prints)
    check_memory(opened, stored, shown, prints)
    frames, milliseconds = [], []
    for frame in decode(opened, shown):
        picture = to_srgb(_upright(shrunk(to_plain(frame.image), stored), turn), opened.profile)
        frames.append(picture.convert("RGBa") if picture.mode == "RGBA" else picture)
        milliseconds.append(frame.milliseconds)
    return Film(frames=_alike(frames), milliseconds=tuple(milliseconds), plays=plays_of(opened))


def _frames_of(plan: _Plan, opened: Opened) -> int:
    return opened.frames if plan.output in HAS_ANIMATION and opened.is_animation else 1


def _alike(frames: list[Image.Image]) -> tuple[Image.Image, ...]:
    """Give every frame an opacity as soon as one has it."""
    if all(frame.mode == "RGB" for frame in frames):
        return tuple(frames)
    return tuple(frame.convert("RGBa") if frame.mode == "RGB" else frame for frame in frames)


def _print(film: Film, plan: _Plan) -> Rendition:
    variant, has_alpha = plan.variant, plan.output in HAS_ALPHA
    background = _background(variant, has_alpha=has_alpha)
    reel = film if plan.output in HAS_ANIMATION else film.still()
    placed = reel.placed(plan.placement, background)
    shown = placed if has_alpha else placed.flattened(background)
    return Rendition(
        variant=variant.name,
        format=plan.output,
        width=placed.size.width,
        height=placed.size.height,
        body=encode(shown, plan.output, variant.quality, variant.effort),
    )


def _background(variant: Variant, *, has_alpha: bool) -> Colour:
    red, green, blue, *opacity = ImageColor.getrgb(variant.background)
    return (red, green, blue, opacity[0] if opacity and has_alpha else 255)


def _upright(picture: Image.Image, turn: Image.Transpose | None) -> Image.Image:
    return picture if turn is None else picture.transpose(turn)


def _turned(size: Size, turn: Image.Transpose | None) -> Size:
    return Size(size.height, size.width) if turn in SIDEWAYS else size
