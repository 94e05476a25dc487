"""Check an image's header against the limits."""

import re
from dataclasses import dataclass

from contract.errors import Reason
from resize.errors import ImageRejectedError
from resize.imaging.geometry import Size

# Encoders write some ten scans; each costs a pass over all pixels (measured: 18 ms for 49 million, all scans empty).
_MOST_SCANS = 100

# A decoder's message that can carry neither a memory address nor bytes of the image.
_HARMLESS = re.compile(r"[A-Za-z][A-Za-z0-9_ ,.:()-]{0,120}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What an image may cost, each checked before anything is decoded."""

    source_bytes: int = 100_000_000
    frame_pixels: int = 100_000_000
    frames: int = 500
    total_pixels: int = 300_000_000


def check_source(source: bytes, limits: Limits) -> None:
    """Refuse a file of too many bytes."""
    _check(Reason.TOO_MANY_BYTES, len(source), limits.source_bytes, "bytes")


def check_pixels(size: Size, limits: Limits) -> None:
    """Refuse a frame of too many pixels."""
    _check(Reason.TOO_MANY_PIXELS, size.width * size.height, limits.frame_pixels, "pixels in a frame")


def check_header(size: Size, frames: int, scans: int, limits: Limits) -> None:
    """Refuse an image of too many pixels, frames, pixels in all frames, or scans."""
    check_pixels(size, limits)
    _check(Reason.TOO_MANY_FRAMES, frames, limits.frames, "frames")
    _check(Reason.TOO_MANY_PIXELS, size.width * size.height * frames, limits.total_pixels, "pixels in all frames")
    _check(Reason.TOO_MANY_SCANS, scans, _MOST_SCANS, "scans")


def check_memory_of(needed: int, there_are: int | None) -> None:
    """Refuse an image that takes more bytes of memory than there are.

    None is enough for anything.
    """
    if there_are is not None and needed > there_are:
        detail = f"it takes some {needed // 1_000_000} MB of memory; there are {max(0, there_are) // 1_000_000} MB"
        raise ImageRejectedError(Reason.OUT_OF_MEMORY, detail)


def too_many_pixels(limits: Limits) -> ImageRejectedError:
    """Say that a frame has too many pixels, where only the decoder knows how many."""
    return _too_much(Reason.TOO_MANY_PIXELS, "too many", limits.frame_pixels, "pixels in a frame")


def corrupt(message: str, error: Exception) -> ImageRejectedError:
    """Say that a decoder gave up.

    Its own words only where they can be no bytes of the image.
    """
    harmless = message if _HARMLESS.fullmatch(message) else type(error).__name__
    return ImageRejectedError(Reason.CORRUPT, f"the decoder gave up: {harmless}")


def unsupported(what: str) -> ImageRejectedError:
    """Say that a file is whole, and of a kind that is not read."""
    return ImageRejectedError(Reason.UNSUPPORTED, f"{what} is not read")


def _check(reason: Reason, found: int, allowed: int, what: str) -> None:
    if found > allowed:
        raise _too_much(reason, str(found), allowed, what)


def _too_much(reason: Reason, found: str, allowed: int, what: str) -> ImageRejectedError:
    return ImageRejectedError(reason, f"it has {found} {what}; at most {allowed} are allowed")
