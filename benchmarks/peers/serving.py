"""How a measured program is asked.

A line of JSON for each task, and one back with the seconds that it took. Knows the standard library alone, as it runs
in each program's own environment.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, TypeAlias

# As wide as a box without a width: no picture here is.
UNBOUNDED = 100_000


class NotOfferedError(Exception):
    """This program does not do what was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A variant, as its maker needs it: at most so large.

    To `cover`, exactly so large and cut around the centre.
    """

    name: str
    width: int | None
    height: int | None
    cover: bool

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, with one that nothing reaches where none is set."""
        return self.width or UNBOUNDED, self.height or UNBOUNDED


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What to make of a source.

    A file of this format (`webp`, `jpg`, `avif` or `png`) for each box.
    """

    format: str
    quality: int
    animated: bool  # the source moves, and so must what is made of it
    boxes: tuple[Box, ...]


# Makes the files of a task from a source's bytes, by the names of their boxes.
Render: TypeAlias = Callable[[bytes, Task], Mapping[str, bytes]]
# Answers a question with values that JSON has.
Answer: TypeAlias = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def serve_rendering(render: Render, versions: Mapping[str, str]) -> None:
    """Do tasks until there are no more.

    Read the source, make the files by the clock, write them.
    """
    serve(lambda question: _render(render, question), versions)


def serve(answer: Answer, versions: Mapping[str, str]) -> None:
    """Tell the versions that are at work, and then answer each question.

    The answer is what went wrong if something did.
    """
    # Whatever else prints, prints where errors go.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)
        _tell(answers, {"versions": versions})
        for line in sys.stdin:
            try:
                said = answer(json.loads(line))
            except Exception as error:  # noqa: BLE001 - each library has its own errors, and all mean "cannot"
                said = {"refusal": f"{type(error).__name__}: {error}"}
            _tell(answers, said)


def _render(render: Render, question: Mapping[str, Any]) -> Mapping[str, Any]:
    boxes = tuple(Box(**box) for box in question["boxes"])
    task = Task(format=question["format"], quality=question["quality"], animated=question["animated"], boxes=boxes)
    source = Path(question["source"]).read_bytes()
    start = perf_counter()
    made = render(source, task)
    seconds = perf_counter() - start
    for name, body in made.items():
        (Path(question["folder"]) / name).write_bytes(body)
    return {"seconds": seconds}


def _tell(answers: Any, said: Mapping[str, Any]) -> None:
    answers.write(json.dumps(said) + "\n")
    answers.flush()
