"""Decode with Pillow, within the limits; decoder errors become rejections."""

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from math import ceil
from typing import NamedTuple

import pi_heif
from PIL import AvifImagePlugin, Image, JpegImagePlugin, UnidentifiedImageError

from contract.errors import Reason
from resize.errors import ImageRejectedError
from resize.imaging import limits as limit
from resize.imaging.formats.detect import SourceFormat, identify
from resize.imaging.formats.exif import orientation_of
from resize.imaging.formats.isobmff import Presentation, presentation_of
from resize.imaging.formats.jpeg import exif_of
from resize.imaging.formats.jpeg_scans import Jpeg
from resize.imaging.formats.jpeg_scans import read_scans as read_jpeg
from resize.imaging.formats.png import Png, read_png
from resize.imaging.formats.webp import canvas_of
from resize.imaging.geometry import Size
from resize.imaging.limits import Limits
from resize.imaging.pillow.avif import mended
from resize.imaging.pillow.bmp import BitmapFile
from resize.imaging.pillow.gif import GifFile
from resize.imaging.pillow.jpeg import check_every_block, open_jpeg
from resize.imaging.pillow.memory import ImageHeader, OutputSize, estimate, estimate_of_webp
from resize.imaging.pillow.png import bytes_held, first_frame
from resize.imaging.pillow.png import frames as frames_of
from resize.imaging.pillow.resample import ENOUGH
from resize.imaging.pillow.tiff import TiffFile

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
_ANIMATIONS = frozenset({SourceFormat.GIF, SourceFormat.WEBP, SourceFormat.AVIF})

# Those whose boxes say what their decoders do not.
_BOXED = frozenset({SourceFormat.AVIF, SourceFormat.HEIC})

# The types of items that their decoders read: coded pictures, and those made of others.
_ITEM_TYPES = {
    SourceFormat.AVIF: frozenset({b"av01", b"grid"}),
    SourceFormat.HEIC: frozenset({b"hvc1", b"lhv1", b"grid", b"iovl", b"iden"}),
}

# What libavif and libheif say of a file that is whole, but of a kind that they do not read.
_NOT_READ = {
    "not implemented": "this kind of AVIF",
    "no codec available": "this kind of AVIF",
    "unsupported depth": "an AVIF of this depth",
    "reformat failed": "an AVIF of this matrix",
    "security limit exceeded": "a HEIC over the limits of its decoder",
    "unsupported feature": "this kind of HEIC",
    "compression format has not been built in": "a HEIC of this compression",
    "double references": "a HEIC that uses a picture twice in another",
}

# What libheif says of what HEVC's decoder gave no picture for, be it broken or of layers, of which that reads none.
_NO_PICTURE = "did not give a decompressed image"

# What decoders say that raise no MemoryError: Pillow's own and libavif, and libheif.
_NO_MEMORY = ("out of memory", "memory allocation error")

# How many frames of a sequence AV1's decoder keeps: AV1, 7.20.
_FRAMES_HELD = 8

# WebP and GIF count in 16 bits.
_MOST_PLAYS = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedImage:
    """An image whose header is read and within the limits.

    Its pixels wait for `decode`.
    """

    format: SourceFormat
    size: Size  # as stored, and within a clean aperture: EXIF orientation may turn it
    stored: Size
    frames: int
    image: Image.Image
    limits: Limits
    source_bytes: int
    held_bytes: int  # what the decoder keeps beside pixels
    memory_bytes: int | None  # what there is; None is enough for anything
    presentation: Presentation
    png: Png | None = None  # what was read of it before Pillow did
    jpeg: Jpeg | None = None
    exif: bytes = b""  # a JPEG's

    @property
    def profile(self) -> bytes | None:
        """The ICC profile: embedded, or of the colors that the file names."""
        if self.png:
            return self.png.colors.profile
        profile = self.image.info.get("icc_profile")
        if isinstance(profile, bytes) and profile:
            return profile
        return self.presentation.cicp.profile() if self.presentation.cicp else None

    @property
    def is_grey(self) -> bool:
        """Whether the decoder gives three bands that are alike.

        A profile may be of grey all the same.
        """
        is_grey = self.presentation.samples is not None and self.presentation.samples.is_grey
        return is_grey and self.image.mode == "RGBA" and "icc_profile" in self.image.info


class Frame(NamedTuple):
    """A decoded picture, and how long an animation shows it."""

    image: Image.Image
    milliseconds: int


def open_image(source: bytes, limits: Limits, memory_bytes: int | None = None) -> OpenedImage:
    """Read an image's header and hold it against the limits.

    No pixel is decoded before.

    Raises:
        ImageRejectedError: EMPTY, UNKNOWN_FORMAT, CORRUPT, OUT_OF_MEMORY, or the limit that it breaks.
    """
    limit.check_source(source, limits)
    found = identify(source)
    if found is SourceFormat.WEBP and (canvas := canvas_of(source)):
        limit.check_pixels(canvas, limits)
        limit.check_memory_of(estimate_of_webp(canvas, len(source)), memory_bytes)
    presentation = presentation_of(source) if found in _BOXED else Presentation()
    if found in _BOXED:
        _check_items(found, presentation)
    png = read_png(source) if found is SourceFormat.PNG else None
    jpeg = read_jpeg(source) if found is SourceFormat.JPEG else None
    with _decoder_errors(limits):
        image = open_jpeg(jpeg) if jpeg else _recognized(found, png.body if png else source, limits)
        frames = getattr(image, "n_frames", 1) if found in _ANIMATIONS else 1
        scans = jpeg.scans if jpeg else 1
        held_bytes = bytes_held(png) if png else _held_bytes(image, scans, presentation)
    frames = len(png.animation.frames) if png and png.animation else frames
    stored = Size(*image.size)
    limit.check_header(stored, frames, scans, limits)
    if isinstance(image, GifFile):
        limit.check_pixels(image.largest_frame, limits)
    return OpenedImage(
        format=found,
        size=_within_aperture(stored, presentation) if found is SourceFormat.AVIF else stored,
        stored=stored,
        frames=frames,
        image=image,
        limits=limits,
        source_bytes=len(source),
        held_bytes=held_bytes,
        memory_bytes=memory_bytes,
        presentation=presentation,
        png=png,
        jpeg=jpeg,
        exif=exif_of(source) if found is SourceFormat.JPEG else b"",
    )


def _check_items(found: SourceFormat, presentation: Presentation) -> None:
    """Refuse a file whose picture is not there, or of a compression that its decoder does not know."""
    if presentation.is_animated:
        return
    if presentation.has_sequence and not presentation.has_still:
        raise limit.unsupported("a sequence without a picture to show first")
    if unread := presentation.item_types - _ITEM_TYPES[found]:
        name = min(unread)
        kind = f"of type {name.decode()}" if name.isalnum() else "of an unknown type"
        raise limit.unsupported(f"a picture {kind} in {found.upper()}")


def _recognized(found: SourceFormat, source: bytes, limits: Limits) -> Image.Image:
    """Let a decoder read the header: AVIF's and HEIC's whatever their brands, of which browsers know more."""
    match found:
        case SourceFormat.AVIF:
            return AvifImagePlugin.AvifImageFile(BytesIO(mended(source)))
        case SourceFormat.BMP:
            return BitmapFile(BytesIO(source))
        case SourceFormat.GIF:
            return GifFile(BytesIO(source), limits.frames)
        case SourceFormat.HEIC:
            image: Image.Image = pi_heif.HeifImageFile(BytesIO(source))
            return image
        case SourceFormat.TIFF:
            return TiffFile(source)
    return Image.open(BytesIO(source), formats=[found.decoder])


def _within_aperture(stored: Size, presentation: Presentation) -> Size:
    return presentation.aperture.size_in(stored) if presentation.aperture else stored


def check_memory(opened: OpenedImage, film: Size, frames: int = 1, outputs: Iterable[OutputSize] = ()) -> None:
    """Hold what decoding and rendering take against what there is.

    So many frames are decoded, each is shrunk to `film` and printed.

    Raises:
        ImageRejectedError: OUT_OF_MEMORY.
    """
    limit.check_memory_of(estimate(header_of(opened), film, frames, outputs), opened.memory_bytes)


def decode(opened: OpenedImage, frames: int) -> Iterator[Frame]:
    """Decode so many frames, one after the other.

    Each is the whole picture, valid until the next is asked for.

    Raises:
        ImageRejectedError: CORRUPT or OUT_OF_MEMORY.
    """
    if opened.png:
        yield from _decode_png(opened, opened.png, frames)
        return
    if opened.jpeg and not opened.jpeg.has_end:
        check_blocks(opened.jpeg, opened.limits)
    image = opened.image
    canvas = opened.size if opened.format is SourceFormat.AVIF else None
    for index in range(frames):
        with _decoder_errors(opened.limits, has_layers=opened.presentation.has_layers):
            if index > 0:  # not for the first: a HEIC begins at its primary image, wherever that is
                image.seek(index)
            image.load()
            if image.mode == "P" and image.palette is None:  # Pillow trips over it later
                raise SyntaxError("a picture by palette without a palette")
        whole = image if canvas in (None, image.size) else image.crop((0, 0, *canvas))  # its clean aperture
        yield Frame(_grey(whole) if opened.is_grey else whole, round(image.info.get("duration", 0)))
    image.close()  # the source's pixels are the most memory of all: not while encoding


def check_blocks(jpeg: Jpeg, limits: Limits) -> None:
    """Decode a JPEG for nothing but to see that it has every block.

    Raises:
        ImageRejectedError: CORRUPT.
    """
    with _decoder_errors(limits):
        check_every_block(jpeg)


def _decode_png(opened: OpenedImage, png: Png, frames: int) -> Iterator[Frame]:
    if png.animation is None:
        with _decoder_errors(opened.limits):
            picture = first_frame(png, opened.image)
        yield Frame(picture, 0)
        opened.image.close()
        return
    pictures = frames_of(png, png.animation)
    for frame in png.animation.frames[:frames]:
        with _decoder_errors(opened.limits):
            picture = next(pictures)
        yield Frame(picture, frame.milliseconds)


def _grey(image: Image.Image) -> Image.Image:
    """Take three bands that are alike as one."""
    return Image.merge("LA", (image.getchannel("R"), image.getchannel("A")))


def loop_count_of(opened: OpenedImage) -> int:
    """Say how often an animation plays; 0 is for ever."""
    if opened.png:
        return opened.png.animation.loop_count if opened.png.animation else 0
    loop_count = (
        opened.presentation.loop_count if opened.format is SourceFormat.AVIF else opened.image.info.get("loop", 0)
    )
    return min(int(loop_count), _MOST_PLAYS)


def shrink_while_decoding(opened: OpenedImage, needed: Size) -> None:
    """Let a JPEG decoder skip what nobody will see.

    What it gives stays large enough to be scaled from.
    """
    if opened.format is SourceFormat.JPEG:
        with _decoder_errors(opened.limits):
            opened.image.draft(None, (ceil(needed.width * ENOUGH), ceil(needed.height * ENOUGH)))


def turn_of(opened: OpenedImage) -> Image.Transpose | None:
    """Say how to turn what is decoded into what is displayed."""
    return _TURNS.get(stored_orientation(opened))


def stored_orientation(opened: OpenedImage) -> int:
    """Read how to turn what is decoded into what is displayed, as EXIF counts.

    HEIC's decoder turns by itself, and no browser turns a WebP; AVIF's tells its container's turn as if it were EXIF's.
    A broken EXIF block turns nothing: it never costs a good image.
    """
    if opened.format in (SourceFormat.HEIC, SourceFormat.WEBP):
        return 1
    if opened.format is SourceFormat.TIFF:
        return int(opened.image.info["orientation"])
    if opened.format is SourceFormat.JPEG:
        return orientation_of(opened.exif)
    return orientation_of(opened.png.exif if opened.png else opened.image.info.get("exif", b""))


def header_of(opened: OpenedImage) -> ImageHeader:
    """Describe what the header tells of an image to `resize.imaging.pillow.memory`."""
    return ImageHeader(
        format=opened.format,
        stored=opened.stored,
        decoded=Size(*opened.image.size),
        mode=opened.image.mode,
        has_transparent_color="transparency" in opened.image.info,
        source_bytes=opened.source_bytes,
        held=opened.held_bytes,
    )


def _held_bytes(image: Image.Image, scans: int, presentation: Presentation) -> int:
    """Say what the decoder keeps beside pixels: a JPEG of several scans its coefficients.

    AVIF's keeps what it decoded, and of a sequence as many frames as others may be made of (AV1, 7.20: eight).
    """
    pixels = image.width * image.height
    if isinstance(image, GifFile):
        return image.bytes_beside_screen
    if isinstance(image, BitmapFile):
        return pixels * image.bytes_beside_each_pixel
    if isinstance(image, JpegImagePlugin.JpegImageFile) and scans > 1:
        areas = [across * down for _, across, down, _ in image.layer]
        return 2 * pixels * sum(areas) // max(areas)
    if presentation.samples:
        opacity = presentation.samples.depth_bytes if image.mode == "RGBA" else 0
        coded = presentation.samples.bytes_of_pixel + opacity
        return round(pixels * coded * (_FRAMES_HELD if presentation.is_animated else 1))
    return image.held_bytes if isinstance(image, TiffFile) else 0


@contextmanager
def _decoder_errors(limits: Limits, *, has_layers: bool = False) -> Iterator[None]:
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
        if has_layers and _NO_PICTURE in str(error):
            raise limit.unsupported("a HEIC of several layers") from error
        raise _rejection(error, limits) from error
    finally:
        Image.MAX_IMAGE_PIXELS = usual


def _rejection(error: Exception, limits: Limits) -> ImageRejectedError:
    message = str(error).strip()
    if (unread := next((what for said, what in _NOT_READ.items() if said in message.lower()), None)) is not None:
        return limit.unsupported(unread)
    if isinstance(error, (Image.DecompressionBombError, Image.DecompressionBombWarning)):
        return limit.too_many_pixels(limits)
    if isinstance(error, MemoryError) or any(said in message.lower() for said in _NO_MEMORY):
        return ImageRejectedError(Reason.OUT_OF_MEMORY, "decoding it takes more memory than there is")
    if isinstance(error, UnidentifiedImageError):
        return ImageRejectedError(Reason.CORRUPT, "its header makes no sense")
    return limit.corrupt(message, error)
