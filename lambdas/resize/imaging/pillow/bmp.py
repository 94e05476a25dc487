"""BMP decoder for Pillow: all masks and run lengths."""

from typing import Any

from PIL import Image, ImageChops, ImageFile, ImagePalette

from resize.imaging.formats.bmp import Bitmap, bitmap_of
from resize.imaging.formats.bmp_runs import unpacked
from resize.imaging.geometry import Size

# How many pixels are sorted by masks at once, so that it takes little beside the picture.
_PIXELS_AT_ONCE = 1 << 18

_BYTE = 255
_BITS_OF_BYTE = 8
_GREYS = bytes(level for level in range(256) for _ in range(3))

# What Pillow calls the packings that it unpacks by itself, by bits and masks of red, green, blue and opacity.
_RAW_MODES = {
    (16, (0x7C00, 0x3E0, 0x1F, 0)): "BGR;15",
    (16, (0xF800, 0x7E0, 0x1F, 0)): "BGR;16",
    (24, (0xFF0000, 0xFF00, 0xFF, 0)): "BGR",
    (32, (0xFF0000, 0xFF00, 0xFF, 0)): "BGRX",
    (32, (0xFF0000, 0xFF00, 0xFF, 0xFF000000)): "BGRA",
    (32, (0xFF, 0xFF00, 0xFF0000, 0xFF000000)): "RGBA",
}


class BitmapFile(ImageFile.ImageFile):
    """A BMP whose header is read; its pixels wait for `load`."""

    format = "BMP"
    format_description = "Windows and OS/2 bitmap"

    bitmap: Bitmap
    _source: bytes

    @property
    def bytes_beside_each_pixel(self) -> int:
        """What decoding takes beside the picture: run lengths are unpacked first."""
        if not self.bitmap.has_run_lengths:
            return 0
        return 1 if self.bitmap.palette else 3

    def load(self) -> Any:
        """Decode, once."""
        if self._source:
            picture = _decoded(self.bitmap, self._source)
            self.im, self.palette = picture.im, picture.palette
            self._source = b""
        return super().load()

    def _open(self) -> None:
        self._source = self.fp.read() if self.fp else b""
        self.bitmap = bitmap_of(self._source)
        self._size, self._mode = self.bitmap.size, _mode_of(self.bitmap)
        if self._mode == "P":
            self.palette = ImagePalette.ImagePalette("RGB", self.bitmap.palette)
        if self.bitmap.profile:
            self.info["icc_profile"] = self.bitmap.profile


def _mode_of(bitmap: Bitmap) -> str:
    if bitmap.palette is None:
        return "RGBA" if bitmap.masks[-1] else "RGB"
    return "L" if bitmap.bits == _BITS_OF_BYTE and bitmap.palette == _GREYS else "P"


def _decoded(bitmap: Bitmap, source: bytes) -> Image.Image:
    mode, order = _mode_of(bitmap), 1 if bitmap.is_top_down else -1
    raw_mode = mode if bitmap.palette else _RAW_MODES.get((bitmap.bits, bitmap.masks))
    if bitmap.has_run_lengths:
        picture = Image.frombytes(mode, bitmap.size, unpacked(bitmap, source), "raw", raw_mode, 0, order)
    elif raw_mode is None:
        picture = _by_masks(bitmap, source)
    else:
        packed = f"P;{bitmap.bits}" if bitmap.bits < _BITS_OF_BYTE else raw_mode
        pixels = memoryview(source)[bitmap.pixels_at :]
        picture = Image.frombytes(mode, bitmap.size, pixels, "raw", packed, bitmap.row_bytes, order)
    if picture.mode == "P":
        picture.putpalette(bitmap.palette or b"")
    return picture


def _by_masks(bitmap: Bitmap, source: bytes) -> Image.Image:
    width, height = bitmap.size
    picture = Image.new(_mode_of(bitmap), bitmap.size)
    at_once = max(1, _PIXELS_AT_ONCE // width)
    for first in range(0, height, at_once):
        strip = _strip_by_masks(bitmap, source, first, min(at_once, height - first))
        picture.paste(strip, (0, first if bitmap.is_top_down else height - first - strip.height))
    return picture


def _strip_by_masks(bitmap: Bitmap, source: bytes, first: int, rows: int) -> Image.Image:
    """Make a picture of some rows: each of their bytes is a plane, from which bands are put together."""
    start = bitmap.pixels_at + first * bitmap.row_bytes
    pixels = memoryview(source)[start : start + rows * bitmap.row_bytes]
    planes, order = "LA" if bitmap.bits == 2 * _BITS_OF_BYTE else "RGBA", 1 if bitmap.is_top_down else -1
    size = Size(bitmap.size.width, rows)
    split = Image.frombytes(planes, size, pixels, "raw", planes, bitmap.row_bytes, order).split()
    mode = _mode_of(bitmap)
    return Image.merge(mode, [_band(split, mask) for mask in bitmap.masks[: len(mode)]])


def _band(planes: tuple[Image.Image, ...], mask: int) -> Image.Image:
    """Read the numbers under a mask as 0 to 255: the upper eight bits count, which lie in two planes at most."""
    shift = max((mask & -mask).bit_length() - 1, mask.bit_length() - _BITS_OF_BYTE, 0)
    most = mask >> shift
    plane, offset = divmod(shift, _BITS_OF_BYTE)
    band = planes[plane].point([byte >> offset & most for byte in range(256)])
    if most.bit_length() + offset > _BITS_OF_BYTE:
        upper = planes[plane + 1].point([byte << _BITS_OF_BYTE - offset & most for byte in range(256)])
        band = ImageChops.add(band, upper)
    return band if most in (0, _BYTE) else band.point([round(min(n, most) * _BYTE / most) for n in range(256)])
