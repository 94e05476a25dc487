"""One word for one thing, the field's own: those that were given up stay away."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
TOPS = (
    *("README.md", "CONTRIBUTING.md", "docs", "app.py", "darkroom", "lambdas", "stacks"),
    *("consumers", "tools", "simulation", "benchmarks", "tests"),
)
KINDS = {".py", ".js", ".css", ".html", ".md"}
# What is no longer said, and what is said instead. The manifest's members keep their names until its next schema, and
# libvips has its own.
GIVEN_UP = {
    r"(?<!dominant_)colour(?!space)": "color",
    r"knobs?\b": "setting",
    r"miniature": "thumbnail",
    r"rehears": "warm up",
    r"\berrands?\b|some violence|quiet days": "nothing",
    r"\bthe world('s| is at) fault|is at fault": "infrastructure error, or: is wrong",
    r"\b(is|are) well\b": "is healthy",
    r"what came out": "the results",
    r"only failures return": "partial batch response",
    r"have them done again": "redrive",
    r"lostrace|hand_back|in_tens|sidebyside": "the names of HTTP, of SQS and of what it does",
}
FILES = [
    file
    for top in TOPS
    for file in ([ROOT / top] if (ROOT / top).is_file() else sorted((ROOT / top).rglob("*")))
    if file.suffix in KINDS and "node_modules" not in file.relative_to(ROOT).parts and file != Path(__file__)
]


@pytest.mark.parametrize(("given_up", "instead"), GIVEN_UP.items())
def test_a_word_that_was_given_up_stands_nowhere(given_up: str, instead: str) -> None:
    found = [
        f"{file.relative_to(ROOT)}:{number}"
        for file in FILES
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1)
        if re.search(given_up, line, re.IGNORECASE)
    ]

    assert found == [], f"write {instead!r}"


def test_every_kind_of_file_is_read() -> None:
    assert {file.suffix for file in FILES} == KINDS
