"""Parsers of values, and options that several commands take."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from contract.errors import SettingsError
from contract.focal_point import FocalPoint, parse_focal_point
from contract.keys import MAX_KEY_BYTES
from darkroom.errors import UsageError
from darkroom.event_log.local import LogKind
from darkroom.uploads.local_files import key_of
from resize.imaging.formats.detect import SourceFormat
from resize.imaging.presets import parse_presets, presets_to_json
from resize.imaging.variants import parse_variants, variants_to_json
from stacks.config.context import parse_json

_DURATION = re.compile(r"([0-9]{1,9})([smhd])")
_SIZE = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,9})?) ?(|[kmg]i?b|b)", re.IGNORECASE | re.ASCII)
_UNIT_BYTES = {
    "": 1,
    "b": 1,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
}
_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def json_option(printed: str) -> Any:
    """Declare `--json`, for a command that prints this."""
    return typer.Option("--json", help=printed)


# What several commands offer in the same words; where a word differs, a function that takes it.
AsJson = Annotated[bool, json_option("Print JSON: one line each, or one that sums up.")]
UploadsAsJson = Annotated[bool, json_option("One line of JSON an upload, as soon as it is known.")]
Paths = Annotated[list[Path], typer.Argument(metavar="PATH", show_default=False)]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print the plan, and do nothing.")]


def uploaded_key(value: object) -> str:
    """Read the key of an upload; UsageError says what is wrong with it."""
    key = str(value)
    length = _length_of(key, repr(key))
    if not 1 <= length <= MAX_KEY_BYTES:
        raise UsageError(f"{key!r} has {length} bytes, and every key has 1 to {MAX_KEY_BYTES}. Check the key.")
    return key


def key_start(value: object) -> str:
    """Read what keys are to start with; UsageError says why none can."""
    start = str(value)
    length = _length_of(start, f"--prefix {start!r}")
    if length > MAX_KEY_BYTES:
        raise UsageError(f"--prefix {start!r} has {length} bytes, and a key has {MAX_KEY_BYTES} at most. Shorten it.")
    return start


def _length_of(key: str, named: str) -> int:
    """Count the bytes of a key or of its start; UsageError where it is not UTF-8."""
    try:
        return len(key.encode())
    except UnicodeEncodeError:
        raise UsageError(
            f"{named} is not UTF-8, as every key is. A file of that name has the key {key_of(key)!r}."
        ) from None


UploadedKey = Annotated[str, typer.Argument(metavar="KEY", parser=uploaded_key, show_default=False)]
KeyPrefix = Annotated[
    str,
    typer.Option("--prefix", metavar="P", parser=key_start, help="Only keys that start so.", show_default=False),
]


def focal_point(value: object) -> FocalPoint:
    """Read a focal point; UsageError says what one is."""
    try:
        return parse_focal_point(str(value))
    except ValueError as error:
        raise UsageError(f"--focus: {error}.") from None


def whole_number(option: str, lowest: int, highest: int) -> Callable[[object], int]:
    """Make a parser of whole numbers in a range, both ends included.

    It raises UsageError.
    """

    def parse(value: object) -> int:
        text = str(value)
        if text.isascii() and text.isdigit() and lowest <= int(text[:20]) <= highest:
            return int(text)
        raise UsageError(f"{option} {text!r} cannot be. Give a whole number from {lowest:,} to {highest:,}.")

    return parse


def byte_count(option: str, highest: int) -> Callable[[object], int]:
    """Make a parser of sizes such as `5MB`, from one byte on; it raises UsageError.

    Source: IEC 80000-13, by which MB is 1,000,000 bytes and MiB is 1,048,576
    """

    def parse(value: object) -> int:
        match = _SIZE.fullmatch(str(value).strip())
        size = round(Decimal(match[1]) * _UNIT_BYTES[match[2].lower()]) if match else 0
        if not 1 <= size <= highest:
            raise UsageError(
                f"{option} {str(value)!r} cannot be. Write it like 2000000, 5MB or 1.5MiB; {highest:,} bytes at most."
            )
        return size

    return parse


def duration(option: str, longest: timedelta) -> Callable[[str], timedelta]:
    """Make a parser of durations such as `15m` or `2h`, from one second on.

    It raises UsageError.
    """

    def parse(value: str) -> timedelta:
        match = _DURATION.fullmatch(value)
        length = timedelta(seconds=int(match[1]) * _UNIT_SECONDS[match[2]]) if match else timedelta()
        if not timedelta() < length <= longest:
            raise UsageError(
                f"{option} {value!r} cannot be. Write it like 30s, 15m, 2h or 7d; {longest.days}d at most."
            )
        return length

    return parse


def prefix_hint(start: str, *, is_prefix: bool = True) -> str | None:
    """Say where the start of a key may not be what was meant.

    It is taken as it is, all the same.
    """
    if start.startswith("/"):
        return f"{start!r} starts with /, which S3 keeps as a part of the key. Leave it out, unless that is meant."
    if is_prefix and start and not start.endswith("/"):
        return f"With --prefix {start!r} cat.jpg becomes {start + 'cat.jpg'!r}. For a folder write {start + '/'!r}."
    return None


def http_url(option: str, example: str = "http://127.0.0.1:4566") -> Callable[[str], str]:
    """Make a parser of the URLs of servers and their pages; it raises UsageError."""

    def parse(value: str) -> str:
        try:
            parts = urlsplit(value)
            valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
            valid = valid and value.isascii() and value.isprintable() and " " not in value
        except ValueError:  # a port that is no number, or brackets without an address
            valid = False
        if not valid:
            raise UsageError(f"{option} {value!r} is no URL of a server. Write it like {example}.")
        return value

    return parse


def log_kind(value: str) -> LogKind:
    """Parse what keeps an event log on this machine.

    Raises:
        UsageError: it is none of those.
    """
    if value not in set(LogKind):
        raise UsageError(f"--log {value!r} cannot be: no such log runs here. Give {' or '.join(LogKind)}.")
    return LogKind(value)


def source_formats(value: str) -> frozenset[SourceFormat]:
    """Parse formats of uploads, separated by commas.

    Raises:
        UsageError: one is not known.
    """
    names = [name.strip().lower() for name in value.split(",")]
    for name in names:
        if name not in set(SourceFormat):
            raise UsageError(f"--format {value!r} cannot be: {name!r} is none of {', '.join(SourceFormat)}.")
    return frozenset(map(SourceFormat, names))


# Many times what the slowest image takes. An attempt that was killed is tried again after half an hour only, which
# is longer than a person watches.
PATIENCE_SECONDS = 300


def rate_option(what: str, highest: int) -> Any:
    """Declare `--rate`, for a command that sends so many of these a second at most."""
    parser = whole_number("--rate", 1, highest)
    return typer.Option("--rate", metavar="N", parser=parser, help=f"How many {what} a second at most.")


def limit_option(highest: int) -> Any:
    """Declare `--limit`, for a command that reads so many at most."""
    parser = whole_number("--limit", 1, highest)
    return typer.Option("--limit", metavar="N", parser=parser, help="How many to read at most.")


def timeout_option(waits: str, highest: int) -> Any:
    """Declare `--timeout`, for a command that waits so."""
    parser = whole_number("--timeout", 1, highest)
    return typer.Option("--timeout", metavar="SECONDS", parser=parser, help=waits)


def endpoint_option(pipeline: str) -> Any:
    """Declare `--endpoint-url`, for a command that works on this pipeline."""
    return typer.Option("--endpoint-url", metavar="URL", parser=http_url("--endpoint-url"), help=pipeline)


Timeout = Annotated[int, timeout_option("How long to wait without any news.", 1_000_000)]

Port = Annotated[
    int | None,
    typer.Option(
        "--port",
        metavar="N",
        parser=whole_number("--port", 1, 65535),
        show_default="a free one",
        help="The port to listen on, on 127.0.0.1.",
    ),
]


LocalOption = Annotated[
    bool, typer.Option("--local", help="The pipeline that `darkroom up` keeps running: the default while one does.")
]


Stack = Annotated[
    str | None,
    typer.Option(
        "--stack", metavar="NAME", help="A deployed stack, found with your own AWS credentials, profile and region."
    ),
]


EndpointUrl = Annotated[
    str | None,
    endpoint_option("The pipeline at this address, of the `darkroom up` that printed it or of another emulator."),
]

Context = Annotated[
    list[str] | None,
    typer.Option(
        "-c", "--context", metavar="KEY=VALUE", help="A setting in place of cdk.json's, as engine=vips; repeatable."
    ),
]

Variants = Annotated[
    Path | None,
    typer.Option(
        "--variants",
        metavar="FILE",
        help="The variants of every key, as JSON; or an object of variants and presets, as in cdk.json.",
    ),
]


_EXAMPLE = '{"thumb": {"width": 320, "height": 320, "fit": "cover"}}'


def read_variants(path: Path) -> dict[str, object]:
    """Read the settings `variants` and `presets`, every option spelled out.

    A file of variants alone is for every key. In one of settings each stands as in cdk.json.

    Raises:
        UsageError: the file cannot be read, is not JSON, or describes a variant that cannot be.
    """
    try:
        value = parse_json(path.read_text(encoding="utf-8"))
        if isinstance(value, dict) and _is_of_settings(value):
            return _variants_and_presets(value)
        return {"variants": variants_to_json(parse_variants(value)), "presets": []}
    except OSError as error:
        raise UsageError(f"--variants {str(path)!r} cannot be read: {error.strerror}. Check the path.") from error
    except SettingsError as error:
        raise UsageError(f"--variants {str(path)!r}: {error}") from error
    except ValueError as error:
        raise UsageError(f"--variants {str(path)!r} is not JSON: {error}. Write it like {_EXAMPLE}.") from error


def _is_of_settings(value: Mapping[str, object]) -> bool:
    """Tell settings from variants that are called so: of a variant no option is an object, and none is a list."""
    presets, variants = value.get("presets"), value.get("variants")
    return isinstance(presets, list) or any(
        isinstance(each, dict) and each and all(isinstance(option, dict) for option in each.values())
        for each in (presets, variants)
    )


def _variants_and_presets(value: Mapping[str, object]) -> dict[str, object]:
    for name in value.keys() - {"variants", "presets"}:
        raise SettingsError(name, value[name], "nothing but variants and presets beside each other")
    presets = parse_presets(value.get("presets", []))
    return {
        "variants": variants_to_json(parse_variants(value.get("variants", {}), may_be_empty=True)),
        "presets": presets_to_json(presets),
    }
