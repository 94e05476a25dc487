"""Find the quality at which a program's files have a certain look."""

import math
from collections.abc import Callable, Sequence

from benchmarks.report.results import Point

_STEP = 12
_MOST_TRIES = 7
_NEAR = 2.0  # of SSIMULACRA2's points: between two files, one as near as that, bytes are told by their logarithms


def points_around(look: float, made: Callable[[int], Point], first: int) -> tuple[Point, ...]:
    """Try qualities, from the first, until one file looks better and another worse.

    One of them is nearly right then. Where no quality reaches that look, the tries end at the best or the worst.
    """
    tried: dict[int, Point] = {}
    quality = first
    while quality not in tried and len(tried) < _MOST_TRIES:
        tried[quality] = made(quality)
        worse, better = _neighbours(tuple(tried.values()), look)
        if worse and better and min(look - worse.look, better.look - look) <= _NEAR:
            break
        quality = _next(tuple(tried.values()), look)
    return tuple(tried.values())


def _neighbours(points: Sequence[Point], look: float) -> tuple[Point | None, Point | None]:
    worse = max((point for point in points if point.look <= look), key=lambda point: point.look, default=None)
    better = min((point for point in points if point.look > look), key=lambda point: point.look, default=None)
    return worse, better


def _next(points: Sequence[Point], look: float) -> int:
    worse, better = _neighbours(points, look)
    if worse and better:
        part = (look - worse.look) / (better.look - worse.look)
        return round(worse.quality + part * (better.quality - worse.quality))
    known = nearest(points, look)
    return min(known.quality + _STEP, 100) if worse else max(known.quality - _STEP, 1)


def bytes_at_look(points: Sequence[Point], look: float) -> float | None:
    """Tell what a file of that look would have.

    None where no file was better, or none was worse.
    """
    worse, better = _neighbours(points, look)
    if worse is None or better is None:
        return None
    part = (look - worse.look) / (better.look - worse.look)
    return math.exp(math.log(worse.bytes) + part * (math.log(better.bytes) - math.log(worse.bytes)))


def dssim_at_look(points: Sequence[Point], look: float) -> float | None:
    """Tell how unlike a file of that look would be by DSSIM; None as above."""
    worse, better = _neighbours(points, look)
    if worse is None or better is None:
        return None
    part = (look - worse.look) / (better.look - worse.look)
    return math.exp(math.log(worse.dssim) + part * (math.log(better.dssim) - math.log(worse.dssim)))


def bytes_at_dssim(points: Sequence[Point], dssim: float) -> float | None:
    """Tell what a file of that DSSIM would have.

    It is told from the two files that are nearest to it; None where there are not two.
    """
    by_distance = sorted(points, key=lambda point: abs(math.log(point.dssim / dssim)))
    different = [point for point in by_distance[1:] if point.dssim != by_distance[0].dssim]
    if not different:
        return None
    one, other = by_distance[0], different[0]
    part = math.log(dssim / one.dssim) / math.log(other.dssim / one.dssim)
    return math.exp(math.log(one.bytes) + part * (math.log(other.bytes) - math.log(one.bytes)))


def nearest(points: Sequence[Point], look: float) -> Point:
    """Choose the file that is nearest to a look."""
    return min(points, key=lambda point: abs(point.look - look))
