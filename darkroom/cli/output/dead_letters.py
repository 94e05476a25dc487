"""Dead letters as tables, text and JSON."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from rich.table import Table
from rich.text import Text

from darkroom.cli.terminal import table_console
from darkroom.dlq.dead_letters import DeadLetter, by_cause
from darkroom.text import format_duration, printable

SHORT_ID = 8
_DETAIL_CHARACTERS = 100


def dead_letter_json(message: DeadLetter, now: datetime | None = None) -> str:
    """Write a dead letter as one line of JSON."""
    return json.dumps(
        {
            "id": message.message_id,
            "reason": message.cause.code,
            "detail": message.cause.detail,
            "sent": message.sent.isoformat(timespec="milliseconds"),
            "age_seconds": round(message.age(now).total_seconds()),
            "attempts": message.attempts,
            "uploads": [
                {"key": upload.key, "version_id": upload.version_id, "event": upload.change.value}
                for upload in message.uploads
            ],
            "body": message.body,
        }
    )


def print_groups(messages: Sequence[DeadLetter], now: datetime | None = None) -> None:
    """Print how many letters have which reason, and then each letter."""
    now = now or datetime.now(UTC)
    console = table_console()
    groups = by_cause(messages)
    console.print(_groups_table(groups.values(), now))
    console.print()
    console.print(_messages_table([message for group in groups.values() for message in group], now))


def dead_letter_lines(message: DeadLetter, now: datetime | None = None) -> Iterator[str]:
    """Tell all about a letter, line by line."""
    yield f"id        {message.message_id}"
    yield f"reason    {message.cause.code}"
    yield f"          {printable(message.cause.detail)}"
    yield f"sent      {message.sent.isoformat(timespec='seconds')}, {format_duration(message.age(now))} ago"
    yield f"attempts  {_attempts(message)}, by the function's log"
    for upload in message.uploads:
        yield f"upload    {printable(upload.key)}"
        yield f"          version {upload.version_id or '-'}, {upload.change}"
    if not message.uploads:
        yield "upload    none: the message is no job"
    yield f"body      {printable(message.body)}"


def _groups_table(groups: Iterable[Sequence[DeadLetter]], now: datetime) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("reason", overflow="fold")
    for column in ("letters", "oldest"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("such as", overflow="fold")
    for group in groups:
        oldest = max(message.age(now) for message in group)
        table.add_row(
            Text(printable(group[0].cause.code)),
            f"{len(group):,}",
            format_duration(oldest),
            _shortened(group[0].cause.detail),
        )
    return table


def _messages_table(messages: Sequence[DeadLetter], now: datetime) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("id", no_wrap=True)
    for column in ("age", "attempts"):
        table.add_column(column, justify="right", no_wrap=True)
    for column in ("upload", "reason"):
        table.add_column(column, overflow="fold")
    for message in messages:
        keys = " ".join(upload.key for upload in message.uploads)
        table.add_row(
            message.message_id[:SHORT_ID],
            format_duration(message.age(now)),
            _attempts(message),
            Text(printable(keys)) if keys else Text("-"),
            Text(printable(message.cause.code)),
        )
    return table


def _attempts(message: DeadLetter) -> str:
    return "-" if message.attempts is None else f"{message.attempts:,}"


def _shortened(detail: str) -> Text:
    text = printable(detail)
    return Text(text if len(text) <= _DETAIL_CHARACTERS else f"{text[:_DETAIL_CHARACTERS]}…")
