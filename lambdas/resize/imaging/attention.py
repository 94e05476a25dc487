"""Find what draws the eye in a picture, for cuts of gravity `attention`.

Both engines ask this code, of a picture of some two thousand pixels, so that their cuts agree. It adds up: how far
each color is from the mean color in CIELAB, which is the salience of Achanta, Hemami, Estrada and Süsstrunk,
"Frequency-tuned salient region detection" (CVPR 2009); how near it is to the direction in RGB that skin of any tone
has (the vector is that of smartcrop.js, github.com/jwagner/smartcrop.js); and how steep lightness is. The sum is
blurred, so that what counts is an area and no pixel. Its place is a mean of all places, with weights that leave
little but the peak: unlike the highest pixel's it moves little where little changes, such as from one engine to the
other.
"""

import math
import operator
from collections.abc import Sequence
from itertools import accumulate
from typing import TypeAlias

from contract.focal_point import FocalPoint
from resize.imaging.geometry import Size
from resize.imaging.placeholder import Thumbnail

# A value for each pixel, row by row.
_Map: TypeAlias = Sequence[float]

# How long a side is at most, and how many pixels there are: time grows with them.
_SIDE = 64
_PIXELS = 2048

# How much each map counts. Of those that were tried, these keep the subject whole most often, on photographs of people
# and on drawn scenes with and without faces: tests/unit/resize/imaging/test_attention.py.
_CONTRAST, _SKIN, _EDGES, _OPACITY = 1.0, 2.0, 1.0, 1.0

# What each opaque pixel counts in any case, so that the middle is kept where nothing stands out; and of which steps of
# CIELAB contrast and edges are not made the most, as they are of larger ones: up to it, they may be noise.
_BASE, _FAINT = 0.1, 5.0

# The share of the shorter side that the blur reaches to either side, in each of two passes.
_REACH = 0.1

# By which power of its height a pixel of the blurred sum counts: less lets a second peak pull, more lets it take over.
_SHARPNESS = 16

_SKIN_COLOR = (0.78, 0.57, 0.44)
_SKIN_LENGTH = math.hypot(*_SKIN_COLOR)
_FARTHEST_SKIN = 0.2  # between directions of length 1
# Lengths of colors of 0 to 255 a band: up to the first, a direction is noise, and from the second on it is not.
_DARKEST_SKIN, _CERTAIN_SKIN = 20.0, 60.0

# To CIELAB from sRGB, with its white (IEC 61966-2-1; CIE 15): what each level of a band adds to X, Y and Z.
_LINEAR = tuple(v / 255 / 12.92 if v <= 10 else ((v / 255 + 0.055) / 1.055) ** 2.4 for v in range(256))  # noqa: PLR2004
_X, _Y, _Z = (
    tuple(tuple(share / white * light for light in _LINEAR) for share in shares)
    for shares, white in (
        ((0.4124, 0.3576, 0.1805), 0.9505),
        ((0.2126, 0.7152, 0.0722), 1.0),
        ((0.0193, 0.1192, 0.9505), 1.089),
    )
)
_DARK = (6 / 29) ** 3


def attention_size(size: Size) -> Size:
    """Say how small a picture is looked at, whole."""
    scale = min(1.0, _SIDE / max(size), math.sqrt(_PIXELS / (size.width * size.height)))
    return Size(*(max(1, round(side * scale)) for side in size))


def find_attention(picture: Thumbnail) -> FocalPoint | None:
    """Find the point that draws the eye; None where nothing can be seen.

    It is the middle where nothing stands out. What is transparent draws nothing, and beside it what is opaque does.
    """
    pixels = [picture.rgba[at : at + 4] for at in range(0, len(picture.rgba), 4)]
    opacity = [pixel[3] / 255 for pixel in pixels]
    if not any(opacity):
        return None
    colors = [_lab(pixel) for pixel in pixels]
    salience = zip(
        _up_to(_CONTRAST, _contrast(colors, opacity)),
        _above_mean(_SKIN, [_skin(pixel) for pixel in pixels], opacity),  # a beach is no face
        _up_to(_EDGES, _steepness([lightness for lightness, _, _ in colors], opacity, picture.size.width)),
        _above_mean(_OPACITY, opacity, [1.0] * len(opacity)),
        [_BASE * share for share in opacity],
        strict=True,
    )
    return _peak(_blurred([sum(values) for values in salience], picture.size), picture.size)


def _lab(pixel: bytes) -> tuple[float, float, float]:
    red, green, blue, _ = pixel
    x = _curve(_X[0][red] + _X[1][green] + _X[2][blue])
    y = _curve(_Y[0][red] + _Y[1][green] + _Y[2][blue])
    z = _curve(_Z[0][red] + _Z[1][green] + _Z[2][blue])
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _curve(share: float) -> float:
    return math.cbrt(share) if share > _DARK else share * 841 / 108 + 4 / 29


def _contrast(colors: Sequence[tuple[float, float, float]], opacity: _Map) -> list[float]:
    mean = [_mean(band, opacity) for band in zip(*colors, strict=True)]
    return [math.dist(color, mean) * share for color, share in zip(colors, opacity, strict=True)]


def _skin(pixel: bytes) -> float:
    """Tell how like skin a color is, 0 to 1."""
    red, green, blue, _ = pixel
    length = math.sqrt(red * red + green * green + blue * blue)
    certainty = min(1.0, (length - _DARKEST_SKIN) / (_CERTAIN_SKIN - _DARKEST_SKIN))
    if certainty <= 0:
        return 0.0
    cosine = (red * _SKIN_COLOR[0] + green * _SKIN_COLOR[1] + blue * _SKIN_COLOR[2]) / (length * _SKIN_LENGTH)
    return certainty * max(0.0, 1 - math.sqrt(max(0.0, 2 - 2 * cosine)) / _FARTHEST_SKIN)


def _steepness(lightness: _Map, opacity: _Map, width: int) -> list[float]:
    """Add up how far each pixel is from its four neighbours, as far as both are opaque."""
    across, down, edge = _steps(lightness, opacity, 1), _steps(lightness, opacity, width), [0.0] * width
    across[width - 1 :: width] = [0.0] * len(across[width - 1 :: width])  # from a row's end to the next one's start
    sides = zip([*across, 0.0], [0.0, *across], [*down, *edge], [*edge, *down], strict=True)
    return [sum(steps) for steps in sides]


def _steps(lightness: _Map, opacity: _Map, apart: int) -> list[float]:
    pairs = zip(lightness, lightness[apart:], opacity, opacity[apart:], strict=False)
    return [abs(one - other) * share * other_share for one, other, share, other_share in pairs]


def _mean(values: Sequence[float], weights: _Map) -> float:
    weighed: float = sum(map(operator.mul, values, weights))
    return weighed / (sum(weights) or 1)


def _above_mean(factor: float, values: _Map, weights: _Map) -> list[float]:
    mean = _mean(values, weights)
    return [factor * max(0.0, value - mean) * weight for value, weight in zip(values, weights, strict=True)]


def _up_to(most: float, values: list[float]) -> list[float]:
    factor = most / max(_FAINT, *values)
    return [factor * value for value in values]


def _blurred(values: list[float], size: Size) -> list[float]:
    """Average twice over a square, outside of which and of the picture nothing is."""
    reach = max(1, round(_REACH * min(size)))
    width, height = size
    for _ in range(2):
        rows = [_sums(values[row : row + width], reach) for row in range(0, width * height, width)]
        columns = [_sums(column, reach) for column in zip(*rows, strict=True)]
        values = [value for row in zip(*columns, strict=True) for value in row]
    return values


def _sums(line: Sequence[float], reach: int) -> list[float]:
    """Sum up the values as near as this to each."""
    beside = [0.0] * reach
    until = [0.0, *accumulate([*beside, *line, *beside])]
    return list(map(operator.sub, until[2 * reach + 1 :], until))


def _peak(heights: list[float], size: Size) -> FocalPoint:
    highest = max(heights)
    weights = [(height / highest) ** _SHARPNESS for height in heights]
    rows = [weights[row : row + size.width] for row in range(0, len(weights), size.width)]
    across, down = [sum(column) for column in zip(*rows, strict=True)], [sum(row) for row in rows]
    return FocalPoint(x=_middle(across), y=_middle(down))


def _middle(weights: _Map) -> float:
    return round(sum((at + 0.5) * weight for at, weight in enumerate(weights)) / sum(weights) / len(weights), 6)
