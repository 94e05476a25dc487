"""Convert decoded images to 8-bit sRGB."""

import math
from collections.abc import Sequence
from functools import lru_cache
from io import BytesIO
from itertools import chain, product
from typing import cast

from PIL import Image, ImageCms, ImageMath

from resize.imaging.color.icc import Curve, srgb_levels

# Modes that resize as they are, with 8 bits a band.
_PLAIN_MODES = frozenset({"L", "LA", "RGB", "RGBA", "CMYK", "LAB"})

# The mode whose bands a profile describes, by the profile's color space (ICC.1:2022, table 19).
_MODE_OF_SPACE = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK", "Lab ": "LAB"}

# Grey pixels under an RGB profile are its neutral colors.
_NEUTRALS = ("L", "RGB")

_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
_LAB = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()

_BYTE = 255

# A profile that moves no color by more than this many of 255 levels is sRGB by another name.
_UNSEEN = 1


def to_plain(image: Image.Image) -> Image.Image:
    """Give any mode 8 bits a band and its transparency as a band.

    L, LA, RGB, RGBA, CMYK or LAB.
    """
    if image.mode.startswith("I") or image.mode == "F":
        return _from_deep_grey(image)
    if image.has_transparency_data:
        return _with_alpha(image)
    if image.mode == "1":
        return image.convert("L")
    return image if image.mode in _PLAIN_MODES else image.convert("RGB")


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert a plain image through its profile to sRGB without metadata.

    RGB, or RGBA unless every pixel is opaque. A profile that is broken, or that describes other bands than the image
    has, is ignored, as browsers do.
    """
    has_alpha = image.mode in ("LA", "RGBA")
    colors = image.convert(image.mode.removesuffix("A")) if has_alpha else image
    converted = _through_profile(colors, _LAB if image.mode == "LAB" else profile)
    if has_alpha:
        alpha = image.getchannel("A")
        if alpha.getextrema() != (255, 255):
            converted.putalpha(alpha)
    converted.info = {}
    return converted


def with_curve_of_srgb(image: Image.Image, curve: Curve) -> Image.Image:
    """Give a plain image the levels of sRGB that stand for the light of its own."""
    has_alpha = image.mode in ("LA", "RGBA")
    colors = srgb_levels(curve, 256) * (len(image.getbands()) - has_alpha)
    return image.point(list(colors) + list(range(256)) * has_alpha)


def _from_deep_grey(image: Image.Image) -> Image.Image:
    """Numbers to 256 greys: integers of 16 bits and floats of 0 to 1 as such, others from darkest to lightest."""
    deep = image if image.mode in ("F", "I", "I;16") else image.convert("I")
    grey = in_bytes([deep])[0]
    key = image.info.get("transparency")
    if isinstance(key, int):
        opaque = ImageMath.lambda_eval(lambda bands: (bands["deep"] != key) * 255, deep=deep.convert("I"))
        grey.putalpha(opaque.convert("L"))
    return grey


def in_bytes(bands: Sequence[Image.Image]) -> list[Image.Image]:
    """Bring the bands of a picture from numbers to 0 to 255, all by the same scale.

    Integers of 16 bits and floats of 0 to 1 are taken as such, others from darkest to lightest.
    """
    black, white = _range_of(bands)
    scale = 255 / (white - black)
    return [band.point(lambda value: value * scale + (0.5 - black * scale)).convert("L") for band in bands]


def _range_of(bands: Sequence[Image.Image]) -> tuple[float, float]:
    extrema = [cast("tuple[float, float]", band.getextrema()) for band in bands]
    darkest, lightest = min(low for low, _ in extrema), max(high for _, high in extrema)
    usual = 1.0 if bands[0].mode == "F" else 65535.0
    unmeasurable = not (math.isfinite(darkest) and math.isfinite(lightest))
    if unmeasurable or (darkest >= 0 and lightest <= usual) or darkest == lightest:
        return 0.0, usual
    return darkest, lightest


def _with_alpha(image: Image.Image) -> Image.Image:
    if image.mode in ("LA", "RGBA"):
        return image
    key = image.info.get("transparency")
    if image.mode == "RGB" and isinstance(key, tuple) and max(key) > _BYTE:
        image.info["transparency"] = tuple(band >> 8 for band in key)  # a 16-bit PNG's, whose pixels are decoded to 8
    return image.convert("LA" if image.mode in ("1", "L", "La") else "RGBA")


def _through_profile(image: Image.Image, profile: bytes | None) -> Image.Image:
    transform = transform_of(image.mode, profile) if profile else None
    return transform.apply(image.convert(transform.input_mode)) if transform else image.convert("RGB")


@lru_cache(maxsize=4)  # every frame of an animation has the same
def transform_of(mode: str, profile: bytes) -> ImageCms.ImageCmsTransform | None:
    """Build the way from a mode's colors to sRGB.

    None where Pillow's own conversion is the way. Relative colorimetric with black point compensation is how photo
    editors prepare images for the web.
    """
    intent, flags = ImageCms.Intent.RELATIVE_COLORIMETRIC, ImageCms.Flags.BLACKPOINTCOMPENSATION
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        described = _MODE_OF_SPACE.get(source.profile.xcolor_space)
        if described is None or (described != mode and (mode, described) != _NEUTRALS):
            return None
        transform = ImageCms.ImageCmsTransform(source, _SRGB, described, "RGB", intent, flags=flags)
    except (OSError, ValueError):
        return None
    return None if described == "RGB" and _changes_nothing(transform) else transform


def _changes_nothing(transform: ImageCms.ImageCmsTransform) -> bool:
    """Try a grid of all colors: most profiles are sRGB, and converting a photograph takes as long as resizing it."""
    levels = range(0, 256, 17)
    grid = Image.frombytes("RGB", (256, 16), bytes(chain.from_iterable(product(levels, repeat=3))))
    moved = zip(grid.tobytes(), transform.apply(grid).tobytes(), strict=True)
    return all(abs(after - before) <= _UNSEEN for before, after in moved)
