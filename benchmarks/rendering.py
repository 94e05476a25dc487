"""Rendering on one core.

Each source to three variants, by every program, in turns.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from time import monotonic

import pi_heif
from PIL import Image

from benchmarks.images.similarity import Original
from benchmarks.peers.serving import Box
from benchmarks.programs import Candidate
from benchmarks.report.results import Cell, Measured, Program
from benchmarks.report.results import Source as SourceFacts
from benchmarks.workers import Worker, WorkerError

pi_heif.register_heif_opener()

FORMATS = ("jpg", "webp", "avif")
QUALITY = 80
_LOSSLESS = "png"
_MOVES = {"webp"}  # what an animation stays one in
SLOW_SECONDS = 4  # what takes longer is rendered once, for all to fit into twenty minutes
_ROUNDING = 1  # of a side, in pixels: libraries round differently

# cdk.json's own, largest first.
BOXES = (
    Box(name="large", width=1600, height=None, cover=False),
    Box(name="medium", width=800, height=None, cover=False),
    Box(name="thumb", width=320, height=320, cover=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long one cell is measured.

    At least so many rounds, then until the seconds or the rounds are over.
    """

    fewest: int
    most: int
    seconds: float

    def rounds(self, clock: Callable[[], float] = monotonic) -> Iterator[int]:
        """Count the rounds while there is time for one more."""
        begin = clock()
        for number in count():
            if number >= self.most or (number >= self.fewest and clock() - begin > self.seconds):
                return
            yield number


@contextmanager
def started(candidates: Sequence[Candidate], folder: Path) -> Iterator[tuple[dict[str, Worker], list[Program]]]:
    """Start every program that can be started, and say why the others cannot."""
    workers: dict[str, Worker] = {}
    programs: list[Program] = []
    with ExitStack() as stack:
        for one in candidates:
            missing, versions = None, {}
            try:
                worker = stack.enter_context(Worker(one.command, folder / f"{one.name}.log", one.environment))
                workers[one.name], versions = worker, dict(worker.versions)
            except (WorkerError, OSError) as error:
                missing = str(error)
            programs.append(
                Program(name=one.name, title=one.title, engine=one.engine, versions=versions, missing=missing)
            )
        yield workers, programs


class Bench:
    """The programs that were started, and a folder for what they make."""

    def __init__(self, workers: Mapping[str, Worker], folder: Path, pace: Pace) -> None:
        self._workers = workers
        self._folder = folder
        self._pace = pace

    def cells(self, source: Path, formats: Sequence[str], tell: Callable[[str], None]) -> Iterator[Cell]:
        """Measure one source: first how well each program resizes it, then every format."""
        job = _Job(source)
        tell(f"{source.name}: quality")
        resized = {name: self._try(name, job, _LOSSLESS) for name in self._workers}
        for output in formats:
            tell(f"{source.name}: three variants as {output}")
            tried = {
                name: made if isinstance(made, str) else self._first(name, job, output, pixels=made.similarity)
                for name, made in resized.items()
            }
            yield Cell(source=source.name, format=output, measured=tuple(self._timed(job, output, tried)))

    def _first(self, name: str, job: "_Job", output: str, pixels: float) -> Measured | str:
        """Render once before the clock counts: what is loaded once is loaded now, and the files are looked at."""
        made = self._try(name, job, output)
        if isinstance(made, str):
            return made
        return Measured(program=name, seconds=(made.seconds,), bytes=made.bytes, pixels=pixels, file=made.similarity)

    def _try(self, name: str, job: "_Job", output: str) -> "_Made | str":
        """Render and look, or say why there is nothing to look at."""
        try:
            answer = self._workers[name].ask(self._question(job, output))
        except WorkerError as error:
            return str(error)
        return str(answer["refusal"]) if "refusal" in answer else self._look(job, output, answer["seconds"])

    def _look(self, job: "_Job", output: str, seconds: float) -> "_Made | str":
        length, least = 0, 1.0
        for box in BOXES:
            path = self._folder / box.name
            with Image.open(path) as made:
                wrong = _mistake(made, box, job.original.size, job.facts.frames if job.moves(output) else 1)
                if wrong:
                    return f"{box.name} is {wrong}"
                least = min(least, job.original.least_similarity(_in_colors(made), cover=box.cover))
            length += path.stat().st_size
        return _Made(seconds=seconds, bytes=length, similarity=least)

    def _timed(self, job: "_Job", output: str, tried: Mapping[str, Measured | str]) -> Iterator[Measured]:
        able = [name for name, made in tried.items() if isinstance(made, Measured) and made.seconds[0] <= SLOW_SECONDS]
        question = self._question(job, output)
        seconds: dict[str, list[float]] = {name: [] for name in able}
        failed: dict[str, str] = {}
        for number in self._pace.rounds():
            for name in reversed(able) if number % 2 else able:
                if name not in failed:
                    _note(name, self._workers[name], question, seconds, failed)
        for name, made in tried.items():
            reason = made if isinstance(made, str) else failed.get(name)
            if isinstance(made, str) or reason:
                yield Measured(program=name, refusal=reason)
            else:
                yield replace(made, seconds=tuple(seconds[name])) if name in seconds else made

    def _question(self, job: "_Job", output: str) -> dict[str, object]:
        boxes = [{"name": box.name, "width": box.width, "height": box.height, "cover": box.cover} for box in BOXES]
        return {
            "source": str(job.source),
            "folder": str(self._folder),
            "format": output,
            "quality": QUALITY,
            "animated": job.moves(output),
            "boxes": boxes,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """Variants that were looked at: the seconds that they took, their bytes, and the least SSIM of them."""

    seconds: float
    bytes: int
    similarity: float


class _Job:
    """A source, what it is, and what perfect variants of it look like."""

    def __init__(self, source: Path) -> None:
        self.source = source
        self.facts = facts_of(source)
        with Image.open(source) as image:
            self.original = Original(_in_colors(image))

    def moves(self, output: str) -> bool:
        """Tell whether variants of this format are animations."""
        return self.facts.frames > 1 and output in _MOVES


def facts_of(source: Path) -> SourceFacts:
    """Say what a source is."""
    with Image.open(source) as image:
        width, height = image.size
        frames = getattr(image, "n_frames", 1)
    return SourceFacts(name=source.name, bytes=source.stat().st_size, width=width, height=height, frames=frames)


def _note(
    name: str,
    worker: Worker,
    question: Mapping[str, object],
    seconds: Mapping[str, list[float]],
    failed: dict[str, str],
) -> None:
    try:
        answer = worker.ask(question)
    except WorkerError as error:
        failed[name] = str(error)
        return
    if "refusal" in answer:
        failed[name] = str(answer["refusal"])
    else:
        seconds[name].append(answer["seconds"])


def _mistake(made: Image.Image, box: Box, source: tuple[int, int], frames: int) -> str | None:
    """Say what is wrong with a file, if it is not what was asked for."""
    expected = _expected(box, source)
    if any(abs(one - other) > _ROUNDING for one, other in zip(made.size, expected, strict=True)):
        return f"{made.width} x {made.height}, not {expected[0]} x {expected[1]}"
    found = getattr(made, "n_frames", 1)
    return None if found == frames else f"of {found} frames, not {frames}"


def _expected(box: Box, source: tuple[int, int]) -> tuple[int, int]:
    if box.cover:
        return box.size
    scale = min(1.0, box.size[0] / source[0], box.size[1] / source[1])
    return round(source[0] * scale), round(source[1] * scale)


def _in_colors(image: Image.Image) -> Image.Image:
    return image.convert("RGBA" if image.has_transparency_data else "RGB")
