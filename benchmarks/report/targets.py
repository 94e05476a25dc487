"""What is to be reached, and what a run has reached."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import TypeAlias

from benchmarks.programs import AWS, SHARP
from benchmarks.report.equal_look import byte_ratio, pairs_of
from benchmarks.report.ratios import MOST_BYTES, median_ratio
from benchmarks.report.results import PROCESSORS_OF_A_START, EqualLook, Results

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
# A format and a program's name, for an engine of ours.
Made: TypeAlias = Callable[[str], tuple[str, str]]


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
    short: str = ""  # a word for it, where every photograph has a figure

    def is_met(self, value: float, least: float) -> bool:
        """Tell whether a figure is good enough."""
        return value <= least if self.less_is_better else value >= least

    def worst(self, reached: Sequence[Reached]) -> Reached | None:
        """Choose the figure that decides.

        Where a measure has several, all of them have to be good enough.
        """
        choose = max if self.less_is_better else min
        return choose(reached, key=lambda one: one.value, default=None)


def _bytes_at_look(ours: Made, peer: Made, results: Results, engine: str) -> Iterator[Reached]:
    for own, other in pairs_of(results.looks, ours(engine), peer(engine)):
        if (value := byte_ratio(own, other)) is not None:
            yield Reached(value=value, of=own.picture)


def _time_at_look(ours: Made, peers: Sequence[Made], results: Results, engine: str) -> Iterator[Reached]:
    """Compare with the fastest of the peers, and note where ours has more bytes than that."""
    worst: dict[str, Reached] = {}
    for peer in peers:
        for own, other in pairs_of(results.looks, ours(engine), peer(engine)):
            larger = byte_ratio(own, other)
            objections = (f"{100 * (larger - 1):+.0f}% bytes",) if larger is not None and larger > MOST_BYTES else ()
            found = Reached(value=median_ratio(other.seconds, own.seconds), of=own.picture, objections=objections)
            if own.picture not in worst or found.value < worst[own.picture].value:
                worst[own.picture] = found
    yield from worst.values()


def _better_peers(results: Results, engine: str) -> Iterator[Reached]:
    """Count the peers that a picture is at once faster and smaller with, by more than what is taken for equal."""
    peers = [program.name for program in results.programs if not program.engine]
    for own in results.looks:
        if own.program != f"darkroom-{engine}" or not own.points:
            continue
        cells = [cell for cell in results.looks if (cell.picture, cell.format) == (own.picture, own.format)]
        better = [cell.program for cell in cells if cell.program in peers and _is_better(cell, own)]
        yield Reached(value=len(better), of=f"{own.picture} to {own.format}{': ' if better else ''}{', '.join(better)}")


def _is_better(peer: EqualLook, own: EqualLook) -> bool:
    larger = byte_ratio(own, peer) if peer.points else None
    return larger is not None and larger > MOST_BYTES and median_ratio(own.seconds, peer.seconds) > MOST_BYTES


def _of_ours(output: str) -> Made:
    return lambda engine: (output, f"darkroom-{engine}")


def _of_peer(output: str, program: str) -> Made:
    return lambda _: (output, program)


def _runtime_start(results: Results, engine: str) -> Iterator[Reached]:
    for start in results.runtime_starts:
        if (start.engine, start.processors) == (engine, 1):
            yield Reached(value=1000 * median(one.seconds for one in start.rounds))


def _lone(results: Results, engine: str) -> Iterator[Reached]:
    for batch in results.batches:
        if (batch.engine, batch.format) == (engine, "jpg"):
            yield Reached(value=1000 * median(batch.alone))


def _batch(results: Results, engine: str) -> Iterator[Reached]:
    for batch in results.batches:
        if (batch.engine, batch.format) == (engine, "jpg"):
            yield Reached(value=median_ratio(batch.one_after_another, batch.together))


def _first_answer(results: Results, engine: str) -> Iterator[Reached]:
    for start in results.starts:
        if (start.engine, start.processors) == (engine, PROCESSORS_OF_A_START):
            yield Reached(value=median(one.seconds for one in start.rounds))


def _peak(results: Results, engine: str) -> Iterator[Reached]:
    for peak in results.peaks:
        if (peak.engine, peak.megapixels) == (engine, _HUGE_MEGAPIXELS):
            yield Reached(value=(peak.answer.function_bytes + peak.answer.child_bytes) / _MEGABYTE)


def _of_bytes(output: str, least: float, aim: float) -> Target:
    return Target(
        short=f"{_OUTPUTS[output]}: bytes",
        measure=f"bytes at equal look, {_OUTPUTS[output]}, for one of sharp's",
        unit="x",
        least={"pillow": least, "vips": least},
        aim=aim,
        find=partial(_bytes_at_look, _of_ours(output), _of_peer(output, SHARP[0])),
        less_is_better=True,
    )


def _of_time(peer: str, programs: Sequence[str], output: str, least: Mapping[str, float], aim: float) -> Target:
    return Target(
        short=f"{_OUTPUTS[output]}: {programs[0].partition('-')[0]}",
        measure=f"time at equal look, {_OUTPUTS[output]}, against {peer}",
        unit="x",
        least=least,
        aim=aim,
        find=partial(_time_at_look, _of_ours(output), [_of_peer(output, program) for program in programs]),
    )


_OUTPUTS = {"jpg": "JPEG", "webp": "WebP"}
_TUTORIAL = "the AWS tutorial's handler"

TARGETS = (
    _of_bytes("jpg", 0.86, 0.8),
    _of_bytes("webp", 1.0, 0.95),
    Target(
        short="AVIF: bytes",
        measure="bytes at equal look, AVIF, for one of our own WebP",
        unit="x",
        least={"pillow": 0.8, "vips": 0.8},
        aim=0.75,
        find=partial(_bytes_at_look, _of_ours("avif"), _of_ours("webp")),
        less_is_better=True,
    ),
    Target(
        short="AVIF: time",
        measure="time at equal look, our own WebP's for one of AVIF",
        unit="x",
        least={"pillow": 1 / 1.2, "vips": 1 / 1.2},
        aim=1.0,
        find=partial(_time_at_look, _of_ours("avif"), [_of_ours("webp")]),
    ),
    _of_time("sharp's best", SHARP, "jpg", {"pillow": 1.05, "vips": 1.5}, 2.0),
    _of_time("sharp's best", SHARP, "webp", {"pillow": 1.0, "vips": 1.1}, 1.3),
    _of_time(_TUTORIAL, (AWS,), "jpg", {"pillow": 2.3, "vips": 3.3}, 4.0),
    _of_time(_TUTORIAL, (AWS,), "webp", {"pillow": 1.3, "vips": 1.4}, 2.0),
    Target(
        measure="peers at once faster and smaller at equal look",
        unit="",
        least={"pillow": 0.0, "vips": 0.0},
        aim=0.0,
        find=_better_peers,
        less_is_better=True,
    ),
    Target(
        measure="cold start on one processor, the real runtime",
        unit="ms",
        least={"pillow": 400.0, "vips": 420.0},
        aim=320.0,
        find=_runtime_start,
        less_is_better=True,
    ),
    Target(
        measure="event to manifest, warm, 30 ms GET and 60 ms PUT, one core, JPEG",
        unit="ms",
        least={"pillow": 255.0, "vips": 225.0},
        aim=200.0,
        find=_lone,
        less_is_better=True,
    ),
    Target(
        measure="batch of ten, JPEG, against one after another",
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
