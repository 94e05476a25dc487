"""What is to be reached, and what a run has reached."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import TypeAlias

from benchmarks.programs import AWS, SHARP
from benchmarks.report.ratios import compare, fastest, median_ratio
from benchmarks.report.results import PROCESSORS_OF_A_START, Results

JPEGS = ("6-megapixels.jpg", "24-megapixels.jpg")
_HUGE_MEGAPIXELS = 100
_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """A figure of one engine, and what it was measured on.

    If it does not count, why.
    """

    value: float
    of: str = ""
    objections: tuple[str, ...] = ()


Find: TypeAlias = Callable[[Results, str], Iterable[Reached]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A measure, with the least that an engine has to reach, and our aim.

    The least is by the engine's name; `find` looks the figure up.
    """

    measure: str
    unit: str
    least: Mapping[str, float]
    aim: float
    find: Find
    less_is_better: bool = False

    def is_met(self, value: float, least: float) -> bool:
        """Tell whether a figure is good enough."""
        return value <= least if self.less_is_better else value >= least

    def worst(self, reached: Sequence[Reached]) -> Reached | None:
        """Choose the figure that decides.

        Where a measure has several, all of them have to be good enough.
        """
        choose = max if self.less_is_better else min
        return choose(reached, key=lambda one: one.value, default=None)


def _against(peers: Sequence[str], output: str, results: Results, engine: str) -> Iterator[Reached]:
    ours = f"darkroom-{engine}"
    for cell in results.cells:
        if cell.format != output or cell.source not in JPEGS:
            continue
        mine, peer = fastest(cell.measured, [ours]), fastest(cell.measured, peers)
        if mine and peer:
            compared = compare(mine, peer)
            yield Reached(value=compared.speed, of=cell.source, objections=compared.objections)


def _batch(results: Results, engine: str) -> Iterator[Reached]:
    for batch in results.batches:
        if batch.engine == engine:
            yield Reached(value=median_ratio(batch.one_after_another, batch.together))


def _first_answer(results: Results, engine: str) -> Iterator[Reached]:
    for start in results.starts:
        if (start.engine, start.processors) == (engine, PROCESSORS_OF_A_START):
            yield Reached(value=median(one.seconds for one in start.rounds))


def _peak(results: Results, engine: str) -> Iterator[Reached]:
    for peak in results.peaks:
        if (peak.engine, peak.megapixels) == (engine, _HUGE_MEGAPIXELS):
            yield Reached(value=(peak.answer.function_bytes + peak.answer.child_bytes) / _MEGABYTE)


def _of_rendering(peer: str, programs: Sequence[str], output: str, least: Mapping[str, float], aim: float) -> Target:
    return Target(
        measure=f"rendering, JPEG to three {_OUTPUTS[output]}, against {peer}",
        unit="x",
        least=least,
        aim=aim,
        find=partial(_against, programs, output),
    )


_OUTPUTS = {"jpg": "JPEG", "webp": "WebP"}
_TUTORIAL = "the AWS tutorial's handler"

TARGETS = (
    _of_rendering("sharp's best", SHARP, "jpg", {"pillow": 1.0, "vips": 1.7}, 2.2),
    _of_rendering("sharp's best", SHARP, "webp", {"pillow": 1.0, "vips": 1.1}, 1.5),
    _of_rendering(_TUTORIAL, (AWS,), "jpg", {"pillow": 2.5, "vips": 5.0}, 6.0),
    _of_rendering(_TUTORIAL, (AWS,), "webp", {"pillow": 2.5, "vips": 5.0}, 6.0),
    Target(
        measure="batch of ten, against one after another",
        unit="x",
        least={"pillow": 3.0, "vips": 3.0},
        aim=4.0,
        find=_batch,
    ),
    Target(
        measure="fresh process to first answer",
        unit="s",
        least={"pillow": 0.6, "vips": 0.6},
        aim=0.3,
        find=_first_answer,
        less_is_better=True,
    ),
    Target(
        measure="peak memory for a 100-megapixel JPEG",
        unit="MB",
        least={"pillow": 500.0, "vips": 250.0},
        aim=150.0,
        find=_peak,
        less_is_better=True,
    ),
)
