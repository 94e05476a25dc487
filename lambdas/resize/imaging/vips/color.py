"""Convert decoded images to premultiplied 8-bit sRGB.

Profiles are Pillow's business here too, with lcms2 as libvips has it: both engines show the same colors by one code.
"""

from resize.imaging.color.icc import Curve, srgb_levels
from resize.imaging.pillow.color import to_srgb as to_srgb_by_pillow
from resize.imaging.pillow.color import transform_of
from resize.imaging.vips.binding import pyvips
from resize.imaging.vips.pillow_fallback import to_pillow, to_vips

_OPAQUE = 255
_BYTE_LEVELS, _DEEP_LEVELS = 256, 65_536
_RGB = 3


def to_plain(image: pyvips.Image, curve: Curve | None = None) -> pyvips.Image:
    """Give any depth 8 bits a band, and premultiply.

    So no arithmetic lets an invisible color shine through. A curve's levels become sRGB's, from all the bits that they
    have.
    """
    plain = image if image.format == "uchar" else (image >> 8).cast("uchar")
    if curve:
        plain = _with_curve_of_srgb(image, plain, curve)
    plain = plain.copy(interpretation=_interpretation(image))
    return premultiplied(plain) if plain.hasalpha() else plain


def _with_curve_of_srgb(image: pyvips.Image, plain: pyvips.Image, curve: Curve) -> pyvips.Image:
    levels = _BYTE_LEVELS if image.format == "uchar" else _DEEP_LEVELS
    table = pyvips.Image.new_from_memory(srgb_levels(curve, levels), levels, 1, 1, "uchar")
    count = image.bands - int(image.hasalpha())
    colors = image.extract_band(0, n=count).maplut(table)
    return colors.bandjoin(plain.extract_band(count)) if image.hasalpha() else colors


def to_srgb(image: pyvips.Image, profile: bytes | None) -> pyvips.Image:
    """Convert what `to_plain` gave through its profile to sRGB.

    RGB, or premultiplied RGBA. A picture whose every pixel is opaque has no opacity. It must be in memory: finding out
    takes a look at all of it.
    """
    if image.hasalpha() and image[image.bands - 1].min() == _OPAQUE:
        image = image.extract_band(0, n=image.bands - 1)
    if image.bands >= _RGB and image.interpretation == "srgb" and not (profile and transform_of("RGB", profile)):
        return image
    straight = unpremultiplied(image) if image.hasalpha() else image
    converted = to_vips(to_srgb_by_pillow(to_pillow(straight), profile))
    return premultiplied(converted) if converted.hasalpha() else converted


def premultiplied(image: pyvips.Image) -> pyvips.Image:
    """Multiply colors by their opacity."""
    return image.premultiply().rint().cast("uchar")


def unpremultiplied(image: pyvips.Image) -> pyvips.Image:
    """Take the opacity out of colors."""
    return image.unpremultiply().rint().cast("uchar")


def _interpretation(image: pyvips.Image) -> str:
    if image.interpretation == "cmyk":
        return "cmyk"
    return "b-w" if image.bands < _RGB else "srgb"
