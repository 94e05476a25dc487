"""Format durations and sizes; escape control characters."""

from datetime import timedelta

_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def printable(text: str) -> str:
    r"""Replace every character that does not show itself by its escape.

    ESC becomes `\x1b`. That covers control characters, invisible and text-reversing ones, and lone surrogates, as which
    Python holds the bytes of file names that are not UTF-8 (PEP 383).
    """
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def format_duration(length: timedelta) -> str:
    """Write a length of time in its largest unit: `3 h`."""
    seconds = max(0, round(length.total_seconds()))
    unit, size = next((each for each in _UNITS if seconds >= each[1]), _UNITS[-1])
    return f"{seconds // size} {unit}"


def format_kilobytes(count: int) -> str:
    """Write a number of bytes in thousands, as a person reads it."""
    return f"{count / 1000:,.1f} kB"
