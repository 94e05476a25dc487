"""docs/reliability.md names every fault's test, and no test that is not there."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parents[2]
TABLE = (TESTS.parent / "docs" / "reliability.md").read_text(encoding="utf-8")


def named() -> set[str]:
    return set(re.findall(r"`([\w/]+\.py::\w+)`", TABLE))


def found_in(folder: Path) -> Iterator[str]:
    for path in folder.rglob("test_*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield f"{path.relative_to(TESTS).as_posix()}::{node.name}"


def test_every_test_that_the_table_names_exists() -> None:
    assert named() - set(found_in(TESTS)) == set()


def test_every_test_of_a_fault_stands_in_the_table() -> None:
    assert set(found_in(TESTS / "faults")) - named() == set()


def test_every_test_of_the_function_s_memory_stands_in_the_table() -> None:
    assert {test for test in found_in(TESTS / "runtime") if "test_memory" in test} - named() == set()
