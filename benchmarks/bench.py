"""`make bench`: measures all of it, and writes the page and the figures.

`--quick` shows in minutes that it runs.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import machine
from benchmarks.engines import engines
from benchmarks.function.batch import measure_batch
from benchmarks.function.cold_start import FreshFunction
from benchmarks.function.runtime_start import measure_runtime_start
from benchmarks.function.whole import measure_whole
from benchmarks.images import pictures
from benchmarks.look.measure import FORMATS as LOOK_FORMATS
from benchmarks.look.measure import LookBench, photographs_in, shipped_photographs
from benchmarks.programs import candidates, heic_writer
from benchmarks.rendering import FORMATS, Bench, Pace, facts_of, started
from benchmarks.report.chart import draw
from benchmarks.report.page import page
from benchmarks.report.results import PROCESSORS_OF_A_START, Peak, Results, Start
from benchmarks.run import commit, teller
from benchmarks.workers import PROJECT, WorkerError
from darkroom.errors import DarkroomError
from stacks.bundle.build import BundleError
from support.function.lambda_function import is_set_up

_EXPECTED = (WorkerError, DarkroomError, BundleError, OSError, RuntimeError, subprocess.SubprocessError)
_PEAKS = {1: (1250, 800), 10: (4000, 2500), 100: (12_500, 8000)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """How much is measured."""

    pace: Pace
    formats: dict[str, tuple[str, ...]]  # by source
    batch_formats: tuple[str, ...]
    batch_rounds: int
    starts: int
    photographs: int  # at most so many, of which all programs make variants of one look


FULL = Extent(
    pace=Pace(fewest=2, most=15, seconds=8),
    formats=dict.fromkeys((*pictures.SOURCES, pictures.HEIC), FORMATS),
    batch_formats=("webp", "jpg"),
    batch_rounds=3,
    starts=9,
    photographs=100,
)
QUICK = Extent(
    pace=Pace(fewest=1, most=1, seconds=0),
    formats={
        "6-megapixels.jpg": ("jpg", "webp"),
        "transparent.png": ("webp",),
        "photograph.webp": ("webp",),
        "animation.gif": ("webp", "avif"),
        pictures.HEIC: ("webp",),
    },
    batch_formats=("webp",),
    batch_rounds=1,
    starts=2,
    photographs=1,
)


class Run:
    """One run: each part adds to the results, or to what could not be measured."""

    def __init__(self, extent: Extent, folder: Path, tell: Callable[[str], None], results: Results) -> None:
        self._extent = extent
        self._folder = folder
        self._tell = tell
        self.results = results

    def rendering(self) -> None:
        """Every source to every format, by every program, on one core."""
        sources = list(self._sources())
        with (
            machine.on_processors(1),
            started(candidates(), self._folder) as (workers, programs),
        ):
            self.results = replace(self.results, programs=tuple(programs), sources=tuple(map(facts_of, sources)))
            bench = Bench(workers, self._folder, self._extent.pace)
            for source in sources:
                for cell in bench.cells(source, self._extent.formats[source.name], self._tell):
                    self.results = replace(self.results, cells=(*self.results.cells, cell))

    def looks(self, photographs: Sequence[Path]) -> None:
        """Every photograph to every format, by every program, at one look."""
        with (
            machine.on_processors(1),
            started(candidates(), self._folder) as (workers, programs),
            LookBench(workers, self._folder, self._extent.pace) as bench,
        ):
            self.results = replace(self.results, programs=tuple(programs))
            for photograph in photographs[: self._extent.photographs]:
                for cell in bench.cells(photograph, LOOK_FORMATS, self._tell):
                    self.results = replace(self.results, looks=(*self.results.looks, cell))

    def _sources(self) -> Iterator[Path]:
        for name in self._extent.formats:
            self._tell(f"making {name}")
            if name != pictures.HEIC:
                yield pictures.write(self._folder, name)
                continue
            png, heic = self._folder / "for-heic.png", self._folder / name
            png.write_bytes(pictures.picture_for_heic())
            subprocess.run(heic_writer(png, heic), check=True, cwd=PROJECT)
            yield heic

    def batch(self, engine: str) -> None:
        """Ten jobs at once, and one after another."""
        source = self._folder / "6-megapixels.jpg"
        for output in self._extent.batch_formats:
            self._tell(f"a batch of ten, {engine}, to {output}")
            measured = measure_batch(engine, output, source, self._folder, self._extent.batch_rounds)
            self.results = replace(self.results, batches=(*self.results.batches, measured))

    def first_jobs(self, engine: str) -> None:
        """Cold starts, and peaks of memory."""
        self._tell(f"cold starts, {engine}")
        fresh, source = FreshFunction(engine, self._folder), self._snapshot()
        for processors in (PROCESSORS_OF_A_START, 1):
            with machine.on_processors(processors):
                rounds = tuple(fresh.first_job(source) for _ in range(self._extent.starts))
            start = Start(engine=engine, processors=processors, rounds=rounds)
            self.results = replace(self.results, starts=(*self.results.starts, start))
        for megapixels, size in _PEAKS.items():
            self._tell(f"peak memory of {megapixels} megapixels, {engine}")
            source = self._folder / f"{megapixels}.jpg"
            if not source.exists():
                source.write_bytes(pictures.huge_jpeg(size))
            peak = Peak(engine=engine, megapixels=megapixels, answer=fresh.first_job(source))
            self.results = replace(self.results, peaks=(*self.results.peaks, peak))

    def runtime_starts(self, engine: str) -> None:
        """Measure cold starts under Lambda's runtime interface.

        Only where `make test-runtime` has set that up.
        """
        if not is_set_up():
            self._tell("Lambda's runtime is not set up here: make test-runtime does it")
            return
        self._tell(f"cold starts under Lambda's runtime, {engine}")
        source = self._snapshot().read_bytes()
        for processors in (PROCESSORS_OF_A_START, 1):
            start = measure_runtime_start(engine, source, self._folder, self._extent.starts, processors)
            self.results = replace(self.results, runtime_starts=(*self.results.runtime_starts, start))

    def whole(self, uploads: int) -> None:
        """Uploads through the pipeline on this machine."""
        self.results = replace(self.results, whole=measure_whole(self._snapshot(), uploads, self._tell))

    def attempt(self, name: str, part: Callable[[], None]) -> None:
        """Do a part; where it cannot be done, note why and go on.

        The others are worth having.
        """
        try:
            part()
        except _EXPECTED as error:
            failure = f"{name}: {type(error).__name__}: {error}"
            self._tell(failure)
            self.results = replace(self.results, failures=(*self.results.failures, failure))

    def _snapshot(self) -> Path:
        path = self._folder / "snapshot.jpg"
        if not path.exists():
            path.write_bytes(pictures.jpeg(pictures.SNAPSHOT))
        return path


def measure(arguments: argparse.Namespace) -> Results:
    """Measure all of it."""
    tell = teller()
    command = "make bench QUICK=1" if arguments.quick else "make bench"
    given = photographs_in(arguments.photos) if arguments.photos else []
    results = Results(
        date=datetime.now(UTC).date().isoformat(),
        commit=commit(),
        command=command,
        quick=arguments.quick,
        machine=machine.describe(),
    )
    with tempfile.TemporaryDirectory(prefix="darkroom-bench-") as folder:
        run = Run(QUICK if arguments.quick else FULL, Path(folder), tell, results)
        run.attempt("looks", lambda: run.looks([*given, *shipped_photographs()]))
        run.attempt("rendering", run.rendering)
        for engine in engines():
            run.attempt(f"batch, {engine}", lambda engine=engine: run.batch(engine))  # type: ignore[misc]
            run.attempt(f"first jobs, {engine}", lambda engine=engine: run.first_jobs(engine))  # type: ignore[misc]
            run.attempt(f"runtime, {engine}", lambda engine=engine: run.runtime_starts(engine))  # type: ignore[misc]
        run.attempt("the whole", lambda: run.whole(arguments.uploads))
    return run.results


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and write; the status is 1 where something could not be measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="show that everything runs, in minutes")
    parser.add_argument("--uploads", type=_positive, default=1000, help="how many go through the whole pipeline")
    parser.add_argument("--photos", type=_folder, help="a folder of photographs, beside those that ship in packages")
    parser.add_argument("--page", action="store_true", help="write the page anew, from the figures that are there")
    parser.add_argument("--out", type=Path, default=PROJECT / "docs", help="where the page and the figures go")
    arguments = parser.parse_args(argv)
    figures: Path = arguments.out / "benchmarks.json"
    results = Results.from_json(figures.read_text(encoding="utf-8")) if arguments.page else measure(arguments)
    arguments.out.mkdir(parents=True, exist_ok=True)
    for path, text in ((figures, results.to_json()), (figures.with_suffix(".md"), page(results))):
        path.write_text(text, encoding="utf-8")
    if results.looks:
        draw(results, arguments.out)
    print(figures.with_suffix(".md"))
    return 1 if results.failures else 0


def _folder(text: str) -> Path:
    folder = Path(text)
    if not folder.is_dir() or not photographs_in(folder):
        raise argparse.ArgumentTypeError(f"{text!r} is no folder with a photograph: a .png, .jpg or .jpeg")
    return folder


def _positive(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
