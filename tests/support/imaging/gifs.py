"""Builds GIF files block by block, so that a test may say what no encoder writes."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

Color = tuple[int, int, int]

COLORS: tuple[Color, ...] = ((255, 0, 0), (0, 0, 255), (0, 255, 0), (255, 255, 255))
RED, BLUE, LIME, WHITE = range(4)
KEEP, CLEAR, RESTORE = 1, 2, 3


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One frame: a rectangle of palette indices, one for all its pixels or one for each."""

    box: tuple[int, int, int, int]  # left, top, width, height
    indices: int | Sequence[int] = RED
    disposal: int = KEEP
    hundredths: int = 10
    transparent: int | None = None
    palette: Sequence[Color] = ()
    is_interlaced: bool = False
    has_control: bool = True
    code_bits: int = 2
    is_ended: bool = True  # whether an end code follows the pixels


def gif(
    size: tuple[int, int],
    *pictures: Picture,
    palette: Sequence[Color] = COLORS,
    loops: Sequence[int] = (),
    end: bytes = b";",
) -> bytes:
    """A GIF of a screen, a palette and frames; `loops` are its NETSCAPE counts."""
    out = b"GIF89a" + struct.pack("<HHBBB", *size, _flags(palette), 0, 0) + _table(palette)
    for count in loops:
        out += b"!\xff\x0bNETSCAPE2.0\x03\x01" + struct.pack("<HB", count, 0)
    return out + b"".join(map(_blocks, pictures)) + end


def _blocks(picture: Picture) -> bytes:
    _, _, width, height = picture.box
    indices = [picture.indices] * (width * height) if isinstance(picture.indices, int) else picture.indices
    is_keyed = picture.transparent is not None
    control = struct.pack("<BHBB", picture.disposal << 2 | is_keyed, picture.hundredths, picture.transparent or 0, 0)
    head = b"!\xf9\x04" + control if picture.has_control else b""
    head += b"," + struct.pack("<4HB", *picture.box, _flags(picture.palette) | picture.is_interlaced << 6)
    return head + _table(picture.palette) + _lzw(indices, picture.code_bits, is_ended=picture.is_ended)


def _flags(palette: Sequence[Color]) -> int:
    return 0x80 | max(0, (len(palette) - 1).bit_length() - 1) if palette else 0


def _table(palette: Sequence[Color]) -> bytes:
    if not palette:
        return b""
    return b"".join(map(bytes, palette)).ljust(3 * (2 << (_flags(palette) & 7)), b"\0")


def _lzw(indices: Sequence[int], bits: int, *, is_ended: bool) -> bytes:
    """Codes of one width, with the table cleared before it would grow."""
    clear = 1 << bits
    codes: list[int] = []
    for at, index in enumerate(indices):
        codes += [clear] * (at % (clear - 2) == 0) + [index]
    codes += [clear + 1] if is_ended else []
    number, length = 0, 0
    for code in codes:
        number, length = number | code << length, length + bits + 1
    body = number.to_bytes((length + 7) // 8, "little")
    parts = [body[at : at + 255] for at in range(0, len(body), 255)]
    return bytes((bits,)) + b"".join(bytes((len(part),)) + part for part in parts) + b"\0"
