"""What a page shows while an image loads: its dominant colour and its ThumbHash."""

from base64 import b64encode
from collections import Counter

import thumbhash
from PIL import Image

from resize.geometry import Size

# ThumbHash keeps at most seven waves along a side (its author's page, evanw.github.io/thumbhash): more pixels than
# these cost time and change nothing.
_SIDE = 24

# Colours in the same steps of so many of 255 levels are similar.
_SIMILAR = 32

_SOLID = 128


def dominant_colour(picture: Image.Image) -> str:
    """Name the colour that fills most of an RGB or RGBa picture, as `#rrggbb`; black where nothing is opaque.

    It is the average of the largest group of similar colours.
    """
    every = _small(picture).convert("RGBA").tobytes()
    pixels = (every[at : at + 4] for at in range(0, len(every), 4))
    solid = [pixel[:3] for pixel in pixels if pixel[3] >= _SOLID]
    if not solid:
        return "#000000"
    (largest, _), *_ = Counter(map(_group, solid)).most_common(1)
    members = [pixel for pixel in solid if _group(pixel) == largest]
    average = bytes(round(sum(band) / len(members)) for band in zip(*members, strict=True))
    return f"#{average.hex()}"


def thumb_hash(picture: Image.Image) -> str:
    """Hash an RGB or RGBa picture to the base64 of some 24 bytes, from which a page paints a blurred likeness.

    What is transparent counts as white: the library's hash of transparency fails (thumbhash 0.1.2).
    """
    small = _small(picture).convert("RGBA")
    shown = Image.alpha_composite(Image.new("RGBA", small.size, "white"), small)
    return b64encode(bytes(thumbhash.rgba_to_thumb_hash(*small.size, list(shown.tobytes())))).decode("ascii")


def _small(picture: Image.Image) -> Image.Image:
    scale = min(1.0, _SIDE / max(picture.size))
    return picture.resize(Size(*(max(1, round(side * scale)) for side in picture.size)), Image.Resampling.BOX)


def _group(pixel: bytes) -> tuple[int, ...]:
    return tuple(band // _SIMILAR for band in pixel)
