"""Estimate the memory that rendering takes, from the header.

Every number here is bytes of address space, as RLIMIT_AS counts it, measured with libvips 8.18, and held against
measured peaks by tests/faults/test_memory.py: above BASELINE, an estimate for a large image is never under the truth,
and at most twice it. What encoding takes depends on the picture and on the effort: it counts as for noise at the most
effort.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from resize.imaging.formats.detect import SourceFormat
from resize.imaging.geometry import Size
from resize.imaging.plan import Plan
from resize.imaging.variants import Format

# What rendering takes beside pixels: threads' stacks, buffers, the allocator's reserve.
BASELINE = 16_000_000

# Bytes of each stored pixel in a decoder that does not stream. JPEG's and PNG's do.
_BYTES_OF_DECODER = {SourceFormat.WEBP: 17}

# A decoder of more than 8 bits a band keeps two bytes of each.
_DEEPER = 1.4

# How many rows are under way at once from the decoder to what is shrunk, at most, and the bytes of each pixel of them,
# by the number of bands: opacity is premultiplied on the way.
_ROWS = 2200
_BYTES_OF_ROW = {1: 1.2, 2: 3, 3: 3, 4: 6}

# Bytes of each pixel of one frame while its encoder runs: opaque, and transparent.
_BYTES_OF_ENCODER = {
    Format.WEBP: (28, 75),
    Format.AVIF: (52, 90),
    Format.JPEG: (14, 18),
    Format.PNG: (15, 22),
    Format.GIF: (38, 42),
}
# Bytes of each pixel of each further frame of an animation, beside the film: its placed copy, what its encoder keeps.
_BYTES_OF_FRAME = 6
_BYTES_OF_FRAME_OF_PNG = (16, 24)  # handed to Pillow
_BYTES_OF_FILM = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageHeader:
    """What a header tells of an image.

    `held` is what the decoder keeps in bytes besides, where the header tells: a JPEG of several scans its coefficients,
    an interlaced PNG all of its pixels, a decoder of Pillow's everything.
    """

    format: SourceFormat
    stored: Size
    bands: int
    has_alpha: bool = False
    is_deep: bool = False
    held: int = 0


def estimate(picture: ImageHeader, decoded: Size, film: Size, plans: Sequence[Plan]) -> int:
    """Estimate in bytes what rendering takes.

    Frames decoded at a size, shrunk to `film`, printed as planned.
    """
    of_film = _BYTES_OF_FILM * _pixels(film)
    chosen = of_film * max(plan.frames for plan in plans)
    decoding = _decoding(picture, decoded) + of_film + chosen
    return BASELINE + int(max(decoding, *(chosen + _rendering(picture, plan) for plan in plans), 0))


def _decoding(picture: ImageHeader, decoded: Size) -> float:
    decoder = _BYTES_OF_DECODER.get(picture.format, 0) * (_DEEPER if picture.is_deep else 1) * _pixels(picture.stored)
    rows = _BYTES_OF_ROW[picture.bands] * decoded.width * min(decoded.height, _ROWS)
    return decoder + rows + picture.held


def _rendering(picture: ImageHeader, plan: Plan) -> int:
    encoder = _BYTES_OF_ENCODER[plan.output][picture.has_alpha]
    frame = _BYTES_OF_FRAME_OF_PNG[picture.has_alpha] if plan.output is Format.PNG else _BYTES_OF_FRAME
    return _pixels(plan.placement.canvas) * (encoder + frame * (plan.frames - 1))


def _pixels(size: Size) -> int:
    return size.width * size.height
