"""Decode 16-bit and animated PNGs.

Pillow keeps 8 bits of each band. A second pass, over the other halves of all samples, gives the rest.
"""

from collections.abc import Iterator, Sequence
from functools import reduce
from io import BytesIO

from PIL import Image, ImageChops, ImageFile

from resize.imaging.color.icc import SRGB_CURVE, Curve, srgb_levels
from resize.imaging.formats.png import GREY, GREY_WITH_OPACITY, Png
from resize.imaging.formats.png_animation import PngAnimation, PngDisposal
from resize.imaging.pillow.color import to_plain, with_curve_of_srgb

_LEVELS = 65_536
_OPAQUE = 255
_CLEAR = (0, 0, 0, 0)

# Bytes of each pixel beside the picture that Pillow gives: two halves of samples and what they are joined to, a picture
# with other levels, the canvases of an animation.
_BYTES_OF_HALVES = 16
_BYTES_OF_DEEP_GREY = 3
_BYTES_OF_COPY = 4
_BYTES_OF_CANVASES = 16

# A color of what is not decoded yet.
_MARK = (157, 3, 91, 7)

# Rows of which as many halves are joined at once: joining takes ten times the memory of its outcome.
_ROWS = 128


def first_frame(png: Png, image: Image.Image) -> Image.Image:
    """Decode a picture that was opened from `png.body`.

    Its levels are those of sRGB wherever they are not a profile's.
    """
    return _decoded(png, png.body, image)


def frames(png: Png, animation: PngAnimation) -> Iterator[Image.Image]:
    """Decode the frames of an animation, one after the other, each as it is shown.

    RGBA, as large as the canvas. The rules are those of the PNG specification, third edition, 11.3.6.2.
    """
    canvas = Image.new("RGBA", png.header.size)
    for index, frame in enumerate(animation.frames):
        body = png.body_of(frame)
        picture = to_plain(_decoded(png, body, _opened(body))).convert("RGBA")
        shown = canvas.copy()
        if frame.is_blended:
            shown.alpha_composite(picture, (frame.left, frame.top))
        else:
            shown.paste(picture, (frame.left, frame.top))
        if frame.disposal is PngDisposal.NONE:
            canvas = shown.copy()
        elif frame.disposal is PngDisposal.BACKGROUND or index == 0:
            canvas = shown.copy()
            canvas.paste(_CLEAR, (frame.left, frame.top, frame.left + picture.width, frame.top + picture.height))
        yield shown


def bytes_held(png: Png) -> int:
    """Say what decoding takes beside the picture that Pillow gives.

    See `resize.imaging.pillow.memory`.
    """
    pixels = png.header.size.width * png.header.size.height
    return png.copied_bytes + pixels * (_bytes_of_levels(png) + (_BYTES_OF_CANVASES if png.animation else 0))


def _bytes_of_levels(png: Png) -> int:
    is_grey = png.header.color_type == GREY
    if png.is_deep and not is_grey and (png.key or png.colors.curve):
        return _BYTES_OF_HALVES
    if png.colors.curve is None:
        return 0
    return (_BYTES_OF_DEEP_GREY if png.is_deep else 1) if is_grey else _BYTES_OF_COPY


def _decoded(png: Png, body: bytes, image: Image.Image) -> Image.Image:
    curve = png.colors.curve
    body, image = _loaded(png, body, image)
    if not png.is_deep or (curve is None and (png.key is None or image.mode == "I;16")):
        return with_curve_of_srgb(to_plain(image), curve) if curve else image
    if image.mode == "I;16":
        return _deep_grey(image, png.key, curve or SRGB_CURVE)
    high, low = _halves(png, body, image)
    colors, opacity = (high[:-1], high[-1]) if len(high) in (2, 4) else (high, None)
    if png.key:
        opacity = _opacity((*high, *low), [*(level >> 8 for level in png.key), *(level & 0xFF for level in png.key)])
    if curve:
        colors = [_levels(*halves, curve) for halves in zip(colors, low, strict=False)]
    mode = "L" if len(colors) == 1 else "RGB"
    return Image.merge(f"{mode}A", [*colors, opacity]) if opacity else Image.merge(mode, colors)


def _loaded(png: Png, body: bytes, image: Image.Image) -> tuple[bytes, Image.Image]:
    """Decode, mended where that helps, and see whether the pixels reach to the end: Pillow does not."""
    marked = _marked(png, image)
    try:
        image.load()
    except (OSError, SyntaxError):
        mended = png.mended(body)
        if mended is None:
            raise
        body, image = mended, _opened(mended)
        marked = _marked(png, image)
        image.load()
    is_untouched = image.crop(_last_row(png, image)).tobytes() == marked
    if (is_untouched or (png.header.interlaced and image.height == 1)) and not png.has_every_row(body):
        raise SyntaxError("rows of pixels are missing")
    return body, image


def _marked(png: Png, image: Image.Image) -> bytes:
    """Fill the row that is decoded last with what is hardly ever there, and tell what that is."""
    canvas, bands = Image.new(image.mode, image.size, None), len(image.getbands())
    canvas.paste(_MARK[:bands] if bands > 1 else _MARK[0], _last_row(png, image))
    image.im = canvas.im
    return canvas.crop(_last_row(png, image)).tobytes()


def _last_row(png: Png, image: Image.Image) -> tuple[int, int, int, int]:
    """Give the row that is decoded last: of an interlaced picture one with an odd number (8.2)."""
    is_even = image.height % 2 == 1 and image.height > 1
    row = image.height - (2 if png.header.interlaced and is_even else 1)
    return (0, row, image.width, row + 1)


def _opened(body: bytes) -> ImageFile.ImageFile:
    return Image.open(BytesIO(body), formats=["PNG"])


def _halves(png: Png, body: bytes, image: Image.Image) -> tuple[list[Image.Image], list[Image.Image]]:
    """Decode the upper and the lower 8 bits of each band."""
    if png.header.color_type == GREY_WITH_OPACITY:
        bands = _opened(png.with_samples_split(body)).split()
        return list(bands[::2]), list(bands[1::2])
    others = _opened(body)
    others.tile = [tile._replace(args=f"{image.mode};16L") for tile in others.tile]
    return list(image.split()), list(others.split())


def _levels(high: Image.Image, low: Image.Image, curve: Curve) -> Image.Image:
    """Give a band of 16 bits the levels of sRGB."""
    levels = Image.new("L", high.size)
    for top in range(0, high.height, _ROWS):
        box = (0, top, high.width, min(top + _ROWS, high.height))
        joined = Image.merge("LA", (high.crop(box), low.crop(box)))
        deep = Image.frombytes("I;16", joined.size, joined.tobytes(), "raw", "I;16B")
        levels.paste(deep.convert("I").point(list(srgb_levels(curve, _LEVELS)), "L"), (0, top))
    return levels


def _deep_grey(image: Image.Image, key: tuple[int, ...] | None, curve: Curve) -> Image.Image:
    deep = image.convert("I")
    grey = deep.point(list(srgb_levels(curve, _LEVELS)), "L")
    if key:
        grey.putalpha(deep.point([_OPAQUE * (level != key[0]) for level in range(_LEVELS)], "L"))
    return grey


def _opacity(bands: Sequence[Image.Image], wanted: Sequence[int]) -> Image.Image:
    """Tell opaque from transparent: those pixels of which every band is as wanted."""
    masks = (
        band.point([_OPAQUE * (level != match) for level in range(_OPAQUE + 1)])
        for band, match in zip(bands, wanted, strict=True)
    )
    return reduce(ImageChops.lighter, masks)
