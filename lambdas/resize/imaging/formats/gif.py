"""Parse a GIF's blocks: screen, frames, loop count."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import accumulate, islice, pairwise

from contract.errors import Reason
from resize.errors import ImageRejectedError
from resize.imaging.geometry import Box, Size

_SCREEN_BYTES = 13
_SCREEN_FLAGS = 10
_PICTURE_BYTES = 10
_PALETTE_BYTES = 3 * 256
_EXTENSION, _PICTURE = 0x21, 0x2C
_CONTROL, _APPLICATION = 0xF9, 0xFF
_LOOPS = (b"NETSCAPE2.0\x03\x01", b"ANIMEXTS1.0\x03\x01")

# Browsers show a frame of 10 ms or less for 100 ms; other programs do as they like.
_SHORTEST_MILLISECONDS, _USUAL_MILLISECONDS = 10, 100
_MOST_MILLISECONDS = 10 * (2**16 - 1)


class GifDisposal(IntEnum):
    """What becomes of a frame before the next one (GIF89a, section 23).

    4 is an old mistake for 3.
    """

    KEEP = 1
    CLEAR = 2
    RESTORE = 3


_DISPOSALS = {2: GifDisposal.CLEAR, 3: GifDisposal.RESTORE, 4: GifDisposal.RESTORE}


@dataclass(frozen=True, slots=True)
class _Control:
    """What a graphic control extension says of the next frame."""

    disposal: GifDisposal = GifDisposal.KEEP
    milliseconds: int = _USUAL_MILLISECONDS
    transparent: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GifFrame:
    """One frame: the part of the screen that it covers.

    It says where its palette and its data are in the file. `transparent` is the index whose pixels let through what is
    there. `code_bits` is LZW's first width of a code.
    """

    box: Box
    palette: slice
    is_interlaced: bool
    code_bits: int
    data: slice
    disposal: GifDisposal
    milliseconds: int
    transparent: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GifAnimation:
    """The frames of a GIF on their screen, and how many there are in all.

    It plays so often; 0 is for ever. `frames` has no more of them than were asked for.
    """

    screen: Size
    frames: tuple[GifFrame, ...]
    count: int
    loop_count: int

    @property
    def is_opaque(self) -> bool:
        """Whether it can be told beforehand that no pixel is transparent, ever."""
        is_covered = False
        for frame in self.frames:
            before, is_covered = is_covered, is_covered or self.is_covered_by(frame)
            if not is_covered:
                return False
            if frame.disposal is not GifDisposal.KEEP:
                is_covered = before and frame.disposal is GifDisposal.RESTORE
        return True

    def is_covered_by(self, frame: GifFrame) -> bool:
        """Tell whether nothing is seen beside a frame, nor through it."""
        left, top, right, bottom = frame.box
        return (
            left == top == 0
            and right >= self.screen.width
            and bottom >= self.screen.height
            and frame.transparent is None
        )


def gif_animation_of(source: bytes, most: int) -> GifAnimation:
    """Follow the blocks of a GIF, as browsers do.

    To its trailer, its end, or bytes that are no block.

    Raises:
        ImageRejectedError: CORRUPT without a frame, and where the file ends inside of a block.
    """
    found = _frames_of(source)
    frames = tuple(islice(found, most))
    if not frames:
        raise ImageRejectedError(Reason.CORRUPT, "it has no frame")
    return GifAnimation(
        screen=_screen_of(source, frames[0].box),
        frames=frames,
        count=len(frames) + sum(1 for _ in found),
        loop_count=_plays_of(source),
    )


def palette_of(source: bytes, frame: GifFrame) -> bytes:
    """Read red, green and blue of 256 colors: black for what the palette leaves out."""
    return source[frame.palette].ljust(_PALETTE_BYTES, b"\0")


def in_hundredths(milliseconds: Sequence[int]) -> list[int]:
    """Round durations to hundredths of a second, all that a GIF can hold.

    All together last as long as before, unless one is longer than 16 bits of those (GIF89a, section 23).
    """
    ends = [round(end / 10) * 10 for end in accumulate(milliseconds, initial=0)]
    return [min(end - start, _MOST_MILLISECONDS) for start, end in pairwise(ends)]


def _screen_of(source: bytes, first: Box) -> Size:
    """Read the size of the screen (GIF89a, section 18), which grows to hold the first frame, and no other."""
    width, height = (int.from_bytes(source[at : at + 2], "little") for at in (6, 8))
    return Size(max(width, first.right), max(height, first.bottom))


def _plays_of(source: bytes) -> int:
    """Read how often it plays: once more than the last count says, and once without any."""
    plays = 1
    for at in _blocks_of(source):
        if source[at : at + 2] == bytes((_EXTENSION, _APPLICATION)) and source[at + 3 : at + 16] in _LOOPS:
            count = int.from_bytes(source[at + 16 : at + 18], "little")
            plays = count + 1 if count else 0
    return plays


def _blocks_of(source: bytes) -> Iterator[int]:
    """Find where each extension and each frame begins; a file may end behind any, and in none.

    Raises:
        ImageRejectedError: CORRUPT where it ends inside of one, or behind the control of a frame that is missing.
    """
    at = _SCREEN_BYTES + _table_bytes(source, _SCREEN_FLAGS)
    while at < len(source) and source[at] in (_EXTENSION, _PICTURE):
        data_at = _data_at(source, at) if source[at] == _PICTURE else at + 2
        end = _end_of_data(source, data_at)
        is_announced = source[at + 1] == _CONTROL and source[at] == _EXTENSION and end + 1 == len(source)
        if end >= len(source) or is_announced:
            raise ImageRejectedError(Reason.CORRUPT, "it ends before its last block does")
        yield at
        at = end + 1


def _frames_of(source: bytes) -> Iterator[GifFrame]:
    shared = slice(_SCREEN_BYTES, _SCREEN_BYTES + _table_bytes(source, _SCREEN_FLAGS))
    control = _Control()
    for at in _blocks_of(source):
        if source[at] == _PICTURE:
            yield _frame_at(source, at, shared, control)
            control = _Control()
        elif source[at + 1] == _CONTROL and source[at + 2] > 3:  # noqa: PLR2004 - bytes that it has at least
            control = _control_at(source, at)


def _control_at(source: bytes, at: int) -> _Control:
    flags, milliseconds = source[at + 3], 10 * int.from_bytes(source[at + 4 : at + 6], "little")
    return _Control(
        disposal=_DISPOSALS.get(flags >> 2 & 7, GifDisposal.KEEP),
        milliseconds=milliseconds if milliseconds > _SHORTEST_MILLISECONDS else _USUAL_MILLISECONDS,
        transparent=source[at + 6] if flags & 1 else None,
    )


def _frame_at(source: bytes, at: int, shared: slice, control: _Control) -> GifFrame:
    data_at = _data_at(source, at)
    left, top, width, height = (int.from_bytes(source[at + n : at + n + 2], "little") for n in (1, 3, 5, 7))
    own = slice(at + _PICTURE_BYTES, data_at - 1)
    return GifFrame(
        box=Box(left, top, left + width, top + height),
        palette=own if own.stop > own.start else shared,
        is_interlaced=bool(source[at + 9] & 0x40),
        code_bits=source[data_at - 1],
        data=slice(data_at, _end_of_data(source, data_at) + 1),
        disposal=control.disposal,
        milliseconds=control.milliseconds,
        transparent=control.transparent,
    )


def _data_at(source: bytes, at: int) -> int:
    """Find a frame's data: behind its own palette, if it has one, and the first width of its codes."""
    return at + _PICTURE_BYTES + _table_bytes(source, at + 9) + 1


def _table_bytes(source: bytes, flags_at: int) -> int:
    flags = source[flags_at] if flags_at < len(source) else 0
    return 3 * (2 << (flags & 7)) if flags & 0x80 else 0


def _end_of_data(source: bytes, at: int) -> int:
    """Find the block without bytes that ends the data; the file's end or beyond it where there is none."""
    while at < len(source) and source[at] > 0:
        at += 1 + source[at]
    return at
