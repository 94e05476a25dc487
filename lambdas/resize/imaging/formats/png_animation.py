"""Parse the frames of an animated PNG.

Where a file's account of itself is wrong, it is played as Chromium plays it: up to the first chunk that makes no sense.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum

from contract.errors import Reason
from resize.errors import ImageRejectedError
from resize.imaging.formats.png_chunks import Chunk, chunks_of
from resize.imaging.geometry import Size

_CONTROL = struct.Struct(">IIIIIHHBB")
_ACCOUNT = struct.Struct(">II")
_SEQUENCE_BYTES = 4
_HUNDREDTHS = 100
_MILLISECONDS = 1000

# Browsers show a frame without a time for so long; and all times together must fit into WebP's encoder's 31 bits.
_USUAL_MILLISECONDS = 100
_MOST_MILLISECONDS = 3_600_000

_MOST_FRAMES = 2**31 - 1  # 11.3.6.1

# WebP and GIF count in 16 bits.
_MOST_PLAYS = 65_535


class PngDisposal(IntEnum):
    """What becomes of a frame's area before the next.

    See PNG specification, third edition, 11.3.6.2.
    """

    NONE = 0
    BACKGROUND = 1
    PREVIOUS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class PngFrame:
    """A frame: its place on the canvas, its time.

    Its pixels are between these bytes of the file. Those of one that is the file's still are its IDAT chunks.
    """

    size: Size
    left: int
    top: int
    milliseconds: int
    disposal: PngDisposal
    is_blended: bool
    is_still: bool = False
    start: int = 0
    end: int = 0

    def data(self, source: bytes) -> bytes:
        """Gather its pixels, as IDAT would have them."""
        chunks = chunks_of(source[: self.end], self.start)
        return b"".join(chunk.body[_SEQUENCE_BYTES:] for chunk in chunks if chunk.kind == b"fdAT")


@dataclass(frozen=True, slots=True)
class PngAnimation:
    """Frames in order, and how often they are played; 0 is without end."""

    frames: tuple[PngFrame, ...]
    loop_count: int


class _Track:
    """Frames as they come, numbered together with the chunks of their pixels."""

    def __init__(self, canvas: Size, announced: int) -> None:
        self.canvas = canvas
        self.announced = announced
        self.sequence = 0
        self.frames: list[PngFrame] = []
        self.waiting: PngFrame | None = None  # for its pixels

    @property
    def is_complete(self) -> bool:
        return len(self.frames) == self.announced

    def begin(self, body: bytes, *, is_still: bool = False) -> bool:
        """Take a frame's control; False where it makes no sense, or is one more than was announced."""
        if self.is_complete or len(body) != _CONTROL.size:
            return False
        sequence, width, height, left, top, count, unit, disposal, blend = _CONTROL.unpack(body)
        fits = width and height and left + width <= self.canvas.width and top + height <= self.canvas.height
        is_whole = (width, height) == self.canvas or not is_still
        if sequence != self.sequence or not fits or not is_whole or disposal > PngDisposal.PREVIOUS or blend > 1:
            return False
        self.sequence += 1
        self.waiting = PngFrame(
            size=Size(width, height),
            left=left,
            top=top,
            milliseconds=min(count * _MILLISECONDS // (unit or _HUNDREDTHS) or _USUAL_MILLISECONDS, _MOST_MILLISECONDS),
            disposal=PngDisposal(disposal),
            is_blended=bool(blend),
            is_still=is_still,
        )
        return True

    def add(self, chunk: Chunk) -> bool:
        """Take some of a frame's pixels; False where they are nobody's."""
        numbered = chunk.source[chunk.start : min(chunk.end, chunk.start + _SEQUENCE_BYTES)]
        is_next = len(numbered) == _SEQUENCE_BYTES and int.from_bytes(numbered, "big") == self.sequence
        self.sequence += 1
        if self.waiting:
            self.frames += [replace(self.waiting, start=chunk.begin, end=chunk.next)] if is_next else []
            self.waiting = None
        elif self.frames and not self.frames[-1].is_still:
            last = self.frames.pop()
            self.frames += [replace(last, end=chunk.next)] if is_next else []  # else it lacks these
        else:
            return False
        return is_next


def png_animation_of(
    canvas: Size, account: bytes, control: bytes | None, chunks: Iterable[Chunk]
) -> PngAnimation | None:
    """Read the animation that a file's acTL tells of.

    None where there is none, only the still. `control` is the fcTL before the still's pixels, by which the still is its
    first frame; `chunks` are those after these pixels.

    Raises:
        ImageRejectedError: CORRUPT where the file ends before its last frame does.
    """
    if len(account) != _ACCOUNT.size:
        return None
    announced, plays = _ACCOUNT.unpack(account)
    if announced > _MOST_FRAMES:
        return None
    track = _Track(canvas, announced)
    if control is not None:
        if not track.begin(control, is_still=True):
            return None
        track.frames, track.waiting = [track.waiting] if track.waiting else [], None
    if not _followed(track, chunks) and not track.is_complete:
        raise ImageRejectedError(Reason.CORRUPT, "it ends before its last frame does")
    if not track.frames or (len(track.frames) == 1 and track.frames[0].is_still):
        return None
    return PngAnimation(tuple(track.frames), min(plays, _MOST_PLAYS))


def _followed(track: _Track, chunks: Iterable[Chunk]) -> bool:
    """Take frames up to the end, or to what makes no sense; False where the file is cut before."""
    for chunk in chunks:
        if chunk.is_cut:
            return chunk.kind == b"IEND"
        match chunk.kind:
            case b"fcTL":
                goes_on = chunk.is_whole and track.begin(chunk.body)
            case b"fdAT":
                goes_on = track.add(chunk)
            case _:
                goes_on = not chunk.is_critical
        if not goes_on:
            return True
    return False
