"""The tree and its docstrings: what a newcomer reads first stays short, and no folder grows without bound."""

import ast
from collections import Counter
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PRODUCT = ("app.py", "darkroom", "lambdas", "stacks", "tools")
MOST_CHARACTERS = 100
MOST_FILES = 16
MOST_ENTRIES = 24

IGNORED = [line.strip("/") for line in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()]
ENTRIES = [path for path in ROOT.iterdir() if not any(fnmatch(path.name, each) for each in [".git", *IGNORED])]
FILES = [path for name in PRODUCT for path in ([ROOT / name] if name.endswith(".py") else (ROOT / name).rglob("*.py"))]
MODULES = sorted(str(path.relative_to(ROOT)) for path in FILES if "node_modules" not in path.parts)


def first_lines(name: str, *, modules_alone: bool) -> list[str]:
    tree = ast.parse((ROOT / name).read_text(encoding="utf-8"))
    kinds = ast.Module if modules_alone else ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    texts = [ast.get_docstring(node) for node in ast.walk(tree) if isinstance(node, kinds)]
    return [text.splitlines()[0] for text in texts if text]


@pytest.mark.parametrize("name", MODULES)
def test_no_docstring_begins_with_a_question(name: str) -> None:
    assert [line for line in first_lines(name, modules_alone=False) if "?" in line] == []


@pytest.mark.parametrize("name", MODULES)
def test_a_module_says_what_it_is_in_a_short_line(name: str) -> None:
    assert [line for line in first_lines(name, modules_alone=True) if len(line) > MOST_CHARACTERS] == []


def test_at_most_one_file_in_twenty_is_named_in_ing_ed_or_ly() -> None:
    names = [name for name in MODULES if Path(name).stem != "__init__"]
    verbs = [name for name in names if Path(name).stem.endswith(("ing", "ed", "ly"))]

    assert len(verbs) * 20 <= len(names), verbs


def test_no_folder_has_more_than_sixteen_python_files() -> None:
    folders = Counter(str(Path(name).parent) for name in MODULES if Path(name).stem != "__init__")

    assert {folder: count for folder, count in folders.items() if count > MOST_FILES} == {}


def test_the_root_has_at_most_twenty_four_entries() -> None:
    assert len(ENTRIES) <= MOST_ENTRIES, sorted(path.name for path in ENTRIES)
