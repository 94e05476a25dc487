"""Render an upload's bytes with the configured engine."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from contract.errors import Reason
from contract.focal_point import FocalPoint
from resize.errors import ImageRejectedError
from resize.imaging.engine import Engine
from resize.imaging.limits import Limits
from resize.imaging.rendition import Rendered
from resize.imaging.variants import Variant

_Renderer: TypeAlias = Callable[[bytes, Sequence[Variant], Limits, int | None, FocalPoint | None], Rendered]


def render(  # noqa: PLR0913, PLR0917 - each is another's to give: the bucket's, the settings', the function's
    source: bytes,
    variants: Sequence[Variant],
    limits: Limits,
    memory_bytes: int | None = None,
    engine: Engine = Engine.PILLOW,
    focus: FocalPoint | None = None,
) -> Rendered:
    """Make every variant of an image, in the order given.

    It has so much memory, or, given None, as much as it takes. Cuts keep what is around `focus`, or else what the
    variant says.

    Raises:
        ImageRejectedError: an invalid image: it breaks a limit, is no image of the formats that are allowed, is
            broken, or takes more memory than there is.
    """
    try:
        return _renderer_of(engine)(source, variants, limits, memory_bytes, focus)
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
