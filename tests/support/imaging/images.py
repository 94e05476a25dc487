"""Builders of images for tests about imaging, and what such tests ask of an image."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from resize.imaging.engine import Engine
from resize.imaging.limits import Limits
from resize.imaging.render import render
from resize.imaging.rendition import Rendered
from resize.imaging.variants import Format, Variant

# What images are rendered with: the fixture `engine` of conftest.py tries each.
engine = Engine.PILLOW

_DATA = Path(__file__).parents[2] / "data"

_CAREFUL: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 95, "subsampling": "4:4:4"},
    "WEBP": {"lossless": True},
    "AVIF": {"quality": 95},
}

COLORS = {
    "red": (255, 0, 0),
    "lime": (0, 255, 0),
    "blue": (0, 0, 255),
    "white": (255, 255, 255),
    "black": (0, 0, 0),
    "cyan": (0, 255, 255),
    "magenta": (255, 0, 255),
    "yellow": (255, 255, 0),
    "grey": (128, 128, 128),
}


def quadrants(width: int = 64, height: int = 48) -> Image.Image:
    """Red, lime over blue, white: no turn or flip of it looks like another."""
    picture = Image.new("RGB", (width, height), "red")
    picture.paste("lime", (width // 2, 0, width, height // 2))
    picture.paste("blue", (0, height // 2, width // 2, height))
    picture.paste("white", (width // 2, height // 2, width, height))
    return picture


def encoded(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """A picture as a file; JPEG, WebP and AVIF at a quality that keeps colors within a few levels."""
    file = io.BytesIO()
    picture.save(file, kind, **_CAREFUL.get(kind, {}) | options)
    return file.getvalue()


def animation(kind: str, frames: Sequence[Image.Image], milliseconds: Sequence[int], **options: Any) -> bytes:
    """Frames as an animated file."""
    first, *others = frames
    return encoded(first, kind, save_all=True, append_images=others, duration=list(milliseconds), **options)


def sideways_heic() -> bytes:
    """`quadrants()` as a phone that was turned writes it."""
    return (_DATA / "sideways.heic").read_bytes()


def twelve_megapixels_heic() -> bytes:
    """A picture as large as a phone's."""
    return (_DATA / "twelve-megapixels.heic").read_bytes()


def crashing_heic() -> bytes:
    """A picture that ends its decoder with a segmentation fault: an item type that is not ASCII, to pi-heif 1.4.0."""
    source = bytearray(sideways_heic())
    source[176] = 0xFF
    return bytes(source)


def burst_heic() -> bytes:
    """A black picture, then `quadrants()`, which the file says is the one to show."""
    return (_DATA / "burst.heic").read_bytes()


def exif(orientation: int) -> bytes:
    """EXIF with an orientation, a camera's name and a position."""
    tags = Image.Exif()
    tags[0x0112] = orientation
    tags[0x010F] = "SecretCamera"
    tags.get_ifd(0x8825).update({1: "N", 2: (50.0, 27.0, 0.0), 3: "E", 4: (30.0, 31.0, 0.0)})
    return tags.tobytes()


def rendered(source: bytes, *variants: Variant, **limits: int) -> Rendered:
    """Render variants; without any, one PNG at the source's own size."""
    return render(source, variants or (variant(),), Limits(**limits), engine=engine)


def variant(name: str = "test", *, width: int = 16_383, format: Format | None = Format.PNG, **others: Any) -> Variant:  # noqa: A002 - the option's name
    """A variant, of the source's own size as PNG unless told otherwise."""
    return Variant(name=name, width=width, format=format, **others)


def picture_of(source: bytes, **options: Any) -> Image.Image:
    """What an upload looks like in one variant."""
    return opened(rendered(source, variant(**options)).renditions[0].body)


def opened(body: bytes) -> Image.Image:
    """A rendition as a picture."""
    picture = Image.open(io.BytesIO(body))
    picture.load()
    return picture


def quarters(picture: Image.Image) -> list[str]:
    """Name the colors in the middles of the four quarters, row by row."""
    across, down = (picture.width // 4, picture.width * 3 // 4), (picture.height // 4, picture.height * 3 // 4)
    return [color_at(picture, x, y) for y in down for x in across]


def color_at(picture: Image.Image, x: int, y: int) -> str:
    """Name the color of a pixel: the nearest of COLORS."""
    pixel = rgb_at(picture, x, y)
    return min(COLORS, key=lambda name: _distance(COLORS[name], pixel))


def rgb_at(picture: Image.Image, x: int = 0, y: int = 0) -> tuple[int, int, int]:
    """Red, green and blue of a pixel."""
    red, green, blue = picture.crop((x, y, x + 1, y + 1)).convert("RGB").tobytes()
    return red, green, blue


def alpha_at(picture: Image.Image, x: int = 0, y: int = 0) -> int:
    """The opacity of a pixel."""
    return picture.crop((x, y, x + 1, y + 1)).convert("RGBA").tobytes()[3]


def _distance(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))
