"""Parse a JPEG's scans and restart intervals.

libjpeg makes up the blocks that it does not find, and warns, which Pillow does not pass on. Data that ends where a scan
or a restart interval does, and no marker, lets a decoder tell: see `imaging.pillow.jpeg`. Sections are those of ITU-T
T.81.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from contract.errors import Reason
from resize.errors import ImageRejectedError
from resize.imaging.limits import unsupported

# The next marker of interest: not a stuffed byte (FF 00), not filling (FF FF), not a restart (FF D0 to D7), nor TEM.
_MARKER = re.compile(rb"\xff([\x02-\xcf\xd8-\xfe])")
_RESTART = re.compile(rb"\xff([\xd0-\xd7])")
_START_OF_IMAGE, _END_OF_IMAGE, _START_OF_SCAN = 0xD8, 0xD9, 0xDA
END_MARKER = b"\xff\xd9"
_RESTART_INTERVAL, _PHOTOSHOP, _FILLING = 0xDD, 0xED, 0xFF

# Frames, and those that are decoded (table B.1): baseline, extended and progressive, by Huffman codes or arithmetic.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_DECODED = frozenset({0xC0, 0xC1, 0xC2, 0xC9, 0xCA})
_PROGRESSIVE = frozenset({0xC2, 0xCA})
_ARITHMETIC = frozenset({0xC9, 0xCA})
_BITS = (b"\x08", b"\x0c", b"\x10")

# Segments that describe, by the name that they begin with, and the least bytes of them that say anything.
_LEAST_BYTES = {0xE0: (b"JFIF", 14), 0xE2: (b"ICC_PROFILE", 142), 0xEE: (b"Adobe", 12)}

_COEFFICIENTS = 64
_BLOCK = 8
_MOST_COMPONENTS = 4
_MOST_SCANS = 1000  # of more nothing is looked at: they are refused

# So many restart intervals of a scan end a unit, evenly, as each costs a few calls: cameras write one or two a row. Of
# more, what is missing between two that do is seen only by libvips's warnings.
_MOST_UNITS = 5_000

# Real files have hundreds: profiles and EXIF come in pieces of 64 KB.
_MOST_SEGMENTS = 20_000


class _Segment(NamedTuple):
    """A marker, where it begins and where its segment ends, what the segment says, and where the next marker is."""

    marker: int
    start: int
    end: int
    body: bytes
    following: int


class Scan(NamedTuple):
    """All from the end of the scan before to that of this one.

    It has where its data begins in it, and its restarts.
    """

    piece: memoryview
    data: int
    restarts: int


class Unit(NamedTuple):
    """Bytes at whose end every block before has been told.

    They may end a scan.
    """

    piece: memoryview
    ends_scan: bool


@dataclass(frozen=True, slots=True)
class Jpeg:
    """A file by its scans.

    `before` is what comes before the first, without segments that describe in too few bytes. `missing` are the
    components of which no scan is there, or not the last one where no end marker is.
    """

    scans: int
    before: memoryview
    kept: Sequence[Scan]
    missing: frozenset[int]
    has_end: bool
    is_arithmetic: bool

    def pieces(self) -> list[memoryview]:
        """List what makes pixels, with an end marker."""
        return [self.before, *(scan.piece for scan in self.kept), memoryview(END_MARKER)]

    def units(self) -> Iterator[Unit]:
        """Cut what makes pixels behind every scan and restart interval.

        There is no end marker.

        Raises:
            ImageRejectedError: CORRUPT if a scan, or a restart interval, is not there.
        """
        self.check_scans()
        for scan in self.kept:
            yield from _units_of(scan)

    def check_scans(self) -> None:
        """See that every component has its scans.

        Raises:
            ImageRejectedError: CORRUPT.
        """
        if self.missing:
            raise missing_blocks()

    def to_bytes(self) -> bytes:
        """Write what makes pixels as a file of its own, with an end marker."""
        return b"".join(self.pieces())


def missing_blocks() -> ImageRejectedError:
    """Say that a picture is not whole."""
    return ImageRejectedError(Reason.CORRUPT, "blocks of it are missing")


def _units_of(scan: Scan) -> Iterator[Unit]:
    """Count restarts, which are numbered from 0 to 7 (B.1.1.2): a marker more than those that belong there ends it."""
    every = -(-scan.restarts // _MOST_UNITS)
    start, seen = 0, 0
    for found in _RESTART.finditer(scan.piece, scan.data):
        if seen == scan.restarts:
            yield Unit(scan.piece[start : found.start()], ends_scan=True)
            return
        if found[1][0] & 7 != seen & 7:
            raise missing_blocks()
        seen += 1
        if seen % every == 0:
            yield Unit(scan.piece[start : found.start()], ends_scan=False)
            start = found.start()
    if seen < scan.restarts:
        raise missing_blocks()
    yield Unit(scan.piece[start:], ends_scan=True)


def read_scans(source: bytes) -> Jpeg:
    """Follow the markers of a file to its end.

    Raises:
        ImageRejectedError: UNSUPPORTED for a kind of JPEG that browsers do not show either.
    """
    found = list(islice(_segments_of(source), _MOST_SEGMENTS))
    frame = next((segment for segment in found if segment.marker in _FRAMES), None)
    if len(found) == _MOST_SEGMENTS or frame is None:
        raise ImageRejectedError(Reason.CORRUPT, "its header makes no sense")
    _check_frame(frame)
    outline = _Outline(source, found, frame)
    return Jpeg(
        scans=1 if outline.has_one_pass else len(outline.scans),
        before=outline.before(),
        kept=outline.kept(),
        missing=frozenset(component for component, number in outline.unsaid() if number == 0 or not outline.has_end),
        has_end=outline.has_end,
        is_arithmetic=frame.marker in _ARITHMETIC,
    )


def _segments_of(source: bytes) -> Iterator[_Segment]:
    """Follow the segments up to the end marker, or to the last that is there."""
    found = _MARKER.search(source, 2)
    while found and found[1][0] != _END_OF_IMAGE:
        start, at = found.span()
        length = 0 if found[1][0] == _START_OF_IMAGE else int.from_bytes(source[at : at + 2], "big")
        end = min(at + length, len(source))
        marker, found = found[1][0], _MARKER.search(source, end)
        following = found.start() if found else len(source.rstrip(b"\xff"))
        yield _Segment(marker, start, end, source[at + 2 : end], following)


def _check_frame(segment: _Segment) -> None:
    bits, height, bands = segment.body[:1], segment.body[1:3], segment.body[5:6]
    if segment.marker not in _DECODED:
        raise unsupported(f"a JPEG of the kind SOF{segment.marker - 0xC0}, lossless or hierarchical,")
    if bits not in _BITS:
        raise ImageRejectedError(Reason.CORRUPT, "its header makes no sense")
    if bits != b"\x08":
        raise unsupported(f"a JPEG of {int.from_bytes(bits, 'big')} bits")
    if bands not in (b"\1", b"\3", b"\4"):
        raise unsupported(f"a JPEG of {int.from_bytes(bands, 'big')} components")
    if height == bytes(2):
        raise unsupported("a JPEG that tells its height behind its pixels")


class _Outline:
    """The segments of a file, and what they say together."""

    def __init__(self, source: bytes, segments: Sequence[_Segment], frame: _Segment) -> None:
        self.source = source
        self.segments = segments
        self.frame = frame
        self.scans = [segment for segment in segments if segment.marker == _START_OF_SCAN]
        self.first = segments.index(self.scans[0]) if self.scans else len(segments)
        has_all = bool(self.scans) and self.scans[0].body[:1] == frame.body[5:6]
        self.has_one_pass = has_all and frame.marker not in _PROGRESSIVE
        last = self.scans[0] if self.has_one_pass else segments[-1]
        self.has_end = source.startswith(END_MARKER, last.following)

    def before(self) -> memoryview:
        """Join what comes before the first scan, but for what says nothing and filling."""
        view, at = memoryview(self.source), 0
        pieces: list[memoryview] = []
        for segment in self.segments[: self.first]:
            if _says_nothing(segment):
                pieces.append(view[at : segment.start])
                at = segment.end
        end = self.scans[0].start if self.scans else len(view)
        return memoryview(b"".join((*pieces, view[at:end])).rstrip(b"\xff"))

    def kept(self) -> list[Scan]:
        """Cut the file behind the data of each scan that is decoded."""
        view, interval = memoryview(self.source), 0
        at = self.scans[0].start if self.scans else 0
        kept: list[Scan] = []
        for segment in self.segments:
            if segment.marker == _RESTART_INTERVAL:
                interval = int.from_bytes(segment.body[:2], "big")
            elif segment.marker == _START_OF_SCAN:
                restarts = max(0, -(-self._units_in(segment) // interval) - 1) if interval else 0
                kept.append(Scan(view[at : self._end_of(segment)], segment.end - at, restarts))
                at = segment.following
                if self.has_one_pass:
                    break
        return kept

    def _end_of(self, scan: _Segment) -> int:
        """Leave out filling before the next marker (B.1.1.2)."""
        end = scan.following
        while end > scan.end and self.source[end - 1] == _FILLING:
            end -= 1
        return end

    def _units_in(self, scan: _Segment) -> int:
        """Count the minimum coded units of a scan: blocks, where it has one component (A.2.2, A.2.3)."""
        body = self.frame.body
        size = int.from_bytes(body[3:5], "big"), int.from_bytes(body[1:3], "big")
        factors = {body[at]: (body[at + 1] >> 4, body[at + 1] & 15) for at in range(6, len(body) - 2, 3)}
        most = [max((1, *(own[axis] for own in factors.values()))) for axis in (0, 1)]
        if scan.body[:1] != b"\1":
            across, down = (-(-pixels // (_BLOCK * high)) for pixels, high in zip(size, most, strict=True))
            return across * down
        own = factors.get(int.from_bytes(scan.body[1:2], "big"), most)
        samples = (-(-pixels * factor // high) for pixels, factor, high in zip(size, own, most, strict=True))
        across, down = (-(-count // _BLOCK) for count in samples)
        return across * down

    def unsaid(self) -> set[tuple[int, int]]:
        """List the coefficients of each component that no scan tells to their last bit (G.1.1.1.1)."""
        unsaid = {(component, number) for component in self.frame.body[6::3] for number in range(_COEFFICIENTS)}
        for scan in self.scans[:_MOST_SCANS]:
            components = 1 + 2 * min(int.from_bytes(scan.body[:1], "big"), _MOST_COMPONENTS)
            selection = scan.body[components : components + 3]
            if len(selection) == 3 and selection[2] & 15 == 0:  # noqa: PLR2004 - from, to, and their bits
                told = range(selection[0], selection[1] + 1)
                unsaid -= {(component, number) for component in scan.body[1:components:2] for number in told}
        return unsaid


def _says_nothing(segment: _Segment) -> bool:
    name, least = _LEAST_BYTES.get(segment.marker, (b"", 0))
    return segment.marker == _PHOTOSHOP or (segment.body.startswith(name) and len(segment.body) < least)
