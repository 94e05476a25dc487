"""The one door to Pillow's encoders: a film in, the bytes of a file without any metadata out."""

from io import BytesIO
from itertools import accumulate, pairwise
from typing import Any

from PIL import Image

from resize.errors import ImageRejectedError, Reason
from resize.film import Film
from resize.variants import Format

HAS_ANIMATION = frozenset({Format.WEBP, Format.GIF})
HAS_ALPHA = frozenset({Format.WEBP, Format.GIF, Format.PNG, Format.AVIF})

# From this quality on, JPEG keeps colour at full resolution.
_FULL_COLOUR_QUALITY = 90

# JPEG's two ways to spend time on size: its own Huffman tables, then several scans.
_OPTIMIZE_EFFORT = 2
_PROGRESSIVE_EFFORT = 4

# GIF knows opaque and transparent alone, and 256 colours, of which the last one here is the transparent.
_OPAQUE_FROM = 128
_GIF_COLOURS = 255
_CLEAR_BEFORE_NEXT = 2


def encode(film: Film, output: Format, quality: int, effort: int) -> bytes:
    """Write a film as a file: all of it for WebP and GIF, its first frame for the other formats.

    `quality` is 1 to 100, `effort` 0 (fast) to 6 (small). The same film gives the same bytes.

    Raises:
        ImageRejectedError: OUT_OF_MEMORY, or ENCODER_FAILED where the encoder cannot write these pictures.
    """
    shown = film if output in HAS_ANIMATION else film.still()
    suited = _with_palette if output is Format.GIF else _with_straight_alpha
    first, *others = (suited(frame) for frame in shown.frames)
    options = _options(output, quality, effort) | (_animation(shown, output, others) if others else {})
    file = BytesIO()
    try:
        first.save(file, "JPEG" if output is Format.JPEG else output.name, **options)
    except (OSError, ValueError, RuntimeError, MemoryError) as error:
        raise _rejection(error, output) from error
    return file.getvalue()


def _options(output: Format, quality: int, effort: int) -> dict[str, Any]:
    match output:
        case Format.WEBP:
            return {"quality": quality, "method": effort}
        case Format.JPEG:
            subsampling = "4:4:4" if quality >= _FULL_COLOUR_QUALITY else "4:2:0"
            smaller = {"optimize": effort >= _OPTIMIZE_EFFORT, "progressive": effort >= _PROGRESSIVE_EFFORT}
            return {"quality": quality, "subsampling": subsampling} | smaller
        case Format.PNG:
            return {"compress_level": 1 + effort * 8 // 6}
        case Format.AVIF:
            return {"quality": quality, "speed": 10 - effort, "max_threads": 1}
        case Format.GIF:
            return {}


def _animation(film: Film, output: Format, others: list[Image.Image]) -> dict[str, Any]:
    every = {"save_all": True, "append_images": others}
    if output is Format.WEBP:
        return every | {"duration": list(film.milliseconds), "loop": film.plays}
    ends = [round(end / 10) * 10 for end in accumulate(film.milliseconds, initial=0)]  # GIF counts in 1/100 s
    durations = [end - start for start, end in pairwise(ends)]
    repeats = {} if film.plays == 1 else {"loop": max(0, film.plays - 1)}  # GIF counts what follows the first time
    clearing = {"disposal": _CLEAR_BEFORE_NEXT} if any("transparency" in image.info for image in others) else {}
    return every | {"duration": durations} | repeats | clearing


def _with_straight_alpha(frame: Image.Image) -> Image.Image:
    return frame.convert("RGBA") if frame.mode == "RGBa" else frame


def _with_palette(frame: Image.Image) -> Image.Image:
    straight = _with_straight_alpha(frame)
    picture = straight.convert("RGB").quantize(_GIF_COLOURS, Image.Quantize.MEDIANCUT)
    if straight.mode == "RGBA":
        hidden = straight.getchannel("A").point([255] * _OPAQUE_FROM + [0] * (256 - _OPAQUE_FROM), "1")
        picture.paste(_GIF_COLOURS, mask=hidden)
        picture.info["transparency"] = _GIF_COLOURS
    return picture


def _rejection(error: Exception, output: Format) -> ImageRejectedError:
    if isinstance(error, MemoryError) or "memory" in str(error).lower():
        return ImageRejectedError(Reason.OUT_OF_MEMORY, f"encoding it as {output} takes more memory than there is")
    return ImageRejectedError(Reason.ENCODER_FAILED, f"it cannot be encoded as {output}: {type(error).__name__}")
