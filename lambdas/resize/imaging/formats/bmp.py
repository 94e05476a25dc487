"""Parse a BMP's header.

Microsoft's "Bitmap Header Types", OS/2's BITMAPINFOHEADER2; where they leave something open, what Chromium 156 does.
"""

from dataclasses import dataclass
from enum import IntEnum
from itertools import chain

from contract.errors import Reason
from resize.errors import ImageRejectedError
from resize.imaging.geometry import Size
from resize.imaging.limits import unsupported

_FILE_HEADER_BYTES = 14
_CORE_BYTES = 12
_V4_BYTES, _V5_BYTES = 108, 124
# Where masks lie in the header: from its second version on for colors, from its third for opacity.
_WITH_MASKS = frozenset({52, 56, _V4_BYTES, _V5_BYTES})
_WITH_OPACITY = _WITH_MASKS - {52}
# OS/2 cuts its header where nothing else is to be said.
_HEADER_BYTES = _WITH_MASKS | {_CORE_BYTES, 42, 46, *range(16, 65, 4)}
_MASKS_AT = 40

_EMBEDDED_PROFILE = b"DEBM"
_PALETTE_BYTES = 3 * 256


class Packing(IntEnum):
    """How pixels are packed: `biCompression`, with OS/2's own meaning of 4 as RLE24."""

    PLAIN = 0
    RLE8 = 1
    RLE4 = 2
    MASKS = 3
    RLE24 = 4
    ALPHA_MASKS = 6


_BITS_OF_PACKING = {
    Packing.PLAIN: {1, 2, 4, 8, 16, 24, 32},
    Packing.RLE8: {8},
    Packing.RLE4: {4},
    Packing.MASKS: {16, 32},
    Packing.RLE24: {24},
    Packing.ALPHA_MASKS: {16, 32},
}
_CORE_BITS = frozenset({1, 4, 8, 24})
_KNOWN_BITS = frozenset({0, 1, 2, 4, 8, 16, 24, 32, 48, 64})

_USUAL_MASKS = {16: (0x7C00, 0x3E0, 0x1F), 24: (0xFF0000, 0xFF00, 0xFF), 32: (0xFF0000, 0xFF00, 0xFF)}
_USUAL_OPACITY = 0xFF000000


@dataclass(frozen=True, slots=True, kw_only=True)
class Bitmap:
    """What the header of a BMP says.

    `palette` is red, green and blue of 256 colors, black for those that the file leaves out; None from 16 bits on.
    `masks` are those of red, green, blue and opacity, 0 where there is none, and below 16 bits. `pixels_at` is where
    pixels begin in the file. `profile` is the embedded ICC profile.
    """

    size: Size
    is_top_down: bool
    bits: int
    packing: Packing
    palette: bytes | None
    masks: tuple[int, int, int, int]
    pixels_at: int
    profile: bytes | None

    @property
    def row_bytes(self) -> int:
        """Bytes of a row without run lengths: a multiple of four."""
        return (self.size.width * self.bits + 31) // 32 * 4

    @property
    def has_run_lengths(self) -> bool:
        """Whether pixels are packed as runs."""
        return self.packing in (Packing.RLE8, Packing.RLE4, Packing.RLE24)


@dataclass(frozen=True, slots=True)
class _Header:
    """The bytes of a file; its header is read by offset, and counts as 0 beyond its end."""

    source: bytes

    @property
    def length(self) -> int:
        return int.from_bytes(self.source[_FILE_HEADER_BYTES : _FILE_HEADER_BYTES + 4], "little")

    @property
    def end(self) -> int:
        return _FILE_HEADER_BYTES + self.length

    @property
    def is_core(self) -> bool:
        return self.length == _CORE_BYTES

    def number(self, at: int, width: int = 4, *, signed: bool = False) -> int:
        start = _FILE_HEADER_BYTES + at
        return int.from_bytes(self.source[start : min(start + width, self.end)], "little", signed=signed)


def is_bitmap(source: bytes) -> bool:
    """Tell by a header of a known length: "BM" alone begins much that is no image."""
    return source[:2] == b"BM" and _Header(source).length in _HEADER_BYTES


def bitmap_of(source: bytes) -> Bitmap:
    """Read the header of a BMP.

    Raises:
        ImageRejectedError: CORRUPT where it makes no sense, UNSUPPORTED where browsers do not read what it tells.
    """
    header = _Header(source)
    if len(source) < header.end:
        raise _nonsense("it is truncated")
    size, is_top_down = _size_of(header)
    bits, packing = _packing_of(header)
    palette, tables_end = (None, header.end) if bits in _USUAL_MASKS else _palette_of(header, bits)
    pixels_at = int.from_bytes(source[10:14], "little")
    if 0 < pixels_at < header.end:
        raise _nonsense("pixels begin inside of it")
    return Bitmap(
        size=size,
        is_top_down=is_top_down,
        bits=bits,
        packing=packing,
        palette=palette,
        masks=(0, 0, 0, 0) if palette else _masks_of(header, bits, packing),
        pixels_at=pixels_at or tables_end,
        profile=_profile_of(header),
    )


def _size_of(header: _Header) -> tuple[Size, bool]:
    if header.is_core:
        width, height = header.number(4, 2), header.number(6, 2)
    else:
        width, height = header.number(4, signed=True), header.number(8, signed=True)
    if width <= 0 or height == 0:
        raise _nonsense(f"it is {width} pixels wide and {height} high")
    return Size(width, abs(height)), height < 0


def _packing_of(header: _Header) -> tuple[int, Packing]:
    bits, code = (header.number(10, 2), 0) if header.is_core else (header.number(14, 2), header.number(16))
    if bits not in _KNOWN_BITS:
        raise _nonsense(f"a pixel has {bits} bits")
    is_os2 = header.length not in _WITH_MASKS | {_MASKS_AT}
    is_read = code in list(Packing) and bits in _BITS_OF_PACKING[Packing(code)]
    if not is_read or (header.is_core and bits not in _CORE_BITS) or (code == Packing.RLE24 and not is_os2):
        raise unsupported(f"a BMP of {bits} bits and compression {code}")
    return bits, Packing(code)


def _palette_of(header: _Header, bits: int) -> tuple[bytes, int]:
    """Read the palette, and where it ends: it may claim to be larger than its bits can tell."""
    width, most = 3 if header.is_core else 4, 1 << bits
    claimed = 0 if header.is_core else header.number(32)
    end = header.end + width * min(claimed or most, most)
    table = header.source[header.end : end]
    whole = len(table) // width * width
    colors = zip(table[2:whole:width], table[1:whole:width], table[0:whole:width], strict=True)
    return bytes(chain.from_iterable(colors)).ljust(_PALETTE_BYTES, b"\0"), end


def _masks_of(header: _Header, bits: int, packing: Packing) -> tuple[int, int, int, int]:
    """Read the masks from the header, or from behind one without a place for them."""
    if packing not in (Packing.MASKS, Packing.ALPHA_MASKS):
        is_opaque = bits != 32 or header.length < _V4_BYTES or header.number(52) == 0  # noqa: PLR2004 - bits
        red, green, blue = _USUAL_MASKS[bits]
        return red, green, blue, 0 if is_opaque else _USUAL_OPACITY
    at = _FILE_HEADER_BYTES + _MASKS_AT if header.length in _WITH_MASKS else header.end
    has_opacity = header.length in _WITH_OPACITY or packing is Packing.ALPHA_MASKS
    red, green, blue, opacity = (int.from_bytes(header.source[at + n : at + n + 4], "little") for n in (0, 4, 8, 12))
    masks = (red, green, blue, opacity if has_opacity else 0)
    for mask in filter(None, masks):
        run = mask // (mask & -mask)
        if run & (run + 1) or mask >> bits:
            raise _nonsense(f"{mask:#x} is no mask of neighboring bits among {bits}")
    return masks


def _profile_of(header: _Header) -> bytes | None:
    """Read an embedded ICC profile: one outside of the file counts as none, as does a link to one."""
    if header.length != _V5_BYTES or header.source[70:74] != _EMBEDDED_PROFILE:
        return None
    at, length = _FILE_HEADER_BYTES + header.number(112), header.number(116)
    return header.source[at : at + length] if at + length <= len(header.source) else None


def _nonsense(what: str) -> ImageRejectedError:
    return ImageRejectedError(Reason.CORRUPT, f"its header makes no sense: {what}")
