"""Map PQ and HLG (ITU-R BT.2100) to SDR by ICC profile.

White of a page is 203 cd/m2 (ITU-R BT.2408, table 1). What is darker keeps a share of its light, what is brighter is
bent so that the brightest of the picture becomes white: the reference white tone mapping of SMPTE ST 2094-50, annex D,
which Chromium 156 has. A picture that does not say how bright it is has 1000 cd/m2, and then that share is a half.
The largest of red, green and blue in BT.2020 decides, and all three change alike: no hue shifts.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import TypeAlias

from resize.imaging.color.icc import PRIMARIES, Matrix, Primaries, conversion, profile_by_table

Light: TypeAlias = tuple[float, float, float]  # red, green and blue

# Levels of each color in the table, as many as lcms2 keeps of any.
_NODES = 33

_WHITE = 203.0  # cd/m2
PEAK = 1000  # of the display that HLG's system gamma of 1.2 is for, and that a PQ without metadata is mastered on
_MOST = 10_000  # PQ's
_HEADROOM = PEAK / _WHITE

# Rows of ITU-T H.273's tables 2 and 3.
_BT709, _BT2020 = 1, 9
_PQ, _HLG = 16, 18

# Luminance in BT.2020 (ITU-R BT.2100, table 5).
_LUMINANCE = (0.2627, 0.6780, 0.0593)
_SYSTEM_GAMMA = 1.2

# The curve of ST 2094-50: a line from black to the image of white, and from there a quadratic Bezier curve.
_KAPPA = 0.65


def peak_of(brightest: float, mastered: float = 0) -> float:
    """Choose how bright a picture gets, in cd/m2.

    By its brightest pixel, or by what it was mastered on. Either is 0 where the file does not say it. The order is
    Chromium's, and so is what is taken without both.
    """
    return min(brightest or mastered or PEAK, _MOST)


def is_hdr(transfer: int) -> bool:
    """Say whether brightness goes beyond the white of a page.

    A row of ITU-T H.273, table 3, says so.
    """
    return transfer in (_PQ, _HLG)


class _ToneCurve:
    """What becomes of light, in whites, so that `headroom` times white is the brightest that is left."""

    def __init__(self, headroom: float) -> None:
        self._headroom = headroom
        self._white_to = 1 - 0.5 * min(max(math.log(headroom) / math.log(_HEADROOM), 0.0), 1.0)
        self._bend = (1 - _KAPPA + _KAPPA / self._white_to, (1 - _KAPPA) * self._white_to + _KAPPA)

    def __call__(self, light: float) -> float:
        """Give the light of SDR, white being 1, for HDR's, its white being 1 too."""
        if light <= 1:
            return self._white_to * light
        if light >= self._headroom:
            return 1.0
        (x1, y1), x2 = self._bend, self._headroom
        square, linear, constant = 1 - 2 * x1 + x2, 2 * (x1 - 1), 1 - light
        t = 2 * -constant / (linear + math.sqrt(linear * linear - 4 * square * constant))
        return (1 - t) ** 2 * self._white_to + 2 * t * (1 - t) * y1 + t * t


@lru_cache(maxsize=4)
def profile_of_hdr(primaries: Primaries, transfer: int, peak: float = PEAK) -> bytes:
    """Write the profile by which PQ or HLG becomes what a page can show.

    `peak` is the brightest that the picture has, in cd/m2. It takes some tenths of a second, once for each kind.
    """
    mixed, shown = conversion(primaries, PRIMARIES[_BT2020]), conversion(PRIMARIES[_BT2020], PRIMARIES[_BT709])
    decode, display = (_pq, _as_it_is) if transfer == _PQ else (_hlg, _displayed)
    decoded = lru_cache(maxsize=_NODES)(decode)
    mapped = _ToneCurve(peak / _WHITE)

    def light(*levels: float) -> Sequence[float]:
        return _bent(display(*_applied(mixed, *map(decoded, levels))), shown, mapped)

    return profile_by_table(_NODES, light)


def _bent(light: Light, shown: Matrix, mapped: _ToneCurve) -> Light:
    brightest = max(light)
    gain = mapped(brightest) / brightest if brightest > 0 else 1.0
    red, green, blue = (min(1.0, max(0.0, gain * value)) for value in _applied(shown, *light))
    return red, green, blue


def _pq(level: float) -> float:
    """Give the light of a level, in whites (ITU-R BT.2100, table 4)."""
    power = level ** (32 / 2523)
    return _MOST / _WHITE * math.pow(max(power - 3424 / 4096, 0.0) / (2413 / 128 - 2392 / 128 * power), 16384 / 2610)


def _hlg(level: float) -> float:
    """Give the light of a scene, 0 to 1, of a level (ITU-R BT.2100, table 5)."""
    if level <= 0.5:  # noqa: PLR2004 - the standard's
        return level * level / 3
    return (math.exp((level - 0.55991073) / 0.17883277) + 0.28466892) / 12


def _as_it_is(red: float, green: float, blue: float) -> Light:
    return red, green, blue


def _displayed(red: float, green: float, blue: float) -> Light:
    """Give the light of HLG's display, in whites, for that of the scene: its system gamma is for luminance."""
    luminance = sum(share * value for share, value in zip(_LUMINANCE, (red, green, blue), strict=True))
    gain = _HEADROOM * max(luminance, 0.0) ** (_SYSTEM_GAMMA - 1)
    return gain * red, gain * green, gain * blue


def _applied(matrix: Matrix, red: float, green: float, blue: float) -> Light:
    first, second, third = (row[0] * red + row[1] * green + row[2] * blue for row in matrix)
    return first, second, third
