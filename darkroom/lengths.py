"""Writes lengths of time as a person reads them."""

from datetime import timedelta

_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def told(length: timedelta) -> str:
    """Write a length of time in its largest unit: `3 h`."""
    seconds = max(0, round(length.total_seconds()))
    unit, size = next((each for each in _UNITS if seconds >= each[1]), _UNITS[-1])
    return f"{seconds // size} {unit}"


def kilobytes(count: int) -> str:
    """Write a number of bytes in thousands, as a person reads it."""
    return f"{count / 1000:,.1f} kB"
