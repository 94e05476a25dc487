"""Builders of ICC profiles: as few tags of ICC.1:2001-04 (version 2) as a color engine accepts."""

import struct
from collections.abc import Callable, Mapping, Sequence
from itertools import product

# The primaries of Display P3, adapted to D50 (SMPTE EG 432-1; as XYZ columns).
_P3_PRIMARIES = {
    b"rXYZ": (0.51512, 0.24120, -0.00105),
    b"gXYZ": (0.29198, 0.69225, 0.04189),
    b"bXYZ": (0.15710, 0.06657, 0.78407),
}
_D50 = (0.9642, 1.0, 0.8249)

# What the printer of `four_inks` prints for each full ink on white, as L*, a*, b*; mixtures are darker averages.
_INKS = {"cyan": (60, -30, -40), "magenta": (50, 70, 0), "yellow": (90, 0, 80), "black": (20, 0, 0)}


def display_p3() -> bytes:
    """A wide-gamut display: primaries of P3, gamma 2.2."""
    curve = _curve(2.2)
    primaries = {tag: _xyz(*value) for tag, value in _P3_PRIMARIES.items()}
    return _profile(b"mntr", b"RGB ", b"XYZ ", primaries | {b"rTRC": curve, b"gTRC": curve, b"bTRC": curve})


def swapped_primaries() -> bytes:
    """A display whose red is sRGB's green and the other way round: nobody overlooks that it was applied."""
    red, green, blue = (0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410)
    curve = _curve(2.2)
    tags = {b"rXYZ": _xyz(*green), b"gXYZ": _xyz(*red), b"bXYZ": _xyz(*blue)}
    return _profile(b"mntr", b"RGB ", b"XYZ ", tags | {b"rTRC": curve, b"gTRC": curve, b"bTRC": curve})


def linear_grey() -> bytes:
    """Greys in proportion to light: half is sRGB's 188."""
    return _profile(b"mntr", b"GRAY", b"XYZ ", {b"kTRC": _curve(1.0)})


def four_inks() -> bytes:
    """A printer whose inks are muted: full cyan is no screen's cyan."""
    return _profile(b"prtr", b"CMYK", b"Lab ", {b"A2B0": _table(_printed)})


def ink_as_srgb(name: str) -> tuple[float, float, float]:
    """What full ink of that name looks like, 0 to 255: CIE L*a*b* (D50) to XYZ (Bradford to D65) to sRGB."""
    lightness, a, b = _INKS[name]
    middle = (lightness + 16) / 116
    x, y, z = (white * _unlab(t) for white, t in zip(_D50, (middle + a / 500, middle, middle - b / 200), strict=True))
    linear = (
        3.1338561 * x - 1.6168667 * y - 0.4906146 * z,
        -0.9787684 * x + 1.9161415 * y + 0.0334540 * z,
        0.0719453 * x - 0.2289914 * y + 1.4052427 * z,
    )
    red, green, blue = (255 * _encoded(min(1.0, max(0.0, light))) for light in linear)
    return red, green, blue


def _unlab(t: float) -> float:
    return t**3 if t > 6 / 29 else 3 * (6 / 29) ** 2 * (t - 4 / 29)


def _encoded(light: float) -> float:
    return 12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055


def _printed(amounts: Sequence[int]) -> tuple[float, float, float]:
    used = [ink for ink, amount in zip(_INKS.values(), amounts, strict=True) if amount]
    if not used:
        return 100, 0, 0
    lightness, a, b = (sum(values) / len(used) for values in zip(*used, strict=True))
    return lightness / len(used), a, b


def _profile(kind: bytes, space: bytes, connection: bytes, tags: Mapping[bytes, bytes]) -> bytes:
    every = {b"desc": _text("test"), b"wtpt": _xyz(*_D50), **tags}
    offset = 128 + 4 + 12 * len(every)
    table, data = struct.pack(">I", len(every)), b""
    for tag, body in every.items():
        padded = body + bytes(-len(body) % 4)
        table += struct.pack(">4sII", tag, offset + len(data), len(body))
        data += padded
    head = struct.pack(">I4sI4s4s4s", offset + len(data), b"test", 0x02400000, kind, space, connection)
    head += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp") + bytes(28) + struct.pack(">3i", *map(_fixed, _D50))
    return head.ljust(128, b"\0") + table + data


def _fixed(value: float) -> int:
    return round(value * 65536)


def _xyz(x: float, y: float, z: float) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", _fixed(x), _fixed(y), _fixed(z))


def _curve(gamma: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))


def _text(text: str) -> bytes:
    raw = text.encode() + b"\0"
    return b"desc\0\0\0\0" + struct.pack(">I", len(raw)) + raw + bytes(4 + 4 + 2 + 1 + 67)


def _table(printed: Callable[[Sequence[int]], tuple[float, float, float]]) -> bytes:
    """A lut8 table of four inks, each absent or full, to L*a*b*."""
    ramp = bytes(range(256))
    identity = struct.pack(">9i", *map(_fixed, (1, 0, 0, 0, 1, 0, 0, 0, 1)))
    corners = b"".join(_lab_bytes(*printed(amounts)) for amounts in product((0, 1), repeat=4))
    return b"mft1\0\0\0\0" + bytes((4, 3, 2, 0)) + identity + ramp * 4 + corners + ramp * 3


def _lab_bytes(lightness: float, a: float, b: float) -> bytes:
    return bytes((round(lightness * 2.55), round(a) + 128, round(b) + 128))
