"""Color space of a PNG: cICP, iCCP, sRGB, gAMA, cHRM.

Sections are those of the PNG specification, third edition; the order is that of 4.3.
"""

import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from resize.imaging.color.icc import CURVES, PRIMARIES, SRGB_CURVE, Curve, Primaries, profile_of
from resize.imaging.color.tone_map import is_hdr, peak_of, profile_of_hdr

# Profiles of printers have a megabyte or two; a deflated one may be a bomb.
_MOST_PROFILE_BYTES = 8_000_000
_LONGEST_NAME = 79
_CLLI_BYTES, _MDCV_BYTES = 8, 24

_UNIT = 100_000  # in which gAMA and cHRM count
_INTENTS = 4
_LEAST_PROFILE_BYTES = 132  # a header, and how many tags follow

# A gamma alone that is so near to a display's is sRGB's (libpng's PNG_GAMMA_THRESHOLD, which Chromium has, too).
_USUAL_GAMMA = 2.2
_NEAR = 0.05


@dataclass(frozen=True, slots=True)
class Colors:
    """How samples become sRGB: first by the curve, then by the profile.

    None where nothing is to be done.
    """

    curve: Curve | None = None
    profile: bytes | None = None


_SRGB = Colors()


def colors_of(found: Mapping[bytes, bytes]) -> Colors:
    """Read the colors from the first chunk that makes sense, by type.

    sRGB without any.
    """
    for kind, read in _IN_ORDER.items():
        if kind in found and (colors := read(found)):
            return colors
    return _SRGB


def _by_code_points(found: Mapping[bytes, bytes]) -> Colors | None:
    """ITU-T H.273's, of RGB in full range (11.3.2.6)."""
    match tuple(found[b"cICP"]):
        case (primaries, transfer, 0, 1) if primaries in PRIMARIES and transfer in CURVES:
            return _made(PRIMARIES[primaries], CURVES[transfer])
        case (primaries, transfer, 0, 1) if primaries in PRIMARIES and is_hdr(transfer):
            return Colors(profile=profile_of_hdr(PRIMARIES[primaries], transfer, _peak(found)))
    return None


def _peak(found: Mapping[bytes, bytes]) -> float:
    """Read cLLI and mDCV (11.3.2.8, 11.3.2.7), in cd/m2: both count in their 10,000ths."""
    brightest, mastered = found.get(b"cLLI", b""), found.get(b"mDCV", b"")
    return peak_of(
        int.from_bytes(brightest[:4], "big") / 10_000 if len(brightest) == _CLLI_BYTES else 0,
        int.from_bytes(mastered[16:20], "big") / 10_000 if len(mastered) == _MDCV_BYTES else 0,
    )


def _by_profile(found: Mapping[bytes, bytes]) -> Colors | None:
    """An ICC profile (11.3.2.3)."""
    body = found[b"iCCP"]
    name, separator, packed = body.partition(b"\0")
    if not separator or not 0 < len(name) <= _LONGEST_NAME or packed[:1] != b"\0":
        return None
    try:
        profile = zlib.decompressobj().decompress(packed[1:], _MOST_PROFILE_BYTES)
    except zlib.error:
        return None
    size = int.from_bytes(profile[:4], "big")
    is_profile = profile[36:40] == b"acsp" and _LEAST_PROFILE_BYTES <= size <= len(profile)
    return Colors(profile=profile[:size]) if is_profile else None


def _by_name(found: Mapping[bytes, bytes]) -> Colors | None:
    """SRGB, with an intent (11.3.2.5)."""
    body = found[b"sRGB"]
    return _SRGB if len(body) == 1 and body[0] < _INTENTS else None


def _by_gamma(found: Mapping[bytes, bytes]) -> Colors | None:
    """A gamma, and primaries or sRGB's (11.3.2.1, 11.3.2.2)."""
    gamma = _numbers(found, b"gAMA", 1)
    if not gamma or not gamma[0]:
        return None
    curve = Curve(_UNIT / gamma[0])
    points = _numbers(found, b"cHRM", 8)
    if points:
        white, red, green, blue = zip(points[::2], points[1::2], strict=True)
        return _made(Primaries(*((x / _UNIT, y / _UNIT) for x, y in (red, green, blue, white))), curve)
    return None if abs(_USUAL_GAMMA / curve.g - 1) < _NEAR else _made(PRIMARIES[1], curve)


def _numbers(found: Mapping[bytes, bytes], kind: bytes, count: int) -> tuple[int, ...]:
    body = found.get(kind, b"")
    return struct.unpack(f">{count}I", body) if len(body) == 4 * count else ()


def _made(primaries: Primaries, curve: Curve) -> Colors | None:
    profile = profile_of(primaries, SRGB_CURVE)
    if profile is None:
        return None
    return Colors(
        curve=None if curve == SRGB_CURVE else curve,
        profile=None if primaries == PRIMARIES[1] else profile,
    )


_IN_ORDER: Mapping[bytes, Callable[[Mapping[bytes, bytes]], Colors | None]] = {
    b"cICP": _by_code_points,
    b"iCCP": _by_profile,
    b"sRGB": _by_name,
    b"gAMA": _by_gamma,
}
