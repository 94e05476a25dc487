"""Render every variant with libvips, largest first."""

from collections.abc import Sequence
from dataclasses import replace
from traceback import clear_frames

from contract.focal_point import FocalPoint
from resize.errors import ImageRejectedError
from resize.imaging import limits as limit
from resize.imaging.encoding import encoding_of
from resize.imaging.geometry import Size
from resize.imaging.limits import Limits
from resize.imaging.pillow.overview import coarse_size, overview
from resize.imaging.placeholder import Thumbnail, assemble, thumbnail_size
from resize.imaging.plan import HAS_ALPHA, Plan, aimed, enough_for, largest_first
from resize.imaging.rendition import Rendered, Rendition
from resize.imaging.variants import Format, Variant
from resize.imaging.vips.binding import pyvips
from resize.imaging.vips.color import to_plain, to_srgb, unpremultiplied
from resize.imaging.vips.decode import decoder_errors, open_image
from resize.imaging.vips.encode import encode
from resize.imaging.vips.frames import Frames
from resize.imaging.vips.memory import estimate
from resize.imaging.vips.opened_image import OpenedImage
from resize.imaging.vips.pillow_fallback import to_pillow
from resize.imaging.vips.resample import scaled

# How to turn what is stored into what is displayed, by EXIF orientation (CIPA DC-008, 4.6.4, tag 274).
_TURNS = {
    2: lambda image: image.fliphor(),
    3: lambda image: image.rot180(),
    4: lambda image: image.flipver(),
    5: lambda image: image.rot90().fliphor(),
    6: lambda image: image.rot90(),
    7: lambda image: image.rot270().fliphor(),
    8: lambda image: image.rot270(),
}

_OPAQUE = 255


def render(
    source: bytes, variants: Sequence[Variant], limits: Limits, memory_bytes: int | None, focus: FocalPoint | None
) -> Rendered:
    """Make every variant of an image: see `resize.imaging.render.render`."""
    opened = open_image(source, limits)
    plans = largest_first(variants, opened.format, opened.displayed, opened.frames)
    size = opened.turned(enough_for(plans, opened.displayed))
    limit.check_memory_of(estimate(opened.picture, opened.decoded(size), size, plans), memory_bytes)
    film = _decoded_frames(opened, size, max(plan.frames for plan in plans))
    plans = aimed(plans, opened.displayed, focus, lambda: _overview(film))
    renditions: dict[int, Rendition] = {}
    made: dict[tuple[str, Format], Rendition] = {}
    for plan in plans:
        if plan is not plans[-1]:  # of which nothing else is made: no more of it is scaled than is kept
            film = film.shrunk(plan.placement.scaled)
        if plan.file not in made:
            made[plan.file] = _render_variant(film, plan)
        renditions[plan.position] = replace(made[plan.file], slot=plan.variant.slot)
    return assemble(opened.format.value, opened.displayed, opened.frames, renditions, _thumbnail(film))


def _decoded_frames(opened: OpenedImage, size: Size, shown: int) -> Frames:
    """Develop a film, of mended bytes if need be: what the first decoder held is set free before."""
    try:
        return _decode_frames(opened, size, shown)
    except ImageRejectedError as error:
        rejected = error
    _set_free(rejected)
    mended = opened.mended()
    if mended is None:
        raise rejected
    return _decode_frames(mended, size, shown)


def _set_free(error: BaseException) -> None:
    """Let go of what the functions held in which an error and its causes arose."""
    cause: BaseException | None = error
    while cause:
        clear_frames(cause.__traceback__)
        cause = cause.__cause__ or cause.__context__


def _decode_frames(opened: OpenedImage, size: Size, shown: int) -> Frames:
    """Decode, and shrink to a size, as it is stored, before the rest: turning and colors cost by the pixel."""
    frames = []
    for frame in opened.decode(size, shown):
        with decoder_errors():
            small = scaled(to_plain(frame, opened.curve), size).copy_memory()
        opened.check_warnings()  # before other operations clear them
        frames.append(to_srgb(_upright(small, opened.orientation), opened.profile).copy_memory())
    return Frames(frames=_alike(frames), milliseconds=opened.milliseconds[:shown], loop_count=opened.loop_count)


def _upright(image: pyvips.Image, orientation: int) -> pyvips.Image:
    turn = _TURNS.get(orientation)
    return turn(image).copy_memory() if turn else image


def _alike(frames: list[pyvips.Image]) -> tuple[pyvips.Image, ...]:
    """Give every frame an opacity as soon as one has it."""
    if not any(frame.hasalpha() for frame in frames):
        return tuple(frames)
    return tuple(frame if frame.hasalpha() else frame.bandjoin(_OPAQUE) for frame in frames)


def _render_variant(film: Frames, plan: Plan) -> Rendition:
    variant, has_alpha = plan.variant, plan.output in HAS_ALPHA
    chosen = film if plan.frames > 1 else film.first_frame()
    placed = chosen.placed(plan.placement, plan.background).straight()
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
    coarse = to_pillow(_straight(scaled(film.frames[0], coarse_size(film.size))))
    return overview(coarse.convert("RGBa"), film.size)


def _thumbnail(film: Frames) -> Thumbnail:
    size = thumbnail_size(film.size)
    return Thumbnail(size, bytes(_straight(scaled(film.frames[0], size)).write_to_memory()))


def _straight(image: pyvips.Image) -> pyvips.Image:
    """Take the opacity out of colors, or give them one."""
    return unpremultiplied(image) if image.hasalpha() else image.bandjoin(_OPAQUE)
