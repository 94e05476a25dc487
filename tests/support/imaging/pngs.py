"""Builders of PNG files, chunk by chunk: what no encoder writes, and what only some do."""

import struct
import zlib
from collections.abc import Sequence

SIGNATURE = b"\x89PNG\r\n\x1a\n"
END = (b"IEND", b"")

GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6

# x and y of white, red, green, blue.
SRGB_POINTS = (0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
P3_POINTS = (0.3127, 0.3290, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06)


def chunk(kind: bytes, body: bytes, checksum: int | None = None) -> bytes:
    """A chunk, its checksum right unless told otherwise."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum or zlib.crc32(kind + body))


def header(width: int, height: int, color_type: int = RGB, bits: int = 8, *, interlaced: bool = False) -> bytes:
    """The first chunk."""
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, color_type, 0, 0, interlaced))


def pixels(rows: Sequence[bytes]) -> bytes:
    """What a chunk of pixels holds: rows without a filter, deflated."""
    return zlib.compress(b"".join(b"\0" + row for row in rows))


def png(
    rows: Sequence[bytes],
    width: int,
    *before: tuple[bytes, bytes],
    color_type: int = RGB,
    bits: int = 8,
    after: Sequence[tuple[bytes, bytes]] = (),
) -> bytes:
    """A PNG of these rows, with chunks before and after its pixels."""
    others = [*before, (b"IDAT", pixels(rows)), *after, END]
    return SIGNATURE + header(width, len(rows), color_type, bits) + b"".join(chunk(*one) for one in others)


def flat(pixel: bytes, *before: tuple[bytes, bytes], color_type: int = RGB, bits: int = 8) -> bytes:
    """8 x 8 pixels of one color."""
    return png([pixel * 8] * 8, 8, *before, color_type=color_type, bits=bits)


def gamma(value: int) -> tuple[bytes, bytes]:
    """A gamma: 100000 is linear light, 45455 a usual display's."""
    return b"gAMA", struct.pack(">I", value)


def points(*values: float) -> tuple[bytes, bytes]:
    """White, red, green and blue by x and y."""
    return b"cHRM", struct.pack(">8I", *(round(value * 100_000) for value in values))


def code_points(primaries: int, transfer: int, matrix: int = 0, full_range: int = 1) -> tuple[bytes, bytes]:
    """Colors by ITU-T H.273."""
    return b"cICP", bytes((primaries, transfer, matrix, full_range))


def cd_m2(kind: bytes, brightest: float) -> tuple[bytes, bytes]:
    """How bright a picture gets (cLLI), or what it was mastered on (mDCV)."""
    counted = round(brightest * 10_000)
    return kind, struct.pack(">II", counted, 0) if kind == b"cLLI" else bytes(16) + struct.pack(">II", counted, 0)


def embedded(profile: bytes, name: bytes = b"test", method: int = 0) -> tuple[bytes, bytes]:
    """An ICC profile."""
    return b"iCCP", name + b"\0" + bytes([method]) + zlib.compress(profile)


def orientation(value: int) -> tuple[bytes, bytes]:
    """EXIF that tells how to turn."""
    return b"eXIf", struct.pack(">2sHIHHHIHHI", b"MM", 42, 8, 1, 0x112, 3, 1, value, 0, 0)


def account(frames: int, plays: int = 0) -> bytes:
    """What an animated PNG says that it holds."""
    return chunk(b"acTL", struct.pack(">II", frames, plays))


def control(
    sequence: int,
    width: int = 8,
    height: int = 8,
    left: int = 0,
    top: int = 0,
    *,
    delay: tuple[int, int] = (10, 100),
    disposal: int = 0,
    blend: int = 0,
) -> bytes:
    """What begins a frame: whole, of a tenth of a second, unless told otherwise."""
    return chunk(b"fcTL", struct.pack(">IIIIIHHBB", sequence, width, height, left, top, *delay, disposal, blend))


def frame(sequence: int, pixel: bytes, width: int = 8, height: int = 8) -> bytes:
    """The pixels of a frame that is not the still."""
    return chunk(b"fdAT", struct.pack(">I", sequence) + pixels([pixel * width] * height))


def still(pixel: bytes) -> bytes:
    """The pixels of the still, 8 x 8."""
    return chunk(b"IDAT", pixels([pixel * 8] * 8))


def animated(*parts: bytes, color_type: int = RGB) -> bytes:
    """An animated PNG of 8 x 8 pixels."""
    return SIGNATURE + header(8, 8, color_type) + b"".join(parts) + chunk(*END)
