"""The one door to Pillow's decoders: limits before pixels, and every fault of an image as ImageRejectedError."""

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from math import ceil
from typing import NamedTuple

import pi_heif
from PIL import AvifImagePlugin, ExifTags, Image, JpegImagePlugin, TiffImagePlugin, UnidentifiedImageError

from resize import limits as limit
from resize.errors import ImageRejectedError, Reason
from resize.formats import SourceFormat, identify
from resize.geometry import Size
from resize.jpeg import scans_of
from resize.pillow.bitmap import BitmapFile
from resize.pillow.gif import GifFile
from resize.pillow.memory import Picture, Print, estimate, estimate_of_webp
from resize.pillow.scaling import ENOUGH
from resize.settings import Limits
from resize.webp import canvas_of

# One job has one vCPU; and a HEIC's thumbnails, depth maps and the like are never shown, so never parsed.
pi_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)
AvifImagePlugin.DEFAULT_MAX_THREADS = 1

# How to turn what is stored into what is displayed, by EXIF orientation (CIPA DC-008, 4.6.4, tag 274).
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# Those that swap width and height.
SIDEWAYS = frozenset(_TURNS[orientation] for orientation in (5, 6, 7, 8))

# Whose frames are shown one after the other. What others hold besides, pages or previews, is never decoded.
_ANIMATIONS = frozenset({SourceFormat.GIF, SourceFormat.WEBP})

# WebP and GIF count in 16 bits.
_MOST_PLAYS = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An image whose header is read and within the limits; its pixels wait for `decode`."""

    format: SourceFormat
    size: Size  # as stored: EXIF orientation may turn it
    frames: int
    image: Image.Image
    limits: Limits
    source_bytes: int
    held_bytes: int  # what the decoder keeps beside pixels
    memory_bytes: int | None  # what there is; None is enough for anything

    @property
    def profile(self) -> bytes | None:
        """The embedded ICC profile."""
        profile = self.image.info.get("icc_profile")
        return profile if isinstance(profile, bytes) else None


class Frame(NamedTuple):
    """A decoded picture, and how long an animation shows it."""

    image: Image.Image
    milliseconds: int


def open_image(source: bytes, limits: Limits, memory_bytes: int | None = None) -> Opened:
    """Read an image's header and hold it against the limits, before a pixel is decoded.

    Raises:
        ImageRejectedError: EMPTY, UNKNOWN_FORMAT, CORRUPT, OUT_OF_MEMORY, or the limit that it breaks.
    """
    limit.check_source(source, limits)
    found = identify(source)
    if found is SourceFormat.WEBP and (canvas := canvas_of(source)):
        limit.check_pixels(canvas, limits)
        limit.check_memory(estimate_of_webp(canvas, len(source)), memory_bytes)
    with _blaming_the_image(limits):
        image = _recognized(found, source, limits)
        frames = getattr(image, "n_frames", 1) if found in _ANIMATIONS else 1
        scans = scans_of(source) if found is SourceFormat.JPEG else 1
        held_bytes = _held_bytes(image, scans)
    size = Size(*image.size)
    limit.check_header(size, frames, scans, limits)
    if isinstance(image, GifFile):
        limit.check_pixels(image.largest_frame, limits)
    return Opened(
        format=found,
        size=size,
        frames=frames,
        image=image,
        limits=limits,
        source_bytes=len(source),
        held_bytes=held_bytes,
        memory_bytes=memory_bytes,
    )


def check_memory(opened: Opened, film: Size, frames: int = 1, prints: Iterable[Print] = ()) -> None:
    """Hold what it takes to decode so many frames, shrink each to `film` and print them against what there is.

    Raises:
        ImageRejectedError: OUT_OF_MEMORY.
    """
    limit.check_memory(estimate(picture_of(opened), film, frames, prints), opened.memory_bytes)


def decode(opened: Opened, frames: int) -> Iterator[Frame]:
    """Decode so many frames, one after the other: each is the whole picture, valid until the next is asked for.

    Raises:
        ImageRejectedError: CORRUPT or OUT_OF_MEMORY.
    """
    image = opened.image
    for index in range(frames):
        with _blaming_the_image(opened.limits):
            if index > 0:  # not for the first: a HEIC begins at its primary image, wherever that is
                image.seek(index)
            image.load()
            if image.mode == "P" and image.palette is None:  # Pillow trips over it later
                raise SyntaxError("a picture by palette without a palette")
        yield Frame(image, round(image.info.get("duration", 0)))
    image.close()  # the source's pixels are the most memory of all: not while encoding


def plays_of(opened: Opened) -> int:
    """Say how often an animation plays; 0 is for ever."""
    return min(int(opened.image.info.get("loop", 0)), _MOST_PLAYS)


def shrink_while_decoding(opened: Opened, needed: Size) -> None:
    """Let a JPEG decoder skip what nobody will see, while what it gives stays large enough to be scaled from."""
    if opened.format is SourceFormat.JPEG:
        with _blaming_the_image(opened.limits):
            opened.image.draft(None, (ceil(needed.width * ENOUGH), ceil(needed.height * ENOUGH)))


def turn_of(opened: Opened) -> Image.Transpose | None:
    """Say how to turn what is decoded into what is displayed, by its EXIF orientation.

    The decoders of TIFF and HEIC turn by themselves; AVIF's tells its container's turn as if it were EXIF's. A broken
    EXIF block turns nothing: it never costs a good image.
    """
    if opened.format in (SourceFormat.TIFF, SourceFormat.HEIC):
        return None
    if opened.format is SourceFormat.PNG:  # its EXIF may stand after its pixels
        check_memory(opened, Size(1, 1))
        with _blaming_the_image(opened.limits):
            opened.image.load()
    return _TURNS.get(orientation_of(opened.image.info.get("exif", b"")))


def orientation_of(exif: bytes) -> int:
    """Read the orientation from an EXIF block, 1 (upright) where the block is broken or says nothing."""
    tags = Image.Exif()
    try:
        tags.load(exif)
        return int(tags.get(ExifTags.Base.Orientation, 1))
    except Exception:  # noqa: BLE001 - only Pillow's parser runs here, and it raises anything on hostile bytes
        return 1


def picture_of(opened: Opened) -> Picture:
    """Describe what the header tells of an image to `resize.pillow.memory`."""
    return Picture(
        format=opened.format,
        stored=opened.size,
        decoded=Size(*opened.image.size),
        mode=opened.image.mode,
        has_transparent_colour="transparency" in opened.image.info,
        source_bytes=opened.source_bytes,
        held=opened.held_bytes,
    )


def _recognized(found: SourceFormat, source: bytes, limits: Limits) -> Image.Image:
    if found is SourceFormat.BMP:
        return BitmapFile(BytesIO(source))
    if found is SourceFormat.GIF:
        return GifFile(BytesIO(source), limits.frames)
    return Image.open(BytesIO(source), formats=[found.decoder])


def _held_bytes(image: Image.Image, scans: int) -> int:
    """Say what the decoder keeps beside pixels: a JPEG of several scans its coefficients, a TIFF a strip and a turn."""
    pixels = image.width * image.height
    if isinstance(image, GifFile):
        return image.bytes_beside_screen
    if isinstance(image, BitmapFile):
        return pixels * image.bytes_beside_each_pixel
    if isinstance(image, JpegImagePlugin.JpegImageFile) and scans > 1:
        areas = [across * down for _, across, down, _ in image.layer]
        return 2 * pixels * sum(areas) // max(areas)
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        return _strip_bytes(image) + (0 if image.tag_v2.get(ExifTags.Base.Orientation, 1) == 1 else 4 * pixels)
    return 0


def _strip_bytes(image: TiffImagePlugin.TiffImageFile) -> int:
    tags = image.tag_v2
    if tags.get(TiffImagePlugin.COMPRESSION, 1) == 1:
        return 0
    rows = min(image.height, tags.get(TiffImagePlugin.ROWSPERSTRIP, image.height))
    return int(image.width * rows * sum(tags.get(TiffImagePlugin.BITSPERSAMPLE, (1,))) // 8)


@contextmanager
def _blaming_the_image(limits: Limits) -> Iterator[None]:
    """Let only decoders run in here: whatever they raise is the image's fault.

    Pillow's own guard against bombs takes our limit, for what the header does not tell. It is global, as are warnings:
    one thread at a time may decode.
    """
    usual, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, limits.frame_pixels
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    except ImageRejectedError:
        raise
    except Exception as error:  # decoders raise anything on hostile bytes, and only they run here
        raise _rejection(error, limits) from error
    finally:
        Image.MAX_IMAGE_PIXELS = usual


def _rejection(error: Exception, limits: Limits) -> ImageRejectedError:
    message = str(error)
    if isinstance(error, (Image.DecompressionBombError, Image.DecompressionBombWarning)):
        return limit.too_many_pixels(limits)
    if isinstance(error, MemoryError) or "memory" in message.lower():  # some decoders only say so
        return ImageRejectedError(Reason.OUT_OF_MEMORY, "decoding it takes more memory than there is")
    if isinstance(error, UnidentifiedImageError):
        return ImageRejectedError(Reason.CORRUPT, "its header makes no sense")
    return limit.corrupt(message, error)
