"""The scans of a JPEG: where each ends, and bytes by which a decoder tells whether blocks are missing.

libjpeg makes up the blocks that it does not find, and warns, which Pillow does not pass on. So it is given bytes that
are no code behind the last block of a scan, and no end marker: if it then asks for more, blocks are missing. Sections
are those of ITU-T T.81.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, pairwise
from typing import NamedTuple

from contract.errors import Reason
from resize.errors import ImageRejectedError
from resize.imaging.limits import unsupported

# The next marker of interest: not a stuffed byte (FF 00), not filling (FF FF), not a restart (FF D0 to D7), nor TEM.
_MARKER = re.compile(rb"\xff([\x02-\xcf\xd8-\xfe])")
_RESTART = re.compile(rb"\xff([\xd0-\xd7])")
_START_OF_IMAGE, _END_OF_IMAGE, _START_OF_SCAN = 0xD8, 0xD9, 0xDA
END = b"\xff\xd9"
_RESTART_INTERVAL, _PHOTOSHOP = 0xDD, 0xED

# Frames, and those that are decoded (table B.1): baseline, extended and progressive, by Huffman codes or arithmetic.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_DECODED = frozenset({0xC0, 0xC1, 0xC2, 0xC9, 0xCA})
_PROGRESSIVE = frozenset({0xC2, 0xCA})
_BITS = (b"\x08", b"\x0c", b"\x10")

# What may stand between scans: tables, restart intervals, applications' segments and comments (B.2.4).
_BETWEEN_SCANS = frozenset({0xC4, 0xCC, _START_OF_SCAN, 0xDB, _RESTART_INTERVAL, 0xFE, *range(0xE0, 0xF0)})

# Segments that describe, by the name that they begin with, and the least bytes of them that say anything.
_LEAST_BYTES = {0xE0: (b"JFIF", 14), 0xE2: (b"ICC_PROFILE", 142), 0xEE: (b"Adobe", 12)}

# Bits that are no code, and bits that may be any: as many as decoders read ahead of what they need, and more.
NO_CODE = b"\xff\0" * 8
SOME_CODE = bytes(range(0x11, 0xF1, 7)) * 2

_COEFFICIENTS = 64
_MOST_COMPONENTS = 4
_MOST_SCANS = 1000  # of more nothing is looked at: they are refused

# Real files have hundreds: profiles and EXIF come in pieces of 64 KB.
_MOST_SEGMENTS = 20_000


class _Segment(NamedTuple):
    """A marker, where it begins and where its segment ends, what the segment says, and where the next marker is."""

    marker: int
    start: int
    end: int
    body: bytes
    following: int


@dataclass(frozen=True, slots=True)
class Jpeg:
    """A file by its scans.

    `kept` are the pieces that make pixels, without segments that describe in too few bytes: what comes before, then
    each scan. A file `has_one_pass` if its only scan has every component. A scan may have been cut short where it
    `is_odd`; `missing` are the components of which no scan is there, or not the last one where no end marker is.
    """

    scans: int
    kept: Sequence[memoryview]
    has_one_pass: bool
    is_odd: bool
    missing: frozenset[int]

    def pieces(self) -> list[memoryview]:
        """List what a decoder is to read: without an end marker, where there is one pass.

        A decoder that has not got all of it by then asks for more.
        """
        return [*self.kept, memoryview(NO_CODE if self.has_one_pass else END)]

    def pieces_with(self, behind_scans: bytes) -> list[memoryview]:
        """List what a decoder is to read, with these bytes behind each scan."""
        before, *scans = self.kept
        tail = memoryview(behind_scans)
        return [before, *(piece for scan in scans for piece in (scan, tail)), memoryview(END)]

    def to_bytes(self) -> bytes:
        """Write what makes pixels as a file of its own, with an end marker."""
        return b"".join((*self.kept, END))


def read(source: bytes) -> Jpeg:
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
        kept=outline.kept(),
        has_one_pass=outline.has_one_pass,
        is_odd=outline.is_odd,
        missing=frozenset(component for component, number in outline.unsaid() if number == 0 or not outline.has_end),
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
        self.is_progressive = frame.marker in _PROGRESSIVE
        self.has_restarts = any(each.marker == _RESTART_INTERVAL and any(each.body[:2]) for each in segments)
        has_all = bool(self.scans) and self.scans[0].body[:1] == frame.body[5:6]
        self.has_one_pass = has_all and not self.is_progressive
        last = self.scans[0] if self.has_one_pass else segments[-1]
        self.has_end = source.startswith(END, last.following)

    def kept(self) -> list[memoryview]:
        """Cut the file behind each scan that is decoded, and leave out what says nothing before the first."""
        view, at = memoryview(self.source), 0
        before: list[memoryview] = []
        pieces: list[memoryview] = []
        for segment in self.segments:
            if segment.marker == _START_OF_SCAN:
                pieces.append(view[at : self._end_of(segment)])
                at = segment.following
                if self.has_one_pass:
                    break
            elif not pieces and _says_nothing(segment):
                before.append(view[at : segment.start])
                at = segment.end
        return [memoryview(b"".join(before)), *pieces]

    def _end_of(self, scan: _Segment) -> int:
        stray = None if self.has_restarts else _RESTART.search(self.source, scan.end, scan.following)
        return stray.start() if stray else scan.following

    @property
    def is_odd(self) -> bool:
        """Whether a scan may end too soon: a marker has no place there, or bits of a coefficient are told nowhere.

        Several scans of a sequential picture are so rare that each is looked at.
        """
        if self.has_one_pass:
            return not self.has_end
        if not self.is_progressive or not self.scans or self.source[self.segments[-1].following :] != END:
            return True
        behind = self.segments[self.segments.index(self.scans[0]) + 1 :]
        return (
            any(segment.marker not in _BETWEEN_SCANS or self._is_apart(segment) for segment in behind)
            or not all(map(self._has_restarts_in_order, self.scans))
            or bool(self.unsaid())
        )

    def _is_apart(self, segment: _Segment) -> bool:
        """Tell whether anything but filling lies between a segment and the next marker."""
        between = self.source[segment.end : segment.following]
        return segment.marker != _START_OF_SCAN and bool(between.strip(b"\xff"))

    def _has_restarts_in_order(self, scan: _Segment) -> bool:
        numbers = (found[1][0] & 7 for found in _RESTART.finditer(self.source, scan.end, scan.following))
        if not self.has_restarts:
            return next(numbers, None) is None
        return all(later == (earlier + 1) & 7 for earlier, later in pairwise(chain([7], numbers)))

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
