"""Estimate the memory that rendering takes, from the header.

Every number here is bytes of address space, as RLIMIT_AS counts it, measured with Pillow 13.0 and pi-heif 1.4, and held
against measured peaks by tests/faults/test_memory.py: above BASELINE, an estimate for a large image is never under the
truth, and at most twice it. What encoding takes depends on the picture and on the effort: it counts as for noise at the
most effort, so for a picture that is hardly made smaller the estimate is up to four times the truth.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from resize.imaging.formats.detect import SourceFormat
from resize.imaging.geometry import Size
from resize.imaging.pillow.resample import ENOUGH
from resize.imaging.variants import Format

# What rendering takes beside pixels: libraries' tables, threads' stacks, the allocator's reserve.
BASELINE = 16_000_000
_HEIC_THREADS = 16_000_000

# Bytes of each decoded pixel, in the decoder's picture and in every copy of it until it is small: without, and with a
# transparent color or palette entry. Pillow keeps RGB in 4 bytes, and resizes opacity premultiplied, in one more copy.
_BYTES_OF_MODE = {
    "1": (2, 10),
    "L": (1, 9),
    "LA": (8, 8),
    "P": (5, 10),
    "PA": (12, 12),
    "RGB": (4, 12),
    "RGBA": (8, 8),
    "RGBX": (8, 16),
    "CMYK": (4, 4),
    "LAB": (4, 4),
    "I;16": (5, 20),
    "I;16B": (5, 20),
    "F": (9, 17),
}
_BYTES_OF_OTHER_MODES = (10, 17)  # as "I": those of 32 bits

# Bytes of each stored pixel in the decoder itself, on top of the picture that it gives.
_BYTES_OF_DECODER = {SourceFormat.WEBP: 13, SourceFormat.AVIF: 7, SourceFormat.HEIC: 5, SourceFormat.GIF: 4}

# How often the decoder copies the file.
_COPIES_OF_SOURCE = {SourceFormat.WEBP: 2, SourceFormat.AVIF: 1, SourceFormat.HEIC: 2}

# Bytes of each pixel of one frame while its encoder runs: opaque, and transparent.
_BYTES_OF_ENCODER = {
    Format.WEBP: (38, 68),
    Format.AVIF: (52, 60),
    Format.JPEG: (16, 24),
    Format.PNG: (12, 24),
    Format.GIF: (20, 28),
}
# Bytes of each pixel of each further frame of an animation, beside the film: its placed copy, what its encoder keeps.
_BYTES_OF_FRAME = {Format.WEBP: (6, 16), Format.GIF: (5, 5), Format.PNG: (11, 17)}
_BYTES_OF_FRAME_OF_GIF = 9  # its frames may turn out opaque or not: the header cannot tell
_BYTES_OF_FRAMES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageHeader:
    """What a header tells of an image.

    `decoded` is the size that the decoder gives: a JPEG's may be less than is stored. `held` is what the decoder keeps
    in bytes besides, where the header tells: a JPEG's coefficients, a TIFF's strip or its turned copy.
    """

    format: SourceFormat
    stored: Size
    decoded: Size
    mode: str
    has_transparent_color: bool
    source_bytes: int
    held: int = 0

    @property
    def may_be_transparent(self) -> bool:
        """Whether a frame may come out with an opacity for each pixel."""
        return self.has_transparent_color or self.mode in ("LA", "PA", "RGBA")


@dataclass(frozen=True, slots=True)
class OutputSize:
    """A picture, or the frames of an animation, that are to be encoded."""

    output: Format
    size: Size
    frames: int


def estimate(picture: ImageHeader, film: Size, frames: int, outputs: Iterable[OutputSize]) -> int:
    """Estimate in bytes what rendering takes.

    Decoding so many frames, shrinking each to `film`, then the prints.
    """
    chosen = _BYTES_OF_FRAMES * _pixels(film) * frames
    decoding = _decoding(picture) + _shrinking(picture.decoded, film) + chosen
    return BASELINE + max(decoding, *(chosen + _rendering(picture, one) for one in outputs), 0)


def estimate_of_webp(canvas: Size, source_bytes: int) -> int:
    """Estimate what decoding a WebP takes at least.

    That is all that can be told before it is opened.
    """
    return BASELINE + _decoding(
        ImageHeader(
            format=SourceFormat.WEBP,
            stored=canvas,
            decoded=canvas,
            mode="RGB",
            has_transparent_color=False,
            source_bytes=source_bytes,
        )
    )


def _decoding(picture: ImageHeader) -> int:
    of_mode = _BYTES_OF_MODE.get(picture.mode, _BYTES_OF_OTHER_MODES)
    copies = of_mode[picture.has_transparent_color] * _pixels(picture.decoded)
    decoder = _BYTES_OF_DECODER.get(picture.format, 0) * _pixels(picture.stored)
    source = _COPIES_OF_SOURCE.get(picture.format, 0) * picture.source_bytes
    threads = _HEIC_THREADS if picture.format is SourceFormat.HEIC else 0
    return copies + decoder + source + picture.held + threads


def _shrinking(size: Size, film: Size) -> int:
    """Estimate what scaling down takes: reduced by whole numbers, then in width, then in height."""
    across, down = (max(1, int(side / target / ENOUGH)) for side, target in zip(size, film, strict=True))
    reduced = size.width // across * (size.height // down) if across * down > 1 else 0
    return 4 * (reduced + film.width * (size.height // down) + 2 * _pixels(film))


def _rendering(picture: ImageHeader, one: OutputSize) -> int:
    encoder = _BYTES_OF_ENCODER[one.output][picture.may_be_transparent]
    return _pixels(one.size) * (encoder + _bytes_of_frame(picture, one.output) * (one.frames - 1))


def _bytes_of_frame(picture: ImageHeader, output: Format) -> int:
    if picture.format is SourceFormat.GIF and output is Format.WEBP:
        return _BYTES_OF_FRAME_OF_GIF
    return _BYTES_OF_FRAME.get(output, (0, 0))[picture.may_be_transparent]


def _pixels(size: Size) -> int:
    return size.width * size.height
