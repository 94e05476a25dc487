"""A trial: one picture written one way, and what came of it."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A file of a picture, whose longer side has `side` pixels.

    `format` is the file's extension; `look` is by SSIMULACRA2, 100 for the same; `milliseconds` are of the processor.
    """

    picture: str
    side: int
    engine: str
    format: str
    quality: int
    effort: int
    bytes: int
    look: float
    milliseconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """All trials, and what the pictures are: whose, and where they are to be had."""

    of: str
    trials: Sequence[Trial]


def to_json(figures: Figures) -> str:
    """Write figures, each trial on a line of its own: `from_json` reads them back."""
    lines = ",\n".join(json.dumps(asdict(trial)) for trial in figures.trials)
    return f'{{"of": {json.dumps(figures.of)}, "trials": [\n{lines}\n]}}\n'


def from_json(path: Path) -> Figures:
    """Read what `to_json` wrote."""
    read = json.loads(path.read_text(encoding="utf-8"))
    return Figures(of=read["of"], trials=tuple(Trial(**each) for each in read["trials"]))
