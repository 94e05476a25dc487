"""Decode BMP's run lengths: RLE8, RLE4 and RLE24."""

import re
from operator import mul

from contract.errors import Reason
from resize.errors import ImageRejectedError
from resize.imaging.formats.bmp import Bitmap, Packing

_END_OF_ROW, _END_OF_BITMAP, _DELTA = range(3)

# Counts that are no escapes, and what is repeated: by bytes of it. Not all at once, so that it takes little memory.
_REPEATED = {1: re.compile(rb"(?s:[^\0].){1,2048}"), 3: re.compile(rb"(?s:[^\0]...){1,2048}")}

# Turns the digits of bytes.hex() into numbers: two pixels of each byte.
_NIBBLES = bytes.maketrans(b"0123456789abcdef", bytes(range(16)))


def unpacked(bitmap: Bitmap, source: bytes) -> bytearray:
    """Unpack run lengths, in the file's order of rows.

    A byte (an index) or three (blue, green, red) of each pixel. As in Chromium 156 what is skipped is black, and what
    does not fit into its row is cut off. Each code takes at least two bytes of the file and a few steps: the time is
    linear in its length.

    Raises:
        ImageRejectedError: CORRUPT where the file ends before its last row does.
    """
    width, height = bitmap.size
    pixel_bytes = 3 if bitmap.packing is Packing.RLE24 else 1
    canvas = bytearray(_black(bitmap)) * (width * height)
    at, row, column = bitmap.pixels_at, 0, 0
    while at + 1 < len(source) and row < height:
        count, code = source[at], source[at + 1]
        if count == 0 and code == _END_OF_BITMAP:
            return canvas
        if count == 0 and code == _END_OF_ROW:
            at, row, column = at + 2, row + 1, 0
            continue
        if count == 0 and code == _DELTA:
            across, down = source[at + 2 : at + 4].ljust(2, b"\0")
            at, row, column = at + 4, row + down, min(column + across, width)
            continue
        pixels, at = (_repeated if count else _listed)(bitmap.packing, pixel_bytes, source, at)
        start, length = (row * width + column) * pixel_bytes, min(len(pixels), (width - column) * pixel_bytes)
        canvas[start : start + length] = pixels[:length]
        column += length // pixel_bytes
    if row * width + column < width * height or at > len(source) + 1:  # a byte of padding may be missing
        raise ImageRejectedError(Reason.CORRUPT, "it ends before its last row does")
    return canvas


def _repeated(packing: Packing, pixel_bytes: int, source: bytes, at: int) -> tuple[bytes, int]:
    """Repeat pixels as often as told, up to the next escape, and say where that is."""
    found = _REPEATED[pixel_bytes].match(source, at)
    if found is None:
        return b"", len(source)
    codes, step = found[0], 1 + pixel_bytes
    if packing is Packing.RLE4:
        pairs = [_nibbles(codes[n + 1 : n + 2] * (codes[n] // 2 + 1))[: codes[n]] for n in range(0, len(codes), step)]
        return b"".join(pairs), found.end()
    pixels = [codes[n : n + pixel_bytes] for n in range(1, len(codes), step)]
    return b"".join(map(mul, pixels, codes[::step])), found.end()


def _listed(packing: Packing, pixel_bytes: int, source: bytes, at: int) -> tuple[bytes, int]:
    """Read as many pixels as the escape tells, and say where they end: at an even number of bytes."""
    count = source[at + 1]
    length = (count + 1) // 2 if packing is Packing.RLE4 else count * pixel_bytes
    pixels = source[at + 2 : at + 2 + length]
    if packing is Packing.RLE4:
        pixels = _nibbles(pixels)[:count]
    return pixels, at + 2 + length + length % 2


def _nibbles(packed: bytes) -> bytes:
    return packed.hex().encode().translate(_NIBBLES)


def _black(bitmap: Bitmap) -> bytes:
    """Find black: there is none only among 256 colors without it."""
    palette = bitmap.palette
    if palette is None:
        return bytes(3)
    return bytes((min(range(len(palette) // 3), key=lambda index: sum(palette[3 * index : 3 * index + 3])),))
