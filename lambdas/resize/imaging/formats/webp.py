"""Parse a WebP's header: canvas size and transparency."""

from collections.abc import Sequence

from resize.imaging.geometry import Size

_HEADER_BYTES = 30

# Where the extended header has its flags, and which says that there is transparency.
_FLAGS = 20
_ALPHA = 0x10

_MOST_MILLISECONDS = 2**24 - 1
_MOST_TOGETHER = 2**31 - 1


def canvas_of(source: bytes) -> Size | None:
    """Read the canvas from the first chunk, None where it makes no sense.

    See RFC 9649, 2.5 to 2.7, and RFC 6386, 9.1. It is for before it is opened: libwebp takes two canvases' worth of
    memory as soon as it is.
    """
    if len(source) < _HEADER_BYTES:
        return None
    match source[12:16]:
        case b"VP8X":
            return Size(1 + _number(source[24:27]), 1 + _number(source[27:30]))
        case b"VP8L":
            sides = _number(source[21:25])
            return Size(1 + (sides & 0x3FFF), 1 + (sides >> 14 & 0x3FFF))
        case b"VP8 ":
            return Size(max(1, _number(source[26:28]) & 0x3FFF), max(1, _number(source[28:30]) & 0x3FFF))
    return None


def playable(milliseconds: Sequence[int]) -> list[int]:
    """Shorten durations that an animation cannot hold: beyond hours, nobody sees it.

    A frame's has 24 bits (RFC 9649, section 2.7.1.1), and libwebp adds them up in 31.
    """
    most = min(_MOST_MILLISECONDS, _MOST_TOGETHER // max(1, len(milliseconds)))
    return [min(each, most) for each in milliseconds]


def with_alpha_declared(source: bytes) -> bytes:
    """Say in the header of an animation that it is transparent.

    See RFC 9649, section 2.7.1. libwebp leaves that out where frames need not cover the canvas, and then decodes the
    rest of it as black.
    """
    if source[12:16] != b"VP8X":  # a still's header knows
        return source
    return source[:_FLAGS] + bytes([source[_FLAGS] | _ALPHA]) + source[_FLAGS + 1 :]


def _number(little_endian: bytes) -> int:
    return int.from_bytes(little_endian, "little")
