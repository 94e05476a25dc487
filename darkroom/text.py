"""Format durations and sizes; escape control characters."""

import os
import re
from datetime import timedelta
from pathlib import Path

# A byte of a file name that is not UTF-8, as Python holds it (PEP 383), and as `repr` writes that.
_BYTE = re.compile(r"[\udc80-\udcff]|\\udc[89a-f][0-9a-f]")

_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def printable(text: str) -> str:
    r"""Replace every character that does not show itself by its escape.

    ESC becomes `\x1b`. That covers control characters, invisible and text-reversing ones, and the bytes of file names
    that are not UTF-8, those that `repr` has written already among them: each becomes its number, as `\xe9`.
    """
    readable = _BYTE.sub(lambda found: f"\\x{_number(found[0]):02x}", text)
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in readable
    )


def path_text(path: Path) -> str:
    r"""Write a path as text that every reader of JSON takes.

    A byte that is not UTF-8 becomes its number, as `\xe9`.
    """
    return os.fsencode(path).decode(errors="backslashreplace")


def _number(byte: str) -> int:
    return (ord(byte) if len(byte) == 1 else int(byte.removeprefix("\\u"), 16)) & 0xFF


def format_duration(length: timedelta) -> str:
    """Write a length of time in its largest unit: `3 h`."""
    seconds = max(0, round(length.total_seconds()))
    unit, size = next((each for each in _UNITS if seconds >= each[1]), _UNITS[-1])
    return f"{seconds // size} {unit}"


def format_kilobytes(count: int) -> str:
    """Write a number of bytes in thousands, as a person reads it."""
    return f"{count / 1000:,.1f} kB"
