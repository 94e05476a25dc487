"""Parsers of values, and options that several commands take."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from contract.errors import SettingsError
from darkroom.errors import UsageError
from resize.imaging.formats.detect import SourceFormat
from resize.imaging.variants import parse_variants, variants_to_json
from stacks.config.context import parse_json

_DURATION = re.compile(r"([0-9]{1,9})([smhd])")
_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def whole_number(option: str, lowest: int, highest: int) -> Callable[[object], int]:
    """Make a parser of whole numbers in a range, both ends included; it raises UsageError."""

    def parse(value: object) -> int:
        text = str(value)
        if text.isascii() and text.isdigit() and lowest <= int(text[:20]) <= highest:
            return int(text)
        raise UsageError(f"{option} {text!r} cannot be. Give a whole number from {lowest:,} to {highest:,}.")

    return parse


def duration(option: str, longest: timedelta) -> Callable[[str], timedelta]:
    """Make a parser of durations such as `15m` or `2h`, from one second on; it raises UsageError."""

    def parse(value: str) -> timedelta:
        match = _DURATION.fullmatch(value)
        length = timedelta(seconds=int(match[1]) * _UNIT_SECONDS[match[2]]) if match else timedelta()
        if not timedelta() < length <= longest:
            raise UsageError(
                f"{option} {value!r} cannot be. Write it like 30s, 15m, 2h or 7d; {longest.days}d at most."
            )
        return length

    return parse


def http_url(option: str) -> Callable[[str], str]:
    """Make a parser of URLs of a server; it raises UsageError."""

    def parse(value: str) -> str:
        try:
            parts = urlsplit(value)
            valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        except ValueError:  # a port that is no number, or brackets without an address
            valid = False
        if not valid:
            raise UsageError(f"{option} {value!r} is no URL of a server. Write it like http://127.0.0.1:4566.")
        return value

    return parse


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

Timeout = Annotated[
    int,
    typer.Option(
        "--timeout",
        metavar="SECONDS",
        parser=whole_number("--timeout", 1, 1_000_000),
        help="How long to wait without any news.",
    ),
]

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


_EXAMPLE = '{"thumb": {"width": 320, "height": 320, "fit": "cover"}}'


def read_variants(path: Path) -> dict[str, dict[str, object]]:
    """Read variants as cdk.json has them, every option spelled out.

    Raises:
        UsageError: the file cannot be read, is not JSON, or describes a variant that cannot be.
    """
    try:
        return variants_to_json(parse_variants(parse_json(path.read_text(encoding="utf-8"))))
    except OSError as error:
        raise UsageError(f"--variants {str(path)!r} cannot be read: {error.strerror}. Check the path.") from error
    except SettingsError as error:
        raise UsageError(f"--variants {str(path)!r}: {error}") from error
    except ValueError as error:
        raise UsageError(f"--variants {str(path)!r} is not JSON: {error}. Write it like {_EXAMPLE}.") from error
