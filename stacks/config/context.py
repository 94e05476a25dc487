"""Read cdk.json, and overrides by `-c`."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from contract.errors import SettingsError


class UnreadableFileError(SettingsError):
    """cdk.json is not there, or is no text."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__("the file", str(path), "a readable file")
        self.args = (f"{str(path)!r} cannot be read: {why}. `git checkout cdk.json` brings the project's own back.",)


def read_context(cdk_json: Path, environment: Mapping[str, str]) -> dict[str, object]:
    """Everything under "context" in cdk.json, with what overrides it.

    The CDK's command line hands that to the program it starts. That is `CDK_CONTEXT_JSON`, and a file for what an
    environment variable cannot hold: the same two places that `aws_cdk.App` reads. It is done here because jsii drops
    every null and rounds large numbers on their way to Node.

    Raises:
        SettingsError: cdk.json is missing or is not what JSON allows, or names a key twice.
    """
    context = _context_of(cdk_json)
    if "CDK_CONTEXT_JSON" in environment:
        context |= _object("CDK_CONTEXT_JSON", environment["CDK_CONTEXT_JSON"])
    if "CONTEXT_OVERFLOW_LOCATION_ENV" in environment:
        overflow = Path(environment["CONTEXT_OVERFLOW_LOCATION_ENV"])
        context |= _object(str(overflow), overflow.read_text(encoding="utf-8"))
    return context


def parse_json(text: str) -> object:
    """Read JSON (RFC 8259), in which no object may name a key twice.

    `json.loads` would keep the last in silence.

    Raises:
        SettingsError: a key stands twice in one object.
        ValueError: the text is not JSON.
    """
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _context_of(cdk_json: Path) -> dict[str, object]:
    try:
        text = cdk_json.read_text(encoding="utf-8")
    except OSError as error:
        raise UnreadableFileError(cdk_json, str(error.strerror)) from None
    except UnicodeDecodeError as error:
        raise UnreadableFileError(cdk_json, f"it is not UTF-8 ({error.reason} at byte {error.start})") from None
    context = _object("the file", text).get("context", {})
    if not isinstance(context, dict):
        raise SettingsError("context", context, "an object of settings")
    return context


def _object(name: str, text: str) -> dict[str, object]:
    try:
        value = parse_json(text)
    except SettingsError:
        raise
    except ValueError as error:
        raise SettingsError(name, _line_at_fault(text, error), f"JSON ({error})") from None
    if not isinstance(value, dict):
        raise SettingsError(name, value, "a JSON object")
    return value


def _line_at_fault(text: str, error: ValueError) -> str:
    lines = text.splitlines() or [""]
    number = error.lineno if isinstance(error, json.JSONDecodeError) else 1
    return lines[min(number, len(lines)) - 1].strip()


def _unique(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise SettingsError(key, value, "each name only once in an object, and this one is there already")
        found[key] = value
    return found


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")
