"""What a page shows while an image loads: its dominant colour and its ThumbHash."""

from base64 import b64encode
from collections import Counter

import thumbhash
from PIL import Image

from resize.geometry import Size

# ThumbHash keeps at most seven waves along a side (its author's page, evanw.github.io/thumbhash): more pixels than
# these cost time and change nothing.
_SIDE = 32

# So many groups of similar colours, of which the largest names the dominant one.
_GROUPS = 6

_SOLID = 128


def dominant_colour(picture: Image.Image) -> str:
    """Name the colour that fills most of an RGB or RGBa picture, as `#rrggbb`; black where nothing is opaque."""
    solid = [pixel[:3] for pixel in _pixels(_small(picture).convert("RGBA"), 4) if pixel[3] >= _SOLID]
    if not solid:
        return "#000000"
    row = Image.frombytes("RGB", (len(solid), 1), b"".join(solid))
    grouped = row.quantize(_GROUPS, Image.Quantize.MEDIANCUT).convert("RGB")
    (largest, _), *_ = Counter(_pixels(grouped, 3)).most_common(1)
    return f"#{largest.hex()}"


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


def _pixels(picture: Image.Image, bands: int) -> list[bytes]:
    every = picture.tobytes()
    return [every[at : at + bands] for at in range(0, len(every), bands)]
