"""Decode with Pillow what libvips cannot.

The libvips of PyPI decodes neither HEIC (HEVC is patented) nor BMP, not all that a TIFF may be: 8-bit CIELAB, for one,
which photographers use; and of an animated PNG the still alone. It shows a GIF's frames on another screen than browsers
do, and other times. Its AVIF is libheif's, which takes grey of limited range, premultiplied colors and clean apertures
for others than browsers do, plays no sequence, and takes twice the time. Pillow decodes all of these by the same code
and with the same limits as in its own engine, and hands them over.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from PIL import Image

from resize.imaging.geometry import Size
from resize.imaging.limits import Limits
from resize.imaging.pillow import decode, memory
from resize.imaging.pillow.color import to_plain, to_srgb
from resize.imaging.vips.binding import pyvips
from resize.imaging.vips.memory import ImageHeader
from resize.imaging.vips.opened_image import OpenedImage

# Pillow loads its formats as late as it can, and in the sandbox that is too late.
Image.init()

# Bytes of each pixel on their way from Pillow to libvips: gathered, and joined.
_BYTES_HANDED_OVER = 6

# What libvips calls the modes of Pillow that have 8 bits a band.
_INTERPRETATIONS = {"L": "b-w", "LA": "b-w", "RGB": "srgb", "RGBA": "srgb", "CMYK": "cmyk"}


def open_image(source: bytes, limits: Limits) -> OpenedImage:
    """Read an image's header as Pillow's engine does.

    See `resize.imaging.pillow.decode.open_image`.
    """
    opened = decode.open_image(source, limits)
    milliseconds: list[int] = []
    return OpenedImage(
        picture=ImageHeader(
            format=opened.format,
            stored=opened.size,
            bands=len(opened.image.getbands()),
            has_alpha=opened.image.has_transparency_data,
            held=_held_bytes(opened),
        ),
        frames=opened.frames,
        decoded=lambda _: opened.size,
        decode=partial(_decode, opened, milliseconds),
        orientation=decode.stored_orientation(opened),
        profile=opened.profile,
        milliseconds=milliseconds,
        loop_count=decode.loop_count_of(opened),
    )


def to_vips(picture: Image.Image) -> pyvips.Image:
    """Hand over pixels of 8 bits a band: L, LA, RGB, RGBA or CMYK."""
    bands = len(picture.getbands())
    image = pyvips.Image.new_from_memory(picture.tobytes(), *picture.size, bands, "uchar")
    return image.copy(interpretation=_INTERPRETATIONS[picture.mode])


def to_pillow(image: pyvips.Image) -> Image.Image:
    """Hand over pixels of 8 bits a band, the other way round."""
    mode = "CMYK" if image.interpretation == "cmyk" else ("L", "LA", "RGB", "RGBA")[image.bands - 1]
    return Image.frombytes(mode, (image.width, image.height), image.write_to_memory())


def _held_bytes(opened: decode.OpenedImage) -> int:
    """Tell what Pillow takes while it decodes, or its picture on the way to libvips, whichever is more."""
    picture = decode.header_of(opened)
    decoded = _bytes_of(replace(picture, held=0)) + _BYTES_HANDED_OVER * opened.stored.width * opened.stored.height
    return max(_bytes_of(picture), decoded)


def _bytes_of(picture: memory.ImageHeader) -> int:
    return memory.estimate(picture, Size(1, 1), 1, ()) - memory.BASELINE


def _decode(opened: decode.OpenedImage, milliseconds: list[int], _needed: Size, frames: int) -> Iterator[pyvips.Image]:
    """Decode frames one after the other; how long each shows is known only then, and noted."""
    milliseconds.clear()
    for frame in decode.decode(opened, frames):
        milliseconds.append(frame.milliseconds)
        plain = to_plain(frame.image)
        yield to_vips(to_srgb(plain, None) if plain.mode == "LAB" else plain)
