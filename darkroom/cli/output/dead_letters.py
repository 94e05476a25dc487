"""Tells a person, or another program, about dead letters."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from rich.table import Table
from rich.text import Text

from darkroom.cli.terminal import table_console
from darkroom.dlq.dead_letters import DeadLetter, by_cause
from darkroom.text import printable, told

SHORT_ID = 8
_DETAIL_CHARACTERS = 100


def dead_letter_json(letter: DeadLetter, now: datetime | None = None) -> str:
    """Write a dead letter as one line of JSON."""
    return json.dumps(
        {
            "id": letter.message_id,
            "reason": letter.cause.code,
            "detail": letter.cause.detail,
            "sent": letter.sent.isoformat(timespec="milliseconds"),
            "age_seconds": round(letter.age(now).total_seconds()),
            "attempts": letter.attempts,
            "uploads": [
                {"key": upload.key, "version_id": upload.version_id, "event": upload.change.value}
                for upload in letter.uploads
            ],
            "body": letter.body,
        }
    )


def print_groups(letters: Sequence[DeadLetter], now: datetime | None = None) -> None:
    """Print how many letters have which reason, and then each letter, to standard output."""
    now = now or datetime.now(UTC)
    console = table_console()
    groups = by_cause(letters)
    console.print(_groups_table(groups.values(), now))
    console.print()
    console.print(_letters_table([letter for group in groups.values() for letter in group], now))


def dead_letter_lines(letter: DeadLetter, now: datetime | None = None) -> Iterator[str]:
    """Tell all about a letter, line by line."""
    yield f"id        {letter.message_id}"
    yield f"reason    {letter.cause.code}"
    yield f"          {printable(letter.cause.detail)}"
    yield f"sent      {letter.sent.isoformat(timespec='seconds')}, {told(letter.age(now))} ago"
    yield f"attempts  {_attempts(letter)}, by the function's log"
    for upload in letter.uploads:
        yield f"upload    {printable(upload.key)}"
        yield f"          version {upload.version_id or '-'}, {upload.change}"
    if not letter.uploads:
        yield "upload    none: the message is no job"
    yield f"body      {printable(letter.body)}"


def _groups_table(groups: Iterable[Sequence[DeadLetter]], now: datetime) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("reason", overflow="fold")
    for column in ("letters", "oldest"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("such as", overflow="fold")
    for group in groups:
        oldest = max(letter.age(now) for letter in group)
        table.add_row(
            Text(printable(group[0].cause.code)), f"{len(group):,}", told(oldest), _shortened(group[0].cause.detail)
        )
    return table


def _letters_table(letters: Sequence[DeadLetter], now: datetime) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("id", no_wrap=True)
    for column in ("age", "attempts"):
        table.add_column(column, justify="right", no_wrap=True)
    for column in ("upload", "reason"):
        table.add_column(column, overflow="fold")
    for letter in letters:
        keys = " ".join(upload.key for upload in letter.uploads)
        table.add_row(
            letter.message_id[:SHORT_ID],
            told(letter.age(now)),
            _attempts(letter),
            Text(printable(keys)) if keys else Text("-"),
            Text(printable(letter.cause.code)),
        )
    return table


def _attempts(letter: DeadLetter) -> str:
    return "-" if letter.attempts is None else f"{letter.attempts:,}"


def _shortened(detail: str) -> Text:
    text = printable(detail)
    return Text(text if len(text) <= _DETAIL_CHARACTERS else f"{text[:_DETAIL_CHARACTERS]}…")
