"""One name, one thing: no public name is defined in two modules."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
IMAGING = "lambdas/resize/imaging"
# The two engines offer the same names, on purpose.
TWINS = (f"{IMAGING}/pillow/", f"{IMAGING}/vips/", f"{IMAGING}/render.py")
# Entry points, and where the project lies: the command line and the stacks each find it by their own place. Each
# function has a handler, a consumer and settings.
KNOWN = {"PROJECT", "app", "main"} | {"Consumer", "Settings", "handler", "make_consumer"}


def public_names(module: Path) -> Iterator[str]:
    for node in ast.parse(module.read_text(encoding="utf-8")).body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                yield name


def test_no_public_name_is_defined_twice_but_for_the_engines_twins() -> None:
    places: defaultdict[str, set[str]] = defaultdict(set)
    for folder in ("darkroom", "lambdas", "stacks"):
        for module in (ROOT / folder).rglob("*.py"):
            place = module.relative_to(ROOT).as_posix()
            home = "the engines" if place.startswith(TWINS) else place
            for name in public_names(module):
                places[name].add(home)

    assert {name for name, homes in places.items() if len(homes) > 1 and not name.startswith("_")} == KNOWN
