"""What was measured, as values.

benchmarks.json holds them as they are, docs/benchmarks.md is made of them.
"""

import json
from dataclasses import asdict, dataclass
from typing import Final, Self

import cattrs

# Of how many the target of a cold start is: those that a function is reported to have while it starts.
PROCESSORS_OF_A_START: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Where it was measured."""

    processor: str
    processors: int
    memory_gigabytes: float
    system: str
    python: str
    pinned: bool  # whether a process could be held on one core


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One that renders.

    `name` is as results refer to it, `title` for people; then what it is made of.
    """

    name: str
    title: str
    engine: str | None = None  # of ours, which
    versions: dict[str, str]
    missing: str | None = None  # why it could not be asked at all


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An image that is rendered."""

    name: str
    bytes: int
    width: int
    height: int
    frames: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one program made of one source.

    Seconds of each round, bytes of all variants, and the least SSIM of them. `pixels` is the SSIM of what it resized,
    written without loss; `file` is that of the file itself, decoded.
    """

    program: str
    seconds: tuple[float, ...] = ()
    bytes: int = 0
    pixels: float = 0.0
    file: float = 0.0
    refusal: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One source to three variants of one format, by every program.

    Rounds are in the same order for all.
    """

    source: str
    format: str
    measured: tuple[Measured, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The seconds of each round of a batch of jobs.

    Jobs run together, one after another, together on two processors, and one alone.
    """

    engine: str
    format: str
    jobs: int
    requests: int  # a job's
    requests_of_plain: int  # a job's, where they are made one after another
    together: tuple[float, ...]
    one_after_another: tuple[float, ...]
    two_processors: tuple[float, ...]
    alone: tuple[float, ...] = ()  # one job, from its event to its manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstAnswer:
    """A fresh function and its first job.

    The seconds of each step in turn, and the most memory of either process.
    """

    python: float
    imports: float
    making: float  # the S3 client, mostly; the sandbox gets ready meanwhile
    job: float
    function_bytes: int
    child_bytes: int

    @property
    def seconds(self) -> float:
        """From nothing to the answer."""
        return self.python + self.imports + self.making + self.job


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Fresh functions of an engine on so many processors.

    Each has a small photograph as its first job.
    """

    engine: str
    processors: int
    rounds: tuple[FirstAnswer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeAnswer:
    """A fresh function under Lambda's runtime interface.

    The seconds of its start, and of all until it answers.
    """

    init: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeStart:
    """Fresh functions of an engine on Lambda's Python.

    They have so many processors, each a small photograph as its first job.
    """

    engine: str
    python: str
    processors: int
    rounds: tuple[RuntimeAnswer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """A fresh function whose first job is a JPEG of so many megapixels."""

    engine: str
    megapixels: int
    answer: FirstAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """Uploads through the whole pipeline on this machine."""

    uploads: int
    resized: int
    upload_bytes: int
    seconds: float  # from the first upload's begin to the last manifest
    uploading_seconds: float  # from the first upload's begin to the last upload's end
    waiting_seconds: float  # median, from PUT until the job starts
    job_seconds: float  # median, from then until the manifest is written
    processor_seconds: dict[str, float]  # by what used them


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What a program made at a quality.

    The bytes of three variants together, and the means of how they look: `look` is by SSIMULACRA2, 100 for the same;
    `dssim` is 0 for the same.
    """

    quality: int
    bytes: int
    look: float
    dssim: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EqualLook:
    """A photograph in a format by a program, at qualities around a look.

    The seconds are those at the nearest one, by rounds. If it was not made, why.
    """

    picture: str
    format: str
    program: str
    points: tuple[Point, ...] = ()
    seconds: tuple[float, ...] = ()
    refusal: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """One run of all."""

    date: str
    commit: str
    command: str
    quick: bool
    machine: Machine
    programs: tuple[Program, ...] = ()
    looks: tuple[EqualLook, ...] = ()
    sources: tuple[Source, ...] = ()
    cells: tuple[Cell, ...] = ()
    batches: tuple[Batch, ...] = ()
    starts: tuple[Start, ...] = ()
    runtime_starts: tuple[RuntimeStart, ...] = ()
    peaks: tuple[Peak, ...] = ()
    whole: Whole | None = None
    failures: tuple[str, ...] = ()  # parts that could not be measured, and why

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote."""
        return cattrs.structure(json.loads(text), cls)

    def to_json(self) -> str:
        """Write them as a file for programs."""
        return json.dumps(asdict(self), indent=1) + "\n"
