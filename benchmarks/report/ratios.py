"""How many times as fast, and whether it counts.

A speed that was bought with quality or bytes does not.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.report.results import Measured

LEAST_SIMILARITY = 0.99
MOST_BYTES = 1.03  # times the peer's
# How much less a file may be like the perfect one than the peer's: an encoder that is quick as it is careless shows
# here, while a difference of one part in a hundred comes from 3 % of the bytes alone.
FILE_SLACK = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Ours against a peer's: `speed` above 1 is faster, `bytes` above 1 larger.

    `objections` say why not to count.
    """

    speed: float
    bytes: float
    objections: tuple[str, ...]

    @property
    def counts(self) -> bool:
        """Whether the speed counts."""
        return not self.objections


def median_ratio(slower: Sequence[float], faster: Sequence[float]) -> float:
    """Take the median of the ratios of neighbouring rounds.

    What slows the machine meets both of a round. Where one has fewer rounds, as it is slow, there are no neighbours: it
    is the ratio of the medians.
    """
    if len(slower) != len(faster):
        return median(slower) / median(faster)
    return median(one / other for one, other in zip(slower, faster, strict=True))


def compare(ours: Measured, peer: Measured) -> Comparison:
    """Hold our rounds against a peer's, in the same cell."""
    larger = ours.bytes / peer.bytes
    return Comparison(
        speed=median_ratio(peer.seconds, ours.seconds),
        bytes=larger,
        objections=tuple(_objections(ours, peer, larger)),
    )


def _objections(ours: Measured, peer: Measured, larger: float) -> Iterable[str]:
    if ours.pixels < LEAST_SIMILARITY:
        yield f"SSIM {ours.pixels:.3f}"
    if larger > MOST_BYTES:
        yield f"{larger - 1:+.0%} bytes"
    if ours.file < peer.file - FILE_SLACK:
        yield f"file SSIM {ours.file - peer.file:+.3f}"


def fastest(measured: Iterable[Measured], names: Iterable[str]) -> Measured | None:
    """Give the fastest of those programs that did the work."""
    wanted = set(names)
    able = [one for one in measured if one.program in wanted and one.seconds]
    return min(able, key=lambda one: median(one.seconds), default=None)
