"""Write settings and variants' options where people look them up.

cdk.json and docs/configuration.md.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import TypeAlias

from resize.imaging.variants import OPTIONS, Variant, variants_to_json
from stacks.config.config import Config
from stacks.config.setting import default_of, doc_of, rule_of

ROOT = Path(__file__).parents[1]
CDK_JSON = ROOT / "cdk.json"
PAGE = ROOT / "docs" / "configuration.md"
# What stands between these marks is written here.
SETTINGS = ("<!-- settings: written by `make settings` -->\n", "<!-- end of settings -->\n")
OPTIONS_OF_VARIANT = ("<!-- options: written by `make settings` -->\n", "<!-- end of options -->\n")
Row: TypeAlias = tuple[str, ...]
PIPE = r"\|"  # in a cell of a table: github.github.com/gfm/#tables-extension-


def cdk_json(before: str) -> str:
    """Write cdk.json anew with every default.

    What is not under "context" stays as it is.

    Raises:
        ValueError: `before` is not JSON.
    """
    kept = {key: value for key, value in json.loads(before).items() if key != "context"}
    members = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in kept.items()]
    context = ",\n".join(f'    "{field.name}": {_json(default_of(field))}' for field in fields(Config))
    return "{\n" + ",\n".join([*members, f'  "context": {{\n{context}\n  }}']) + "\n}\n"


def page(before: str) -> str:
    """Write both tables anew, each between its two marks.

    Raises:
        ValueError: a mark is missing.
    """
    return _between(OPTIONS_OF_VARIANT, _between(SETTINGS, before, _settings()), _options())


def _between(marks: tuple[str, str], before: str, rows: Iterator[Row]) -> str:
    begin, end = marks
    above, _, rest = before.partition(begin)
    _, found, below = rest.partition(end)
    if not found:
        raise ValueError(f"{PAGE.name} has no table between {begin.strip()} and {end.strip()}")
    return above + begin + "\n" + "\n".join(map(_line, rows)) + "\n\n" + end + below


def _line(cells: Row) -> str:
    return f"| {' | '.join(cell.replace('|', PIPE) for cell in cells)} |"


def _settings() -> Iterator[Row]:
    yield "setting", "default", "allowed", "what it does"
    yield ("---",) * 4
    for field in fields(Config):
        yield f"`{field.name}`", _default(field.default, default_of(field)), rule_of(field).allowed, doc_of(field)


def _options() -> Iterator[Row]:
    defaults = variants_to_json((Variant(name="any"),))["any"]
    yield "option", "default", "allowed", "what it does"
    yield ("---",) * 4
    for name, option in OPTIONS.items():
        default = f"`{json.dumps(defaults[name])}`" if name in defaults else "none"
        yield f"`{name}`", default, option.rule.allowed, option.doc


def _default(value: object, written: object) -> str:
    if value and isinstance(value, tuple) and all(isinstance(each, Variant) for each in value):
        return ", ".join(f"`{each.name}`" for each in value if isinstance(each, Variant))
    return f"`{json.dumps(written)}`"


def _json(value: object) -> str:
    """Write JSON on one line, but an object of objects on a line for each."""
    if isinstance(value, dict) and all(isinstance(each, dict) for each in value.values()):
        lines = (f"      {json.dumps(key)}: {json.dumps(each)}" for key, each in value.items())
        return "{\n" + ",\n".join(lines) + "\n    }"
    return json.dumps(value)


def main() -> int:
    """Bring both files up to date, and name those that changed."""
    for file, write in ((CDK_JSON, cdk_json), (PAGE, page)):
        try:
            before = file.read_text(encoding="utf-8")
            after = write(before)
        except (OSError, ValueError) as error:
            sys.exit(f"{file.name} cannot be brought up to date: {error}")
        if after != before:
            file.write_text(after, encoding="utf-8")
            sys.stdout.write(f"{file.relative_to(ROOT)} is written anew.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
