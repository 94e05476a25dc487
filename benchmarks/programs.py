"""Which programs are measured, and how each is started."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.engines import engines
from benchmarks.workers import PROJECT, python_worker
from resize.sandbox.pool import ALLOCATOR

_BENCH_PYTHON = PROJECT / ".venv-bench" / "bin" / "python"

SHARP = ("sharp-each", "sharp-clones")
AWS = "aws-tutorial"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A program that could be measured; `engine` is set for ours.

    `environment` is what it has besides everybody's.
    """

    name: str
    title: str
    command: Sequence[str]
    engine: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


def candidates(environment: Mapping[str, str] = os.environ) -> tuple[Candidate, ...]:
    """List the programs, ours first.

    `NODE` in the environment is the Node that sharp runs on.
    """
    ours = (
        Candidate(
            name=f"darkroom-{engine}",
            title=f"Darkroom, {engine}",
            command=python_worker("benchmarks.peers.darkroom_engine", engine),
            engine=engine,
            environment=ALLOCATOR,
        )
        for engine in engines()
    )
    node = environment.get("NODE", "node")
    return (
        *ours,
        _sharp(node, "each", "sharp, a call a variant"),
        _sharp(node, "clones", "sharp, one pipeline cloned"),
        _peer(AWS, "aws_tutorial", "AWS tutorial's handler"),
        _peer("pillow-thumbnail", "pillow_thumbnail", "Pillow `thumbnail`"),
        _peer("pyvips-thumbnail", "pyvips_thumbnail", "pyvips `thumbnail_buffer`"),
        _peer("wand", "wand_transform", "Wand (ImageMagick)"),
    )


def heic_writer(png: Path, heic: Path) -> tuple[str, ...]:
    """Give the command that makes a HEIC.

    Nothing of the project's own environment can.
    """
    return (str(_BENCH_PYTHON), "-m", "benchmarks.images.heic_writer", str(png), str(heic))


def look_judge() -> tuple[str, ...]:
    """Give the command of what says how like two pictures are to look at."""
    return (str(_BENCH_PYTHON), "-m", "benchmarks.peers.look_judge")


def _sharp(node: str, how: str, title: str) -> Candidate:
    return Candidate(
        name=f"sharp-{how}", title=title, command=(node, str(PROJECT / "benchmarks" / "peers" / "sharp.mjs"), how)
    )


def _peer(name: str, module: str, title: str) -> Candidate:
    return Candidate(name=name, title=title, command=(str(_BENCH_PYTHON), "-m", f"benchmarks.peers.{module}"))
