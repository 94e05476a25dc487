"""Reads the values of options, where a mistake can be named with the value."""

from collections.abc import Callable
from urllib.parse import urlsplit

from darkroom.errors import UsageError


def whole_number(option: str, lowest: int, highest: int) -> Callable[[object], int]:
    """Make a parser of whole numbers in a range, both ends included; it raises UsageError."""

    def parse(value: object) -> int:
        text = str(value)
        if text.isascii() and text.isdigit() and lowest <= int(text[:20]) <= highest:
            return int(text)
        raise UsageError(f"{option} {text!r} cannot be. Give a whole number from {lowest:,} to {highest:,}.")

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
