"""Dominant color and ThumbHash of an image."""

from base64 import b64encode
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import thumbhash

from resize.imaging.geometry import Size
from resize.imaging.rendition import Rendered, Rendition

# ThumbHash keeps at most seven waves along a side (its author's page, evanw.github.io/thumbhash): more pixels than
# these cost time and change nothing.
_SIDE = 16

# Colors in the same steps of so many of 255 levels are similar.
_SIMILAR = 32


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """An image, so small that each pixel can be looked at.

    Four bytes a pixel, red, green, blue and opacity, row by row.
    """

    size: Size
    rgba: bytes


def thumbnail_size(size: Size) -> Size:
    """Say how small an image can be and still tell its colors."""
    scale = min(1.0, _SIDE / max(size))
    return Size(*(max(1, round(side * scale)) for side in size))


def assemble(
    source_format: str, displayed: Size, frames: int, renditions: Mapping[int, Rendition], thumbnail: Thumbnail
) -> Rendered:
    """Put renditions in the order of their variants, with the placeholder.

    Keys are positions from 0 on.
    """
    return Rendered(
        format=source_format,
        width=displayed.width,
        height=displayed.height,
        frames=frames,
        dominant_colour=dominant_colour(thumbnail),
        thumbhash=thumb_hash(thumbnail),
        renditions=tuple(renditions[position] for position in range(len(renditions))),
    )


def dominant_colour(picture: Thumbnail) -> str | None:
    """Name the color that fills most of a picture, as `#rrggbb`.

    None where nothing is opaque. It is the average of the largest group of similar colors, in which each pixel counts
    by its opacity.
    """
    opacities: Counter[tuple[int, ...]] = Counter()
    for pixel in _pixels(picture):
        opacities[_group(pixel[:3])] += pixel[3]
    (largest, opacity), *_ = opacities.most_common(1)
    if not opacity:
        return None
    members = [pixel for pixel in _pixels(picture) if _group(pixel[:3]) == largest]
    average = bytes(round(sum(pixel[band] * pixel[3] for pixel in members) / opacity) for band in range(3))
    return f"#{average.hex()}"


def thumb_hash(picture: Thumbnail) -> str:
    """Hash a picture to the base64 of some 24 bytes (ThumbHash).

    A page paints a blurred likeness from it. What is transparent counts as white: the library's hash of transparency
    fails (thumbhash 0.1.2).
    """
    shown = [band for pixel in _pixels(picture) for band in (*_on_white(pixel), 255)]
    return b64encode(bytes(thumbhash.rgba_to_thumb_hash(*picture.size, shown))).decode("ascii")


def _pixels(picture: Thumbnail) -> list[bytes]:
    return [picture.rgba[at : at + 4] for at in range(0, len(picture.rgba), 4)]


def _on_white(pixel: bytes) -> tuple[int, ...]:
    opacity = pixel[3]
    return tuple((band * opacity + 255 * (255 - opacity) + 127) // 255 for band in pixel[:3])


def _group(pixel: bytes) -> tuple[int, ...]:
    return tuple(band // _SIMILAR for band in pixel)
