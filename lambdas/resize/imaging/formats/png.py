"""Parse a PNG, and repair its chunks for any decoder.

Decoders differ in what they forgive, and some read every text before they show a pixel. So they are given the chunks
that make pixels, and nothing that could hurt. Sections are those of the PNG specification, third edition.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain

from contract.errors import Reason
from resize.errors import ImageRejectedError
from resize.imaging.formats.png_animation import PngAnimation, PngFrame, png_animation_of
from resize.imaging.formats.png_chunks import END_CHUNK, SIGNATURE, Chunk, chunks_of, written
from resize.imaging.formats.png_color import Colors, colors_of
from resize.imaging.geometry import Size
from resize.imaging.limits import unsupported

# Depths by color type (11.2.1).
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
GREY, _RGB, _PALETTE, GREY_WITH_OPACITY, _RGBA = 0, 2, 3, 4, 6
_KEY_SAMPLES = {GREY: 1, _RGB: 3}
_SAMPLES = {GREY: 1, _RGB: 3, _PALETTE: 1, GREY_WITH_OPACITY: 2, _RGBA: 4}
_HEADER = struct.Struct(">IIBBBBB")
_LONGEST_SIDE = 2**31 - 1
_DEEP = 16
_SIZE_AT = 16
_BLOCK = 1_000_000
_FULL_WINDOW = b"\x78\x01"
_DICTIONARY = 0x20
_DEFLATE = 8

# Where each pass of an interlaced picture begins, and how far its pixels are from each other (8.2).
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_AFTER_HEADER = 33
_MOST_COLORS = 256
_OPAQUE = b"\xff"

# Ancillary chunks that cost no decoder anything, if they are as long as that: a file without others is given to it as
# it is.
_HARMLESS = {b"sRGB": 1, b"gAMA": 4, b"cHRM": 32, b"pHYs": 9, b"tIME": 7}
# What comes before the header of a file that no browser shows: its pixels have no zlib header, and blue comes first.
_OF_APPLE = b"CgBI"

_READ = frozenset({b"sRGB", b"gAMA", b"cHRM", b"iCCP", b"cICP", b"cLLI", b"mDCV", b"eXIf", b"tRNS", b"acTL", b"fcTL"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the first chunk says (11.2.1)."""

    size: Size
    bits: int
    color_type: int
    interlaced: int

    def to_bytes(self) -> bytes:
        """Write it as the chunk has it."""
        return _HEADER.pack(*self.size, self.bits, self.color_type, 0, 0, self.interlaced)


@dataclass(frozen=True, slots=True)
class _Inflated:
    """Pixels that are all there: deflated, the checksum of them inflated, and whether the stream ends with them."""

    deflated: bytes
    checksum: int
    is_whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Png:
    """A file as decoders get it.

    `body` is its still. `key` is the color that stands for transparent where samples have 16 bits: a decoder that
    gives 8 of them cannot tell it. `exif` is that before the pixels, which is what Chromium turns a picture by.
    """

    source: bytes
    header: Header
    shared: bytes  # the chunks between header and pixels: a palette, what is transparent
    body: bytes
    colors: Colors
    exif: bytes
    key: tuple[int, ...] | None
    animation: PngAnimation | None

    @property
    def is_deep(self) -> bool:
        """Whether samples have 16 bits."""
        return self.header.bits == _DEEP

    @property
    def copied_bytes(self) -> int:
        """How many bytes are kept beside the file's own."""
        return 0 if self.body is self.source else len(self.body)

    def has_every_row(self, body: bytes) -> bool:
        """Say whether the pixels reach to the last byte of their size (9.1).

        They are those of a still or of a frame.
        """
        return self._inflated(body) is not None

    def mended(self, body: bytes) -> bytes | None:
        """Write a still or a frame with a right checksum of its inflated pixels.

        None if that is not what it lacks. Chromium does not look at it, and a decoder that does may give up before the
        last row.
        """
        found = self._inflated(body)
        if found is None or not found.is_whole:
            return None
        packed = _FULL_WINDOW + found.deflated + found.checksum.to_bytes(4, "big")
        at = body.index(b"IDAT", _AFTER_HEADER) - 4
        return body[:at] + written(b"IDAT", packed) + END_CHUNK

    def _inflated(self, body: bytes) -> _Inflated | None:
        """Inflate the pixels of a body without looking at their checksum (RFC 1951); None where some are missing."""
        packed = b"".join(chunk.body for chunk in chunks_of(body) if chunk.kind == b"IDAT")[2:]
        missing, checksum = self._inflated_bytes(Size(*struct.unpack_from(">II", body, _SIZE_AT))), 1
        stream, rest = zlib.decompressobj(-zlib.MAX_WBITS), packed
        try:
            while rest and not stream.eof and missing > 0:
                rows = stream.decompress(rest, _BLOCK)
                missing, checksum, rest = missing - len(rows), zlib.adler32(rows, checksum), stream.unconsumed_tail
        except zlib.error:
            return None
        if missing > 0:
            return None
        return _Inflated(packed[: len(packed) - len(stream.unused_data)], checksum, stream.eof)

    def _inflated_bytes(self, size: Size) -> int:
        bits = self.header.bits * _SAMPLES[self.header.color_type]
        passes = _passes(size) if self.header.interlaced else [size]
        return sum(height * (1 + (width * bits + 7) // 8) for width, height in passes if width)

    def with_samples_split(self, body: bytes) -> bytes:
        """Give a body of grey and opacity in 16 bits as one of four bands in 8.

        Each the half of a sample. Filters work on bytes, a pixel's at a time (9.2): of as many as before.
        """
        size = Size(*struct.unpack_from(">II", body, _SIZE_AT))
        header = replace(self.header, size=size, bits=8, color_type=_RGBA)
        return SIGNATURE + written(b"IHDR", header.to_bytes()) + body[_AFTER_HEADER:]

    def body_of(self, frame: PngFrame) -> bytes:
        """Give a frame as a file of its own."""
        if frame.is_still:
            return self.body
        header = replace(self.header, size=frame.size)
        return _file(header, self.shared, written(b"IDAT", frame.data(self.source)))


def read_png(source: bytes) -> Png:
    """Read a PNG in one pass.

    It is written anew where decoders could stumble, its pixels as they are. What describes is skipped where it is
    broken, in length, checksum or content; text is never read.

    Raises:
        ImageRejectedError: CORRUPT, or UNSUPPORTED for what only Apple's tools read.
    """
    chunks = chunks_of(source)
    header = _header(next(chunks, None))
    found, first, is_harmless = _description(header, chunks)
    end, after = _pixels(first, chunks)
    shown, shared, key = _alike(header, found)
    is_fit = is_harmless and shown is header and shared == _shared(found)
    is_fit = is_fit and source.startswith(END_CHUNK, end) and not _is_narrow(first)
    return Png(
        source=source,
        header=shown,
        shared=shared,
        body=source if is_fit else _file(shown, shared, _run(first, end)),
        colors=colors_of(found),
        exif=b"" if found.get(b"eXIf", b"").startswith(b"Exif") else found.get(b"eXIf", b""),
        key=key,
        animation=_animation(header, found, chain(after, chunks)),
    )


def _header(chunk: Chunk | None) -> Header:
    if chunk is not None and chunk.kind == _OF_APPLE:
        raise unsupported("a PNG that Xcode has written for iOS")
    if chunk is None or chunk.kind != b"IHDR" or not chunk.is_whole or len(chunk.body) != _HEADER.size:
        raise _corrupt("its header makes no sense")
    width, height, bits, color_type, packing, filters, interlaced = _HEADER.unpack(chunk.body)
    has_size = 0 < width <= _LONGEST_SIDE and 0 < height <= _LONGEST_SIDE
    if not has_size or bits not in _DEPTHS.get(color_type, ()) or packing or filters or interlaced > 1:
        raise _corrupt("its header makes no sense")
    return Header(size=Size(width, height), bits=bits, color_type=color_type, interlaced=interlaced)


def _description(header: Header, chunks: Iterator[Chunk]) -> tuple[dict[bytes, bytes], Chunk, bool]:
    """Read up to the pixels: the first chunk of each type, the first of pixels, and whether all are harmless."""
    found: dict[bytes, bytes] = {}
    is_harmless = True
    for chunk in chunks:
        if chunk.kind == b"IDAT":
            return found, chunk, is_harmless
        if chunk.is_cut:
            break
        if chunk.is_critical:
            found[b"PLTE"] = _palette(header, chunk, found)
        elif chunk.kind in _READ - found.keys() and not _is_early(header, chunk, found) and chunk.is_whole:
            found[chunk.kind] = chunk.body
            is_harmless &= chunk.kind == b"tRNS" or _is_harmless(chunk)
        else:
            is_harmless &= _is_harmless(chunk) and chunk.is_whole
    raise _corrupt("it ends before its pixels do")


def _is_early(header: Header, chunk: Chunk, found: dict[bytes, bytes]) -> bool:
    """Tell the opacities of a palette that is not there yet (5.6)."""
    return chunk.kind == b"tRNS" and header.color_type == _PALETTE and b"PLTE" not in found


def _is_harmless(chunk: Chunk) -> bool:
    return chunk.end - chunk.start == _HARMLESS.get(chunk.kind)


def _palette(header: Header, chunk: Chunk, found: dict[bytes, bytes]) -> bytes:
    """Read a palette (11.2.2): the only critical chunk that may stand here."""
    if chunk.kind != b"PLTE":
        raise _corrupt("it has a critical chunk that is not one of PNG")
    if not chunk.is_whole or chunk.kind in found:
        raise _corrupt("its palette makes no sense")
    count = (chunk.end - chunk.start) // 3
    if header.color_type == _PALETTE and not 0 < count <= _MOST_COLORS:
        raise _corrupt("its palette makes no sense")
    return chunk.body


def _pixels(first: Chunk, chunks: Iterator[Chunk]) -> tuple[int, list[Chunk]]:
    """Follow the chunks of pixels: where they end, and the chunk after them; the last one may be cut."""
    chunk = first
    while not chunk.is_cut:
        if not chunk.is_whole:
            raise _corrupt("the checksum of its pixels is wrong")
        end = chunk.next
        following = next(chunks, None)
        if following is None:
            return end, []
        if following.kind != b"IDAT":
            return end, [following]
        chunk = following
    return len(chunk.source), []


def _run(first: Chunk, end: int) -> bytes:
    """Give the chunks of pixels, a cut one mended: whether pixels are missing is for the decoder to say."""
    source, begin, opening = first.source, first.begin, b""
    if _is_narrow(first) and not first.is_cut:
        opening, begin = written(b"IDAT", _FULL_WINDOW + first.body[2:]), first.next
    for chunk in chunks_of(source[:end], begin) if end == len(source) else ():
        if chunk.is_cut:
            return opening + source[begin : chunk.begin] + written(b"IDAT", chunk.body)
    return opening + source[begin:end]


def _is_narrow(first: Chunk) -> bool:
    """Find a window below 32 kB in deflate's header (RFC 1950, 2.2): libpng refuses one that is too small."""
    method, flags = first.source[first.start : min(first.end, first.start + 2)].ljust(2, b"\0")
    return method < _FULL_WINDOW[0] and method & 15 == _DEFLATE and not flags & _DICTIONARY


def _alike(header: Header, found: dict[bytes, bytes]) -> tuple[Header, bytes, tuple[int, ...] | None]:
    """Write what stands between header and pixels so that every decoder understands it as Chromium does.

    A grey that stands for transparent becomes a palette's entry. A palette gets as many colors as there can be
    indexes: one beyond its last color means that. Of a color, as many bits are compared as a sample has (11.3.1.1).
    """
    opacities = found.get(b"tRNS", b"")
    if header.color_type == _PALETTE:
        if b"PLTE" not in found:
            raise _corrupt("it has no palette")
        return header, _indexed(header.bits, found[b"PLTE"], opacities), None
    samples = _KEY_SAMPLES.get(header.color_type, 0)
    if not samples or len(opacities) < 2 * samples:
        return header, b"", None
    key = struct.unpack_from(f">{samples}H", opacities)
    if header.bits == _DEEP:
        return header, written(b"tRNS", opacities[: 2 * samples]), key
    if header.color_type == _RGB:
        return header, written(b"tRNS", struct.pack(">3H", *(level & 0xFF for level in key))), None
    count = 1 << header.bits
    greys = b"".join(bytes([level * 255 // (count - 1)]) * 3 for level in range(count))
    shown = replace(header, color_type=_PALETTE)
    return shown, _indexed(header.bits, greys, _OPAQUE * (key[0] & 0xFF) + b"\0"), None


def _indexed(bits: int, palette: bytes, opacities: bytes) -> bytes:
    count, most = len(palette) // 3, 1 << bits
    colors = palette[: 3 * min(count, most)] + palette[3 * (count - 1) : 3 * count] * (most - count)
    opacities = opacities[:count] if len(opacities) <= _MOST_COLORS else b""
    opacities = (opacities + opacities[-1:] * (most - count) if len(opacities) == count else opacities)[:most]
    return written(b"PLTE", colors) + (written(b"tRNS", opacities) if opacities else b"")


def _shared(found: dict[bytes, bytes]) -> bytes:
    return b"".join(written(kind, found[kind]) for kind in (b"PLTE", b"tRNS") if kind in found)


def _file(header: Header, shared: bytes, pixels: bytes) -> bytes:
    return b"".join((SIGNATURE, written(b"IHDR", header.to_bytes()), shared, pixels, END_CHUNK))


def _animation(header: Header, found: dict[bytes, bytes], chunks: Iterator[Chunk]) -> PngAnimation | None:
    return png_animation_of(header.size, found[b"acTL"], found.get(b"fcTL"), chunks) if b"acTL" in found else None


def _passes(size: Size) -> list[Size]:
    """Give the sizes of the seven pictures of an interlaced one (8.2)."""
    return [
        Size(-(-(size.width - left) // across), -(-(size.height - top) // down)) for left, top, across, down in _ADAM7
    ]


def _corrupt(detail: str) -> ImageRejectedError:
    return ImageRejectedError(Reason.CORRUPT, detail)
