"""List what ships in the function's bundles: `python -m tools.list_bundle`."""

from collections.abc import Iterator
from pathlib import Path

from resize.imaging.engine import Engine
from stacks.bundle.build import CONTRACT, PROJECT, RESIZE, build_bundle, lambda_platform
from stacks.config.config import Config

_HEADER = """\
What ships in the function with the engine {engine}, for arm64 and Python 3.14. A test compares: whatever else gets in
fails it. After a pin has moved, `.venv/bin/python -m tools.list_bundle` writes this anew: look at the difference.
"""


_OWN = {CONTRACT: "all of", RESIZE: "what the engine uses of"}


def listing_of(engine: Engine) -> Path:
    """Name the file that has an engine's listing."""
    return PROJECT / "tests" / "stack" / "golden" / f"bundle-{engine}.txt"


def listing(bundle: Path, engine: Engine) -> str:
    """Write a bundle's files as an indented tree.

    Each package of ours is one line, for another test compares it; so does one what is compiled.
    """
    return "\n".join([_HEADER.format(engine=engine), *_lines(bundle, ""), ""])


def _lines(folder: Path, indent: str) -> Iterator[str]:
    for path in sorted(folder.iterdir()):
        if path.is_file():
            yield f"{indent}{path.name}"
        elif path.name == "__pycache__":
            continue
        elif path.name in _OWN and not indent:
            yield f"{path.name}/  {_OWN[path.name]} lambdas/{path.name}"
        else:
            yield f"{indent}{path.name}/"
            yield from _lines(path, f"{indent}  ")


def main() -> None:
    """Write the listing of what the default configuration deploys, with each engine."""
    default = Config()
    for engine in Engine:
        bundle = build_bundle(lambda_platform(architecture=default.architecture, python=default.python), engine)
        listing_of(engine).write_text(listing(bundle, engine), encoding="utf-8")


if __name__ == "__main__":
    main()
