"""What a GIF says beside pixels: how large it is, where it ends, and how long a frame lasts."""

from collections.abc import Sequence
from itertools import accumulate, pairwise

from resize.geometry import Size

_SCREEN_BYTES = 13
_SCREEN_FLAGS = 10
_IMAGE_BYTES = 10
_IMAGE_FLAGS = 9


def screen_of(source: bytes) -> Size:
    """Read the size of the screen (GIF89a, section 18): a side of 0 leaves it to the frames."""
    return Size(*(int.from_bytes(source[at : at + 2], "little") for at in (6, 8)))


def reaches_its_end(source: bytes) -> bool:
    """Follow the blocks of a GIF to its trailer (GIF89a, section 12 and appendix A); False if the bytes end before.

    Decoders take the end of the bytes for the end of the animation, and lose frames.
    """
    at = _SCREEN_BYTES + _colour_table_bytes(source, _SCREEN_FLAGS)
    while at < len(source):
        match source[at : at + 1]:
            case b";":
                return True
            case b"!":
                at = _after_data(source, at + 2)
            case b",":
                colours = _colour_table_bytes(source, at + _IMAGE_FLAGS)
                at = _after_data(source, at + _IMAGE_BYTES + colours + 1)
            case _:  # decoders skip what stands between blocks
                at += 1
    return False


def in_hundredths(milliseconds: Sequence[int]) -> list[int]:
    """Round durations to what a GIF can hold, hundredths of a second, so that all together last as long as before."""
    ends = [round(end / 10) * 10 for end in accumulate(milliseconds, initial=0)]
    return [end - start for start, end in pairwise(ends)]


def _colour_table_bytes(source: bytes, flags_at: int) -> int:
    flags = source[flags_at] if flags_at < len(source) else 0
    return 3 * (2 << (flags & 7)) if flags & 0x80 else 0


def _after_data(source: bytes, at: int) -> int:
    while at < len(source) and source[at] > 0:
        at += 1 + source[at]
    return at + 1
