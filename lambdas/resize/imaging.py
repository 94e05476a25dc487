"""An upload's bytes in, every variant's bytes out: pure, and knows no AWS."""

from collections.abc import Sequence

from resize.errors import ImageRejectedError, Reason
from resize.pillow import rendering
from resize.renditions import Rendered
from resize.settings import Limits
from resize.variants import Variant


def render(source: bytes, variants: Sequence[Variant], limits: Limits, memory_bytes: int | None = None) -> Rendered:
    """Make every variant of an image, in the order given, with so much memory, or with as much as it takes.

    Raises:
        ImageRejectedError: the image is at fault: it breaks a limit, is no image of the formats that are allowed, is
            broken, or takes more memory than there is.
    """
    try:
        return rendering.render(source, variants, limits, memory_bytes)
    except MemoryError as error:
        raise ImageRejectedError(Reason.OUT_OF_MEMORY, "resizing it takes more memory than there is") from error
