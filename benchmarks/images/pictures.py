"""Pictures that are as hard as photographs, made in code and the same each time.

Two things make a photograph: surfaces that hide each other, of all sizes, with sharp edges (the "dead leaves" of Lee,
Mumford and Huang 2001), and detail whose contrast falls with its frequency (Field 1987).
"""

import io
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

SEED = 20_261_124
_LEAVES = 3000
_SMALLEST_LEAF = 1 / 150  # of the picture's width
_LARGEST_LEAF = 1 / 3
_DETAIL = 0.35  # how much of the picture is detail, the rest is surfaces
_CONTRAST = 55
_FALL = 1.1  # of contrast with frequency: amplitude is 1 / f to this power

# All are 3:2, so that a square cut out of their middle begins at a whole pixel at every size.
SIX_MEGAPIXELS = (3000, 2000)
TWENTY_FOUR_MEGAPIXELS = (6000, 4000)
TWELVE_MEGAPIXELS = (4200, 2800)
TRANSPARENT = (2400, 1600)
ANIMATION, FRAMES = (600, 400), 12
SNAPSHOT = (600, 400)


def photograph(size: tuple[int, int], seed: int = SEED) -> Image.Image:
    """Make a photograph's like of a size."""
    random = np.random.default_rng(seed)
    return Image.blend(_leaves(size, random), _detail(size, random), _DETAIL)


def jpeg(size: tuple[int, int], seed: int = SEED) -> bytes:
    """Make it a JPEG, as a camera writes it."""
    return _saved(photograph(size, seed), "JPEG", quality=90)


def huge_jpeg(size: tuple[int, int]) -> bytes:
    """Make a JPEG of any size: one photograph, laid side by side."""
    tile = photograph((1250, 800))
    picture = Image.new("RGB", size)
    for left in range(0, size[0], tile.width):
        for top in range(0, size[1], tile.height):
            picture.paste(tile, (left, top))
    return _saved(picture, "JPEG", quality=90)


def webp() -> bytes:
    """Make a WebP of a photograph."""
    return _saved(photograph(SIX_MEGAPIXELS), "WEBP", quality=90)


def transparent_png() -> bytes:
    """Make a PNG that shows part of a photograph, with a soft edge."""
    picture = photograph(TRANSPARENT)
    opacity = Image.new("L", TRANSPARENT)
    ImageDraw.Draw(opacity).ellipse((100, 100, TRANSPARENT[0] - 100, TRANSPARENT[1] - 100), fill=255)
    picture.putalpha(opacity.filter(ImageFilter.GaussianBlur(30)))
    return _saved(picture, "PNG")


def animated_gif() -> bytes:
    """Make a GIF that pans over a photograph."""
    wide, step = photograph((ANIMATION[0] * 2, ANIMATION[1])), ANIMATION[0] // FRAMES
    first, *others = (wide.crop((left, 0, left + ANIMATION[0], ANIMATION[1])) for left in _starts(step))
    return _saved(first, "GIF", save_all=True, append_images=others, duration=80, loop=0)


def picture_for_heic() -> bytes:
    """Make what a phone would write as HEIC, as a PNG.

    What writes HEIC lives in another environment.
    """
    return _saved(photograph(TWELVE_MEGAPIXELS), "PNG", compress_level=1)


# What is rendered, by the name of its file.
SOURCES: Mapping[str, Callable[[], bytes]] = {
    "6-megapixels.jpg": partial(jpeg, SIX_MEGAPIXELS),
    "24-megapixels.jpg": partial(jpeg, TWENTY_FOUR_MEGAPIXELS),
    "transparent.png": transparent_png,
    "photograph.webp": webp,
    "animation.gif": animated_gif,
}
HEIC = "photograph.heic"


def write(folder: Path, name: str) -> Path:
    """Make a source and write it to a folder."""
    path = folder / name
    path.write_bytes(SOURCES[name]())
    return path


def _starts(step: int) -> range:
    return range(0, FRAMES * step, step)


def _leaves(size: tuple[int, int], random: np.random.Generator) -> Image.Image:
    """Lay discs over each other, small ones more often: their radii fall with the third power."""
    width, height = size
    picture = Image.new("RGB", size, (120, 130, 140))
    draw = ImageDraw.Draw(picture)
    least, most = (_SMALLEST_LEAF * width) ** -2, (_LARGEST_LEAF * width) ** -2
    for share, across, down, *color in random.random((_LEAVES, 6)).tolist():
        radius = (most + share * (least - most)) ** -0.5
        centre = (across * width, down * height)
        box = (centre[0] - radius, centre[1] - radius, centre[0] + radius, centre[1] + radius)
        draw.ellipse(box, fill=tuple(round(255 * channel) for channel in color))
    return picture


def _detail(size: tuple[int, int], random: np.random.Generator) -> Image.Image:
    light = _noise(size, random)
    tint = _noise((size[0] // 4, size[1] // 4), random)
    colors = Image.fromarray(tint).resize(size, Image.Resampling.BICUBIC)
    return Image.merge("RGB", [Image.fromarray(light), Image.blend(Image.fromarray(light), colors, 0.4), colors])


def _noise(size: tuple[int, int], random: np.random.Generator) -> NDArray[np.uint8]:
    width, height = size
    across, down = np.fft.rfftfreq(width)[None, :], np.fft.fftfreq(height)[:, None]
    frequency = np.maximum(np.hypot(across, down), 1 / max(size)).astype(np.float32)
    waves = np.fft.rfft2(random.standard_normal((height, width), dtype=np.float32)) / frequency**_FALL
    layer = np.fft.irfft2(waves, s=(height, width))
    return np.asarray(np.clip(128 + _CONTRAST * layer / layer.std(), 0, 255), dtype=np.uint8)


def _saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()
