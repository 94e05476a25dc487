"""Encode frames with libvips, without metadata."""

from typing import Any

from contract.errors import Reason
from resize.errors import ImageRejectedError
from resize.imaging.encoding import MOZJPEG_TABLE, Encoding
from resize.imaging.formats.gif import in_hundredths
from resize.imaging.formats.webp import playable, with_alpha_declared
from resize.imaging.pillow.encode import encode as encode_by_pillow
from resize.imaging.pillow.frames import Frames as PillowFilm
from resize.imaging.variants import Format
from resize.imaging.vips import pillow_fallback
from resize.imaging.vips.binding import pyvips
from resize.imaging.vips.frames import Frames

# Pixels a millimetre, 72 an inch: what is said of every picture, whatever its source says.
_RESOLUTION = 72 / 25.4
# An AVIF's effort is 0 to 9 to libvips, and its encoder's speed what is left of 9.
_FASTEST_AVIF = 9
# Below these numbers, files are as large or larger, and take as long.
_FASTEST_PNG = 3
_FASTEST_GIF = 3


def encode(film: Frames, encoding: Encoding) -> bytes:
    """Write a film, its colors not premultiplied, as a file.

    A format without animation takes a still. The same film gives the same bytes.

    Raises:
        ImageRejectedError: OUT_OF_MEMORY, or ENCODER_FAILED where the encoder cannot write these pictures.
    """
    output = encoding.format
    if output is Format.PNG and len(film.frames) > 1:
        return _encode_by_pillow(film, encoding)
    try:
        body = bytes(_encode(_joined(film, output), encoding, has_alpha=film.has_alpha))
    except pyvips.Error as error:
        if "memory" in error.detail:
            detail = f"encoding it as {output} takes more memory than there is"
            raise ImageRejectedError(Reason.OUT_OF_MEMORY, detail) from error
        detail = f"it cannot be encoded as {output}: {type(error).__name__}"
        raise ImageRejectedError(Reason.ENCODER_FAILED, detail) from error
    return with_alpha_declared(body) if output is Format.WEBP and film.has_alpha else body


def _encode(image: pyvips.Image, encoding: Encoding, *, has_alpha: bool) -> Any:
    """Each number means what it means to Pillow's encoders: see imaging/pillow/encode.py."""
    subsample_mode = "off" if encoding.has_full_color else "on"
    match encoding.format:
        case Format.WEBP:
            method = encoding.webp_method(has_alpha=has_alpha)
            return image.webpsave_buffer(Q=encoding.quality, effort=method, keep="none")
        case Format.JPEG:
            return image.jpegsave_buffer(
                Q=encoding.quality,
                quant_table=MOZJPEG_TABLE,
                subsample_mode=subsample_mode,
                optimize_coding=encoding.is_optimized,
                interlace=encoding.is_progressive,
                trellis_quant=encoding.has_trellis,
                overshoot_deringing=encoding.has_trellis,
                optimize_scans=encoding.has_trellis and encoding.is_progressive,
                keep="none",
            )
        case Format.PNG:
            return image.pngsave_buffer(compression=max(encoding.png_level, _FASTEST_PNG), filter="all", keep="none")
        case Format.AVIF:
            return image.heifsave_buffer(
                compression="av1",
                Q=encoding.quality,
                effort=_FASTEST_AVIF - min(encoding.avif_speed, _FASTEST_AVIF),
                bitdepth=8,
                subsample_mode=subsample_mode,
                keep="none",
            )
        case Format.GIF:
            return image.gifsave_buffer(dither=0.0, effort=max(1 + encoding.effort, _FASTEST_GIF), keep="none")


def _encode_by_pillow(film: Frames, encoding: Encoding) -> bytes:
    """Write an animated PNG, for which libvips has no encoder."""
    frames = tuple(map(pillow_fallback.to_pillow, film.frames))
    borrowed_film = PillowFilm(frames=frames, milliseconds=tuple(film.milliseconds), loop_count=film.loop_count)
    return encode_by_pillow(borrowed_film, encoding)


def _joined(film: Frames, output: Format) -> pyvips.Image:
    """Put the frames of an animation one below the other, as libvips has them; nothing of the source is told by it."""
    first, *others = film.frames
    chosen = (pyvips.Image.arrayjoin([first, *others], across=1) if others else first).copy(
        xres=_RESOLUTION, yres=_RESOLUTION
    )
    if others:
        durations = in_hundredths(film.milliseconds) if output is Format.GIF else playable(film.milliseconds)
        chosen.set_type(pyvips.GValue.gint_type, "page-height", first.height)
        chosen.set_type(pyvips.GValue.array_int_type, "delay", durations)
    chosen.set_type(pyvips.GValue.gint_type, "loop", film.loop_count if others else 1)
    return chosen
