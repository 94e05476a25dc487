"""Render every variant with Pillow, largest first."""

from collections.abc import Sequence
from dataclasses import replace

from PIL import Image

from contract.focal_point import FocalPoint
from resize.imaging.encoding import encoding_of
from resize.imaging.geometry import Size
from resize.imaging.limits import Limits
from resize.imaging.pillow.color import to_plain, to_srgb
from resize.imaging.pillow.decode import (
    SIDEWAYS,
    OpenedImage,
    check_memory,
    decode,
    loop_count_of,
    open_image,
    shrink_while_decoding,
    turn_of,
)
from resize.imaging.pillow.encode import encode
from resize.imaging.pillow.frames import Frames
from resize.imaging.pillow.memory import OutputSize
from resize.imaging.pillow.overview import coarse_size, overview
from resize.imaging.pillow.resample import ENOUGH, shrunk
from resize.imaging.placeholder import Thumbnail, assemble, thumbnail_size
from resize.imaging.plan import HAS_ALPHA, Plan, aimed, enough_for, largest_first
from resize.imaging.rendition import Rendered, Rendition
from resize.imaging.variants import Format, Variant


def render(
    source: bytes, variants: Sequence[Variant], limits: Limits, memory_bytes: int | None, focus: FocalPoint | None
) -> Rendered:
    """Make every variant of an image: see `resize.imaging.render.render`."""
    opened = open_image(source, limits, memory_bytes)
    turn = turn_of(opened)
    displayed = _turned(opened.size, turn)
    plans = largest_first(variants, opened.format, displayed, opened.frames)
    film = _decode_frames(opened, turn, enough_for(plans, displayed), plans)
    plans = aimed(plans, displayed, focus, lambda: _overview(film))
    renditions: dict[int, Rendition] = {}
    made: dict[tuple[str, Format], Rendition] = {}
    for plan in plans:
        if plan is not plans[-1]:  # of which nothing else is made: no more of it is scaled than is kept
            film = film.shrunk(plan.placement.scaled)
        if plan.file not in made:
            made[plan.file] = _render_variant(film, plan)
        renditions[plan.position] = replace(made[plan.file], slot=plan.variant.slot)
    return assemble(opened.format.value, displayed, opened.frames, renditions, _thumbnail(film))


def _decode_frames(opened: OpenedImage, turn: Image.Transpose | None, size: Size, plans: list[Plan]) -> Frames:
    """Decode, and shrink to the size before the rest: turning and colors cost by the pixel."""
    stored = _turned(size, turn)
    shrink_while_decoding(opened, stored)
    outputs = [OutputSize(plan.output, plan.placement.canvas, plan.frames) for plan in plans]
    shown = max(one.frames for one in outputs)
    check_memory(opened, stored, shown, outputs)
    spare = opened.image.size == opened.stored and not _is_followed_closely(size, plans)
    frames, milliseconds = [], []
    for frame in decode(opened, shown):
        picture = to_srgb(_upright(shrunk(to_plain(frame.image), stored, spare=spare), turn), opened.profile)
        frames.append(picture.convert("RGBa") if picture.mode == "RGBA" else picture)
        milliseconds.append(frame.milliseconds)
    return Frames(frames=_alike(frames), milliseconds=tuple(milliseconds), loop_count=loop_count_of(opened))


def _is_followed_closely(size: Size, plans: Sequence[Plan]) -> bool:
    """Say whether a smaller variant is made from this size by less than a cheap step."""
    return any(size.width / ENOUGH < plan.placement.scaled.width < size.width for plan in plans)


def _alike(frames: list[Image.Image]) -> tuple[Image.Image, ...]:
    """Give every frame an opacity as soon as one has it."""
    if all(frame.mode == "RGB" for frame in frames):
        return tuple(frames)
    return tuple(frame.convert("RGBa") if frame.mode == "RGB" else frame for frame in frames)


def _render_variant(film: Frames, plan: Plan) -> Rendition:
    variant, has_alpha = plan.variant, plan.output in HAS_ALPHA
    chosen = film if plan.frames > 1 else film.first_frame()
    placed = chosen.placed(plan.placement, plan.background)
    shown = placed if has_alpha else placed.flattened(plan.background)
    return Rendition(
        variant=variant.name,
        format=plan.output,
        width=placed.size.width,
        height=placed.size.height,
        body=encode(shown, encoding_of(variant, plan.output, placed.size)),
        frames=plan.frames,
    )


def _overview(film: Frames) -> Thumbnail:
    return overview(shrunk(film.frames[0], coarse_size(film.size)), film.size)


def _thumbnail(film: Frames) -> Thumbnail:
    size = thumbnail_size(film.size)
    return Thumbnail(size, film.frames[0].resize(size, Image.Resampling.BOX).convert("RGBA").tobytes())


def _upright(picture: Image.Image, turn: Image.Transpose | None) -> Image.Image:
    return picture if turn is None else picture.transpose(turn)


def _turned(size: Size, turn: Image.Transpose | None) -> Size:
    return Size(size.height, size.width) if turn in SIDEWAYS else size
