"""A table of a page."""

from collections.abc import Iterable, Sequence


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, words: int = 1) -> str:
    """Write a table; so many of the first columns are words, the others are figures."""
    dashes = ["---" if place < words else "---:" for place in range(len(heads))]
    return "\n".join("| " + " | ".join(row) + " |" for row in (heads, dashes, *rows))
