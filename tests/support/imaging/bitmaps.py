"""Builds BMP files of every kind: headers, masks, palettes and run lengths as a test gives them."""

import struct
from collections.abc import Sequence

PLAIN, RLE8, RLE4, MASKS, RLE24, ALPHA_MASKS = 0, 1, 2, 3, 4, 6

USUAL_MASKS = (0xFF0000, 0xFF00, 0xFF)

_MASKS_AT = 40


def bmp(
    size: tuple[int, int],
    bits: int,
    pixels: bytes,
    *,
    packing: int = PLAIN,
    header: int = 40,
    masks: Sequence[int] = (),
    palette: Sequence[tuple[int, int, int]] = (),
    colors: int = 0,
    profile: bytes = b"",
) -> bytes:
    """A BMP with a header of so many bytes; masks lie in it if it has a place for them, and behind it if not.

    `palette` is red, green and blue of each color, `colors` how many the header claims. A height below 0 is a file
    whose first row is the top one.
    """
    fields = struct.pack("<IiiHHIIiiII", header, *size, 1, bits, packing, len(pixels), 0, 0, colors, 0)
    told = struct.pack(f"<{len(masks)}I", *masks)
    head = (fields + told if header > _MASKS_AT else fields)[:header].ljust(header, b"\0")
    tables = (b"" if header > _MASKS_AT else told) + b"".join(bytes((b, g, r, 0)) for r, g, b in palette)
    if profile:
        head = (
            head[:56]
            + b"DEBM"
            + head[60:112]
            + struct.pack("<II", header + len(tables) + len(pixels), len(profile))
            + bytes(4)
        )
    start = 14 + len(head) + len(tables)
    return b"BM" + struct.pack("<IHHI", start + len(pixels), 0, 0, start) + head + tables + pixels + profile


def numbers(values: Sequence[int], bits: int) -> bytes:
    """Pixels of 16 or 32 bits."""
    return struct.pack(f"<{len(values)}{'H' if bits == 16 else 'I'}", *values)
