"""Build ICC profiles from primaries and transfer curves."""

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import TypeAlias

Point: TypeAlias = tuple[float, float]  # x and y of CIE 1931
Matrix: TypeAlias = tuple[tuple[float, float, float], ...]

_D65: Point = (0.3127, 0.3290)
_C: Point = (0.310, 0.316)
_D50_XYZ = (0.9642, 1.0, 0.8249)  # ICC.1:2022, 7.2.16

# From XYZ to the responses of cones, and how a white is adapted there (ICC.1:2022, annex E).
_BRADFORD: Matrix = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))

_BYTE = 255
_SINGULAR = 1e-9
_MOST = 2**15  # what ICC's numbers hold


@dataclass(frozen=True, slots=True)
class Primaries:
    """Where red, green, blue and white of a color space are."""

    red: Point
    green: Point
    blue: Point
    white: Point = _D65


@dataclass(frozen=True, slots=True)
class Curve:
    """How much light a level stands for, both 0 to 1.

    ICC's parametric curve of type 4 (ICC.1:2022, 10.18). (a * level + b) ** g + e from d on; c * level + f below it.
    """

    g: float
    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 0.0
    e: float = 0.0
    f: float = 0.0

    def light(self, level: float) -> float:
        """Give the light of a level, within 0 and 1."""
        value = (self.a * level + self.b) ** self.g + self.e if level >= self.d else self.c * level + self.f
        return min(1.0, max(0.0, value))


SRGB_CURVE = Curve(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
_BT_1886 = Curve(2.4)

# By their code points in ITU-T H.273: table 2.
PRIMARIES: Mapping[int, Primaries] = {
    1: Primaries((0.640, 0.330), (0.300, 0.600), (0.150, 0.060)),  # BT.709, sRGB
    4: Primaries((0.67, 0.33), (0.21, 0.71), (0.14, 0.08), _C),  # BT.470 system M
    5: Primaries((0.64, 0.33), (0.29, 0.60), (0.15, 0.06)),  # BT.601, 625 lines
    6: Primaries((0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),  # BT.601, 525 lines
    7: Primaries((0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),  # SMPTE 240M
    8: Primaries((0.681, 0.319), (0.243, 0.692), (0.145, 0.049), _C),  # film
    9: Primaries((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),  # BT.2020
    10: Primaries((1.0, 0.0), (0.0, 1.0), (0.0, 0.0), (1 / 3, 1 / 3)),  # CIE 1931 XYZ
    11: Primaries((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.314, 0.351)),  # DCI-P3
    12: Primaries((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),  # Display P3
    22: Primaries((0.630, 0.340), (0.295, 0.605), (0.155, 0.077)),  # EBU Tech 3213
}

# Table 3, those of a display's own range: PQ (16) and HLG (18) are HDR. Chromium shows what is encoded for television
# as a television does, by BT.1886, and not by the inverse of the camera's curve.
CURVES: Mapping[int, Curve] = {
    1: _BT_1886,
    4: Curve(2.2),
    5: Curve(2.8),
    6: _BT_1886,
    7: Curve(1 / 0.45, 1 / 1.1115, 0.1115 / 1.1115, 1 / 4, 4 * 0.0228),
    8: Curve(1.0),
    11: _BT_1886,
    13: SRGB_CURVE,
    14: _BT_1886,
    15: _BT_1886,
    17: Curve(2.6, (52.37 / 48) ** (1 / 2.6)),
}


@lru_cache(maxsize=8)
def profile_of(primaries: Primaries, curve: Curve) -> bytes | None:
    """Write the profile of a display (ICC.1:2022, 8.3.2).

    None where the primaries span no color space.
    """
    try:
        columns = _to_d50(primaries)
    except ValueError:
        return None
    parameters = (curve.g, curve.a, curve.b, curve.c, curve.d, curve.e, curve.f)
    shape = b"para\0\0\0\0" + struct.pack(">HH7i", 4, 0, *map(_fixed, parameters))
    red, green, blue = zip(*columns, strict=True)
    tags = {b"desc": _text("RGB"), b"cprt": _text("CC0"), b"wtpt": _xyz(_D50_XYZ)}
    tags |= {b"rXYZ": _xyz(red), b"gXYZ": _xyz(green), b"bXYZ": _xyz(blue)}
    return _profile(tags | {b"rTRC": shape, b"gTRC": shape, b"bTRC": shape})


def profile_by_table(nodes: int, light: Callable[[float, float, float], Sequence[float]]) -> bytes:
    """Write the profile of a space that no curve describes.

    The light of sRGB, 0 to 1, for levels, `nodes` of each. Its table is of lut16Type (ICC.1:2022, 10.10): between nodes
    is interpolated so that grey stays grey.
    """
    to_xyz, levels = _to_d50(PRIMARIES[1]), [node / (nodes - 1) for node in range(nodes)]
    rows = (_applied(to_xyz, light(*level)) for level in product(levels, repeat=3))
    table = [min(65535, max(0, round(32768 * value))) for row in rows for value in row]
    identity = struct.pack(">9i", *(_fixed(float(row == column)) for row in range(3) for column in range(3)))
    straight = struct.pack(">6H", *(0, 65535) * 3)
    body = b"mft2\0\0\0\0" + bytes((3, 3, nodes, 0)) + identity + struct.pack(">HH", 2, 2) + straight
    body += struct.pack(f">{len(table)}H", *table) + straight
    return _profile({b"desc": _text("RGB"), b"cprt": _text("CC0"), b"wtpt": _xyz(_D50_XYZ), b"A2B0": body})


def conversion(source: Primaries, target: Primaries) -> Matrix:
    """Make the matrix from the light of one color space to another's.

    ValueError where either spans none.
    """
    return _product(_inverse(_to_d50(target)), _to_d50(source))


@lru_cache(maxsize=8)
def srgb_levels(curve: Curve, levels: int) -> bytes:
    """Tabulate the 8-bit sRGB level for each level of a curve.

    Both stand for the same light.
    """
    most = levels - 1
    return bytes(round(_BYTE * _srgb_level(curve.light(level / most))) for level in range(levels))


def _srgb_level(light: float) -> float:
    return 12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055  # noqa: PLR2004 - IEC 61966-2-1


def _to_d50(primaries: Primaries) -> Matrix:
    """Make the matrix from light to XYZ, its white adapted to ICC's; ValueError where there is none."""
    points = (primaries.red, primaries.green, primaries.blue, primaries.white)
    if any(not 0 <= coordinate <= 1 for point in points for coordinate in point):
        raise ValueError("no colors")
    x, y = primaries.white
    if y < _SINGULAR:
        raise ValueError("no white")
    white = (x / y, 1.0, (1 - x - y) / y)
    columns = _transposed([(x, y, 1 - x - y) for x, y in points[:3]])
    shares = _applied(_inverse(columns), white)
    to_xyz = [[a * share for a, share in zip(row, shares, strict=True)] for row in columns]
    matrix = _product(_adaptation(white), to_xyz)
    if any(abs(value) >= _MOST for row in matrix for value in row):
        raise ValueError("no light")
    return matrix


def _adaptation(white: Sequence[float]) -> Matrix:
    seen, wanted = _applied(_BRADFORD, white), _applied(_BRADFORD, _D50_XYZ)
    if any(abs(response) < _SINGULAR for response in seen):
        raise ValueError("no white")
    scaled = [[a * want / have for a in row] for row, have, want in zip(_BRADFORD, seen, wanted, strict=True)]
    return _product(_inverse(_BRADFORD), scaled)


def _inverse(matrix: Matrix) -> Matrix:
    (a, b, c), (d, e, f), (g, h, i) = matrix
    determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    if abs(determinant) < _SINGULAR:
        raise ValueError("a singular matrix")
    adjugate = (
        (e * i - f * h, c * h - b * i, b * f - c * e),
        (f * g - d * i, a * i - c * g, c * d - a * f),
        (d * h - e * g, b * g - a * h, a * e - b * d),
    )
    return tuple((x / determinant, y / determinant, z / determinant) for x, y, z in adjugate)


def _product(one: Matrix, other: Sequence[Sequence[float]]) -> Matrix:
    columns = _transposed(other)
    return tuple(_applied(columns, row) for row in one)


def _applied(matrix: Sequence[Sequence[float]], vector: Sequence[float]) -> tuple[float, float, float]:
    x, y, z = (sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix)
    return x, y, z


def _transposed(matrix: Sequence[Sequence[float]]) -> Matrix:
    return tuple((x, y, z) for x, y, z in zip(*matrix, strict=True))


def _profile(tags: Mapping[bytes, bytes]) -> bytes:
    """Lay out a header, the table of tags and the tags (ICC.1:2022, 7)."""
    offset = 128 + 4 + 12 * len(tags)
    table, data = struct.pack(">I", len(tags)), b""
    for tag, body in tags.items():
        table += struct.pack(">4sII", tag, offset + len(data), len(body))
        data += body + bytes(-len(body) % 4)
    head = struct.pack(">I4sI4s4s4s", offset + len(data), bytes(4), 0x04300000, b"mntr", b"RGB ", b"XYZ ")
    head += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp") + bytes(28) + struct.pack(">3i", *map(_fixed, _D50_XYZ))
    return head.ljust(128, b"\0") + table + data


def _xyz(values: Sequence[float]) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *map(_fixed, values))


def _text(text: str) -> bytes:
    """Write ASCII as UTF-16, without Python's codec: it is loaded late, and the sandbox lets nothing be loaded."""
    encoded = b"".join(bytes((0, ord(character))) for character in text)
    return b"mluc\0\0\0\0" + struct.pack(">II4sII", 1, 12, b"enUS", len(encoded), 28) + encoded


def _fixed(value: float) -> int:
    return round(value * 65536)
