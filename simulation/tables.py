"""A table of results, as the page shows it.

A header, rows of text, and how numbers are written.
"""

from dataclasses import dataclass

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


@dataclass(frozen=True, slots=True)
class Table:
    """Text in rows and columns."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def to_markdown(self) -> str:
        """Write it as a table of Markdown."""
        lines = (self.header, ("---",) * len(self.header), *self.rows)
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def count(number: float) -> str:
    """Write a number with about three digits: 1,234,567 as `1.23 million`."""
    for size, name in ((1e9, " billion"), (1e6, " million")):
        if number >= size:
            return f"{number / size:.3g}{name}"
    return f"{number:,.0f}" if number >= 100 or number == int(number) else f"{number:.3g}"  # noqa: PLR2004


def duration(seconds: float) -> str:
    """Write a time in the unit that fits it."""
    if seconds < 10 and seconds != int(seconds):  # noqa: PLR2004
        return f"{seconds:.2g} s"
    if seconds < 2 * _MINUTE:
        return f"{seconds:.0f} s"
    if seconds < 2 * _HOUR:
        return f"{seconds / _MINUTE:.0f} min"
    return f"{seconds / _HOUR:.1f} h" if seconds < 2 * _DAY else f"{seconds / _DAY:.1f} days"


def usd(amount: float) -> str:
    """Write an amount of US dollars in cents."""
    return f"{amount:,.2f}"


def share(part: float) -> str:
    """Write a share in per cent, small ones with the digits that they need."""
    if part < 1e-9:  # noqa: PLR2004  # less than one in a billion
        return "0"
    return f"{100 * part:.0f} %" if part >= 0.1 else f"{100 * part:.2g} %"  # noqa: PLR2004
