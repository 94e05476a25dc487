"""Encode frames with Pillow, without metadata."""

from io import BytesIO
from typing import Any

from PIL import Image

from contract.errors import Reason
from resize.errors import ImageRejectedError
from resize.imaging.encoding import Encoding
from resize.imaging.formats.gif import in_hundredths
from resize.imaging.formats.webp import playable, with_alpha_declared
from resize.imaging.pillow.frames import Frames
from resize.imaging.variants import Format

# GIF knows opaque and transparent alone, and 256 colors, of which the last one here is the transparent.
_OPAQUE_FROM = 128
_GIF_COLORS = 255
_TRANSPARENT = 255
_WHOLE_PALETTE = 3 * 256
_CLEAR_BEFORE_NEXT = 2
# What of a JPEG makes libjpeg write all of it at once.
_WHOLE_FILES = {"optimize", "progressive"}


def encode(film: Frames, encoding: Encoding) -> bytes:
    """Write a film as a file; a format without animation takes a still.

    The same film gives the same bytes.

    Raises:
        ImageRejectedError: OUT_OF_MEMORY, or ENCODER_FAILED where the encoder cannot write these pictures.
    """
    output = encoding.format
    first, *others = _with_palettes(film) if output is Format.GIF else map(_with_straight_alpha, film.frames)
    options = _options(film, encoding)
    if others:
        options |= {"save_all": True, "append_images": others} | _timing(film, output)
    try:
        body = _written(first, output, options)
    except (OSError, ValueError, RuntimeError) as error:
        raise _rejection(error, output) from error
    return with_alpha_declared(body) if output is Format.WEBP and film.has_alpha else body


def _written(picture: Image.Image, output: Format, options: dict[str, Any]) -> bytes:
    file = BytesIO()
    try:
        picture.save(file, "JPEG" if output is Format.JPEG else output.name, **options)
    except OSError:
        if not options.keys() & _WHOLE_FILES:
            raise
        # Pillow has two bytes a pixel ready for such a file, which noise at the best quality takes more than.
        return _written(picture, output, {name: value for name, value in options.items() if name not in _WHOLE_FILES})
    return file.getvalue()


def _options(film: Frames, encoding: Encoding) -> dict[str, Any]:
    subsampling = "4:4:4" if encoding.has_full_color else "4:2:0"
    match encoding.format:
        case Format.WEBP:
            return {"quality": encoding.quality, "method": encoding.webp_method(has_alpha=film.has_alpha)}
        case Format.JPEG:
            return {
                "qtables": [encoding.quantization] * 2,  # of lightness, and of color
                "subsampling": subsampling,
                "optimize": encoding.is_optimized,
                "progressive": encoding.is_progressive,
            }
        case Format.PNG:
            return {"compress_level": encoding.png_level}
        case Format.AVIF:
            return {
                "quality": encoding.quality,
                "speed": encoding.avif_speed,
                "subsampling": subsampling,
                "max_threads": 1,
                "autotiling": False,  # tiles are for several threads, and cost a hundredth
            }
        case Format.GIF:
            return {"optimize": False, "disposal": _CLEAR_BEFORE_NEXT} if film.has_alpha else {"optimize": True}


def _timing(film: Frames, output: Format) -> dict[str, Any]:
    if output in (Format.WEBP, Format.PNG):
        return {"duration": playable(film.milliseconds), "loop": film.loop_count}
    repeats = (
        {} if film.loop_count == 1 else {"loop": max(0, film.loop_count - 1)}
    )  # GIF counts what follows the first time
    return {"duration": in_hundredths(film.milliseconds)} | repeats


def _with_straight_alpha(frame: Image.Image) -> Image.Image:
    return frame.convert("RGBA") if frame.mode == "RGBa" else frame


def _with_palettes(film: Frames) -> list[Image.Image]:
    """Give each frame its best colors, and all a transparent one as soon as one needs it.

    A decoder clears a frame to transparent only if that frame names a transparent color.
    """
    pictures = [_with_palette(_with_straight_alpha(frame)) for frame in film.frames]
    if film.has_alpha:
        for picture in pictures:
            picture.info["transparency"] = _TRANSPARENT
    return pictures


def _with_palette(frame: Image.Image) -> Image.Image:
    picture = frame.convert("RGB").quantize(_GIF_COLORS, Image.Quantize.MEDIANCUT)
    if frame.mode == "RGBA":
        hidden = frame.getchannel("A").point([255] * _OPAQUE_FROM + [0] * (256 - _OPAQUE_FROM), "1")
        picture.paste(_TRANSPARENT, mask=hidden)
        picture.putpalette(bytes(picture.getpalette() or ()).ljust(_WHOLE_PALETTE, b"\0"))
    return picture


def _rejection(error: Exception, output: Format) -> ImageRejectedError:
    if "memory" in str(error).lower():
        return ImageRejectedError(Reason.OUT_OF_MEMORY, f"encoding it as {output} takes more memory than there is")
    return ImageRejectedError(Reason.ENCODER_FAILED, f"it cannot be encoded as {output}: {type(error).__name__}")
