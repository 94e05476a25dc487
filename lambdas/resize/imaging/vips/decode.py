"""Decode with libvips, within the limits; decoder errors become rejections."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from contract.errors import Reason
from resize.errors import ImageRejectedError
from resize.imaging import limits as limit
from resize.imaging.formats.detect import SourceFormat, identify
from resize.imaging.formats.exif import orientation_of
from resize.imaging.formats.jpeg import exif_of
from resize.imaging.formats.jpeg_scans import Jpeg
from resize.imaging.formats.jpeg_scans import read_scans as read_jpeg
from resize.imaging.formats.png import Png, read_png
from resize.imaging.formats.webp import canvas_of
from resize.imaging.geometry import Size
from resize.imaging.limits import Limits
from resize.imaging.pillow.decode import check_blocks
from resize.imaging.pillow.resample import ENOUGH
from resize.imaging.vips import pillow_fallback
from resize.imaging.vips.binding import pyvips
from resize.imaging.vips.memory import ImageHeader
from resize.imaging.vips.opened_image import OpenedImage

# Each is called by its name: libvips never guesses what the bytes are.
LOADERS: dict[SourceFormat, Callable[..., pyvips.Image]] = {
    SourceFormat.JPEG: pyvips.Image.jpegload_source,
    SourceFormat.PNG: pyvips.Image.pngload_source,
    SourceFormat.WEBP: pyvips.Image.webpload_source,
}

# Whose frames are shown one after the other.
_ANIMATIONS = frozenset({SourceFormat.WEBP})

# How libvips says that there is none left; texts of an image may have the second word.
_NO_MEMORY = "out of memory"

# WebP counts in 16 bits.
_MOST_PLAYS = 65_535

# How many times smaller a JPEG decoder can make its picture.
_SHRINKS = (8, 4, 2)

# What a JPEG of several scans keeps of each pixel until its last: coefficients of 2 bytes, of a full or a quarter size.
_BYTES_OF_SCANS = {"4:2:0": 3}
_BYTES_OF_FULL_SCANS = 2


@dataclass(frozen=True, slots=True)
class _Source:
    """A file, and how to decode it."""

    format: SourceFormat
    body: bytes
    fail_on: str = "truncated"

    def load(self, **options: Any) -> pyvips.Image:
        """Begin to decode, from top to bottom as it is asked for, never all at once, and never with a part missing.

        The file is not copied: it must stay for as long as the image does.
        """
        return LOADERS[self.format](
            pyvips.Source.new_from_memory(self.body), access="sequential", fail_on=self.fail_on, **options
        )

    def check_warnings(self) -> None:
        """Fail where warnings do and the last rows gave some: libvips looks for them before it reads rows, not after.

        Raises:
            ImageRejectedError: the decoder has warned.
        """
        warned = pyvips.ffi.string(pyvips.vips_lib.vips_error_buffer()).decode(errors="replace")
        if self.fail_on == "warning" and warned:
            with decoder_errors():
                raise pyvips.Error("the decoder warned", warned)


def open_image(source: bytes, limits: Limits) -> OpenedImage:
    """Read an image's header and hold it against the limits.

    No pixel is decoded before.

    Raises:
        ImageRejectedError: EMPTY, UNKNOWN_FORMAT, CORRUPT, or the limit that it breaks.
    """
    limit.check_source(source, limits)
    found = identify(source)
    if found not in LOADERS:
        return pillow_fallback.open_image(source, limits)
    if found is SourceFormat.WEBP and (canvas := canvas_of(source)):
        limit.check_pixels(canvas, limits)
    png = read_png(source) if found is SourceFormat.PNG else None
    if png and png.animation:
        return pillow_fallback.open_image(source, limits)
    jpeg = read_jpeg(source) if found is SourceFormat.JPEG else None
    file = _Source(found, png.body if png else source)
    with decoder_errors():
        head = file.load()
    file = replace(file, fail_on="warning") if jpeg else file
    mended: Callable[[], OpenedImage | None] = _not_mended
    if png:
        mended = partial(_mended_png, png, limits)
    elif jpeg:
        mended = partial(_unwarned_jpeg, source, jpeg, limits)
    return replace(_opened(file, head, limits, png, jpeg), mended=mended)


def _opened(
    source: _Source, head: pyvips.Image, limits: Limits, png: Png | None = None, jpeg: Jpeg | None = None
) -> OpenedImage:
    size = Size(head.width, head.height)
    frames = _noted(head, "n-pages", 1) if source.format in _ANIMATIONS else 1
    scans = jpeg.scans if jpeg else 1
    limit.check_header(size, frames, scans, limits)

    def decoded(needed: Size) -> Size:
        shrink = _shrink(head, needed) if source.format is SourceFormat.JPEG else 1
        return Size(-(-size.width // shrink), -(-size.height // shrink))

    def decode(needed: Size, frames: int) -> Iterator[pyvips.Image]:
        with decoder_errors():
            if jpeg:
                jpeg.check_scans()
                pyvips.vips_lib.vips_error_clear()
                yield source.load(shrink=_shrink(head, needed))
            elif frames > 1:
                yield from _cut(source.load(n=frames), head.height, frames)
            else:
                yield head

    return OpenedImage(
        picture=ImageHeader(
            format=source.format,
            stored=size,
            bands=head.bands,
            has_alpha=bool(head.hasalpha()),
            is_deep=head.format != "uchar",
            held=_held_bytes(head, scans) + (png.copied_bytes if png else 0),
        ),
        frames=frames,
        decoded=decoded,
        decode=decode,
        check_warnings=source.check_warnings,
        orientation=orientation_of(_exif_of(source, png)),
        curve=png.colors.curve if png else None,
        profile=png.colors.profile if png else _noted(head, "icc-profile-data", None),
        milliseconds=_noted(head, "delay", (0,)),
        loop_count=min(_noted(head, "loop", 0), _MOST_PLAYS),
    )


def _not_mended() -> None:
    return None


def _unwarned_jpeg(body: bytes, jpeg: Jpeg, limits: Limits) -> OpenedImage:
    """Give a JPEG of which libjpeg warns once more, so that warnings do not matter: if it has every block."""
    check_blocks(jpeg, limits)
    source = _Source(SourceFormat.JPEG, body, fail_on="none")
    with decoder_errors():
        return _opened(source, source.load(), limits, jpeg=jpeg)


def _mended_png(png: Png, limits: Limits) -> OpenedImage | None:
    body = png.mended(png.body)
    if body is None:
        return None
    source = _Source(SourceFormat.PNG, body)
    with decoder_errors():
        return _opened(source, source.load(), limits, replace(png, body=body))


@contextmanager
def decoder_errors() -> Iterator[None]:
    """Let pixels be decoded in here.

    Where libvips fails then, it is at the image's bytes.
    """
    try:
        yield
    except pyvips.Error as error:
        *_, last = (str(error.message), *str(error.detail).strip().splitlines())  # warnings come before the error
        if _NO_MEMORY in last:
            raise ImageRejectedError(Reason.OUT_OF_MEMORY, "decoding it takes more memory than there is") from error
        raise limit.corrupt(last, error) from error


def _cut(chosen: pyvips.Image, height: int, frames: int) -> Iterator[pyvips.Image]:
    return (chosen.crop(0, index * height, chosen.width, height) for index in range(frames))


def _shrink(head: pyvips.Image, needed: Size) -> int:
    """Let a JPEG decoder skip what nobody will see, while what it gives stays large enough to be scaled from."""
    spare = min(head.width / needed.width, head.height / needed.height) / ENOUGH
    return next((shrink for shrink in _SHRINKS if shrink <= spare), 1)


def _held_bytes(head: pyvips.Image, scans: int) -> int:
    pixels, bands = int(head.width * head.height), int(head.bands)
    if scans > 1:
        full = _BYTES_OF_FULL_SCANS * bands
        return pixels * _BYTES_OF_SCANS.get(_noted(head, "jpeg-chroma-subsample", ""), full)
    if _noted(head, "interlaced", 0):
        return pixels * bands * (1 if head.format == "uchar" else 2)
    return 0


def _exif_of(source: _Source, png: Png | None) -> bytes:
    """Find the EXIF block that says how a picture is turned; no browser turns a WebP, nor is a GIF ever turned."""
    if png:
        return png.exif
    return exif_of(source.body) if source.format is SourceFormat.JPEG else b""


def _noted(head: pyvips.Image, name: str, otherwise: Any) -> Any:
    """Read what a decoder noted of an image beside its pixels."""
    return head.get(name) if head.get_typeof(name) else otherwise
