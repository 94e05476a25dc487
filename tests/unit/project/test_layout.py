"""The tree and its docstrings: what a newcomer reads first stays short, and no folder grows without bound."""

import ast
from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import TypeAlias

import pytest

ROOT = Path(__file__).parents[3]
PRODUCT = ("app.py", "darkroom", "lambdas", "stacks", "tools")
DOCUMENTED = (*PRODUCT, "consumers", "simulation", "benchmarks")
MOST_CHARACTERS = 80
MOST_FILES = 16
MOST_ENTRIES = 24

IGNORED = [line.strip("/") for line in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()]
ENTRIES = [path for path in ROOT.iterdir() if not any(fnmatch(path.name, each) for each in [".git", *IGNORED])]


def modules_of(*tops: str) -> list[str]:
    files = [path for top in tops for path in ([ROOT / top] if top.endswith(".py") else (ROOT / top).rglob("*.py"))]
    return sorted(str(path.relative_to(ROOT)) for path in files if "node_modules" not in path.relative_to(ROOT).parts)


MODULES = modules_of(*PRODUCT)
Documented: TypeAlias = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def first_lines(name: str) -> Iterator[str]:
    """The first line of the module's docstring, and of those of all public classes and functions."""
    waiting: list[Documented] = [ast.parse((ROOT / name).read_text(encoding="utf-8"))]
    while waiting:
        node = waiting.pop()
        if text := ast.get_docstring(node):
            yield text.splitlines()[0]
        if isinstance(node, ast.Module | ast.ClassDef):
            inner = [
                each for each in node.body if isinstance(each, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            ]
            waiting += [each for each in inner if not each.name.startswith("_")]


@pytest.mark.parametrize("name", modules_of(*DOCUMENTED))
def test_a_public_docstring_begins_with_a_short_line_that_is_no_question(name: str) -> None:
    assert [line for line in first_lines(name) if len(line) > MOST_CHARACTERS or "?" in line] == []


def test_at_most_one_file_in_twenty_is_named_in_ing_ed_or_ly() -> None:
    names = [name for name in MODULES if Path(name).stem != "__init__"]
    verbs = [name for name in names if Path(name).stem.endswith(("ing", "ed", "ly"))]

    assert len(verbs) * 20 <= len(names), verbs


def test_no_folder_has_more_than_sixteen_python_files() -> None:
    folders = Counter(str(Path(name).parent) for name in MODULES if Path(name).stem != "__init__")

    assert {folder: count for folder, count in folders.items() if count > MOST_FILES} == {}


def test_the_root_has_at_most_twenty_four_entries() -> None:
    assert len(ENTRIES) <= MOST_ENTRIES, sorted(path.name for path in ENTRIES)
