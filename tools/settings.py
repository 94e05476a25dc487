"""Write every setting of `Config` into cdk.json and docs/configuration.md, where people look it up."""

import json
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from resize.imaging.variants import Variant
from stacks.config.config import Config
from stacks.config.setting import default_of, doc_of, rule_of

ROOT = Path(__file__).parents[1]
CDK_JSON = ROOT / "cdk.json"
PAGE = ROOT / "docs" / "configuration.md"
BEGIN = "<!-- settings: written by `make settings` -->\n"
PIPE = r"\|"  # in a cell of a table: github.github.com/gfm/#tables-extension-
END = "<!-- end of settings -->\n"


def cdk_json(before: str) -> str:
    """Write cdk.json anew with every default; what is not under "context" stays as it is.

    Raises:
        ValueError: `before` is not JSON.
    """
    kept = {key: value for key, value in json.loads(before).items() if key != "context"}
    members = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in kept.items()]
    context = ",\n".join(f'    "{field.name}": {_json(default_of(field))}' for field in fields(Config))
    return "{\n" + ",\n".join([*members, f'  "context": {{\n{context}\n  }}']) + "\n}\n"


def page(before: str) -> str:
    """Write the table of the settings anew, between its two marks.

    Raises:
        ValueError: a mark is missing.
    """
    above, _, rest = before.partition(BEGIN)
    _, end, below = rest.partition(END)
    if not end:
        raise ValueError(f"{PAGE.name} has no table between {BEGIN.strip()} and {END.strip()}")
    return above + BEGIN + "\n" + "\n".join(_table()) + "\n\n" + END + below


def _table() -> Iterator[str]:
    yield "| setting | default | allowed | what it does |"
    yield "| --- | --- | --- | --- |"
    for field in fields(Config):
        cells = (f"`{field.name}`", _default(field.default, default_of(field)), rule_of(field).allowed, doc_of(field))
        yield f"| {' | '.join(cell.replace('|', PIPE) for cell in cells)} |"


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
        before = file.read_text(encoding="utf-8")
        after = write(before)
        if after != before:
            file.write_text(after, encoding="utf-8")
            sys.stdout.write(f"{file.relative_to(ROOT)} is written anew.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
