"""Render an upload's bytes with the configured engine."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from contract.errors import Reason
from resize.errors import ImageRejectedError
from resize.imaging.engine import Engine
from resize.imaging.limits import Limits
from resize.imaging.rendition import Rendered
from resize.imaging.variants import Variant

_Renderer: TypeAlias = Callable[[bytes, Sequence[Variant], Limits, int | None], Rendered]


def render(
    source: bytes,
    variants: Sequence[Variant],
    limits: Limits,
    memory_bytes: int | None = None,
    engine: Engine = Engine.PILLOW,
) -> Rendered:
    """Make every variant of an image, in the order given.

    It has so much memory, or, given None, as much as it takes.

    Raises:
        ImageRejectedError: an invalid image: it breaks a limit, is no image of the formats that are allowed, is
            broken, or takes more memory than there is.
    """
    try:
        return _renderer_of(engine)(source, variants, limits, memory_bytes)
    except MemoryError as error:
        raise ImageRejectedError(Reason.OUT_OF_MEMORY, "resizing it takes more memory than there is") from error


def _renderer_of(engine: Engine) -> _Renderer:
    """Import an engine when it is first asked for: a bundle has no other than its own."""
    match engine:
        case Engine.PILLOW:
            from resize.imaging.pillow.render import render  # noqa: PLC0415
        case Engine.VIPS:
            from resize.imaging.vips.render import render  # noqa: PLC0415
    return render
