"""`darkroom events`: read the event log, and have others read it again."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from darkroom.cli.options import AsJson, DryRun, Yes
from darkroom.cli.terminal import confirm, stop_signal
from darkroom.errors import UsageError
from darkroom.event_log.client import LogClient, find_log
from darkroom.event_log.offsets import ConsumerGroup, LogPoint, Move, plan_replay
from darkroom.event_log.topic import TOPIC
from darkroom.text import printable

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Read the event log, and have others read it again."
)

Bootstrap = Annotated[
    str | None,
    typer.Option("--bootstrap", metavar="HOST:PORT", help="The brokers.", show_default="those of `darkroom up --log`"),
]
Client = Annotated[
    Path | None, typer.Option("--client", metavar="FILE", help="How to reach them: lines such as sasl.username=…")
]
Topic = Annotated[str, typer.Option("--topic", help="The topic that outcomes are announced to.")]
EventKey = Annotated[str | None, typer.Option("--key", help="Only what is about this upload.")]
From = Annotated[str, typer.Option("--from", metavar="POINT", help="beginning, end, a time, or 2h ago.")]
To = Annotated[
    str, typer.Option("--to", metavar="POINT", help="beginning, end, a time, or 2h ago.", show_default=False)
]
Once = Annotated[bool, typer.Option("--once", help="End at the end of the log, and do not wait for more.")]
GroupName = Annotated[str, typer.Option("--group", help="The readers' group.", show_default=False)]


@app.command()
def tail(  # noqa: PLR0913 - the command has so many options
    *,
    from_: From = "end",
    key: EventKey = None,
    once: Once = False,
    as_json: AsJson = False,
    topic: Topic = TOPIC,
    bootstrap: Bootstrap = None,
    client: Client = None,
) -> None:
    """Print events as they come, until Ctrl-C.

    Nobody else's place in the log changes. As JSON, a line has the event and its place; what is no event says why.

    \b
    Examples:
      darkroom events tail
      darkroom events tail --from beginning --once --json | jq .event.type
      darkroom events tail --from 2h --key photos/cat.jpg
    """  # noqa: D301 - \b tells the help to leave the lines as they are
    start = LogPoint.parse("--from", from_, datetime.now(UTC))
    found = find_log(bootstrap, client)
    log = LogClient(found, topic)
    from consumers.event import Event, NotAnEventError, Record  # noqa: PLC0415 - the other commands need no reader

    def as_entry(record: Record) -> dict[str, Any]:
        place = {"partition": record.partition, "offset": record.offset}
        try:
            Event.from_json(record.value)
        except NotAnEventError as error:
            return {**place, "event": None, "fault": str(error)}
        return {**place, "event": json.loads(record.value or b"")}

    if not once:
        typer.echo(f"darkroom: {waiting_for(topic, found['bootstrap.servers'], from_, key)}", err=True)
    stopped = stop_signal()
    for record in log.records(log.offsets(start), stopped=stopped, once=once):
        entry = as_entry(record)
        if key is None or (entry["event"] or {}).get("subject") == key:
            typer.echo(json.dumps(entry) if as_json else event_line(entry))
            sys.stdout.flush()


@app.command()
def lag(*, as_json: AsJson = False, topic: Topic = TOPIC, bootstrap: Bootstrap = None, client: Client = None) -> None:
    """Say how far behind each group of readers is.

    \b
    Examples:
      darkroom events lag
      darkroom events lag --json | jq 'select(.lag > 1000)'
    """  # noqa: D301 - the same
    log = LogClient(find_log(bootstrap, client), topic)
    begins, ends = log.offsets(LogPoint("beginning")), log.offsets(LogPoint("end"))
    groups = log.groups()
    for group in groups:
        typer.echo(lag_line(group, group.lag(begins, ends), as_json=as_json))
    if not groups and not as_json:
        typer.echo(f"No group has read {topic} yet. Records in it: {sum(ends.values()) - sum(begins.values()):,}.")


@app.command()
def replay(  # noqa: PLR0913 - the command has so many options
    *,
    group: GroupName,
    to: To,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
    topic: Topic = TOPIC,
    bootstrap: Bootstrap = None,
    client: Client = None,
) -> None:
    """Set a group of readers back, so that it reads again what came since.

    Or forward, past what it shall not read. It must not be reading meanwhile: stop it first. Of the programs in
    consumers/ the catalog reads again and comes to the same rows; the audit and the webhook pass over what they had. To
    build one anew, start it with a new file.

    \b
    Examples:
      darkroom events replay --group search-index --to beginning --dry-run
      darkroom events replay --group search-index --to 2026-11-26T08:00:00Z
    """  # noqa: D301 - the same
    point = LogPoint.parse("--to", to, datetime.now(UTC))
    log = LogClient(find_log(bootstrap, client), topic)
    found = log.group(group)
    if found.members:
        raise UsageError(f"The group {group!r} has active members: {found.members}. Stop them first.")
    moves = plan_replay(found, log.offsets(point))
    for line in plan_lines(group, moves, as_json=as_json):
        typer.echo(line)
    if moves and not dry_run:
        confirm(f"Set the group {group!r} so?", yes=yes)
        log.move(group, moves)


def waiting_for(topic: str, brokers: str, start: str, key: str | None) -> str:
    """Say what `tail` waits for: it may be long before there is any."""
    about = f" about {key!r}" if key else ""
    since = "new ones" if start == "end" else f"those from {start} on, and new ones"
    return printable(f"waiting for events{about} in {topic!r} at {brokers}: {since}. Ctrl-C ends it.")


def event_line(entry: dict[str, Any]) -> str:
    """Write what `tail` prints of a record."""
    event = entry["event"]
    if event is None:
        return f"{'-':24}  no event: {printable(entry['fault'])}  ({entry['partition']}:{entry['offset']})"
    data, source = event["data"], event["data"].get("source") or {}
    words = (event["time"], event["type"].split(".")[3], data.get("reason") or source.get("format") or "-")
    return printable("  ".join((*map(str, words), event["subject"]))) + f"  ({entry['partition']}:{entry['offset']})"


def lag_line(group: ConsumerGroup, lag: dict[int, int], *, as_json: bool) -> str:
    """Write what `lag` prints of a group."""
    total = sum(lag.values())
    if as_json:
        summary = {"group": group.name, "state": group.state, "members": group.members, "lag": total, "partitions": lag}
        return json.dumps(summary)
    return f"{printable(group.name)}: {total:,} to read, {group.members} reading"


def plan_lines(group: str, moves: tuple[Move, ...], *, as_json: bool) -> list[str]:
    """Write what `replay` is going to do."""
    again, skipped = sum(move.again for move in moves), sum(move.skipped for move in moves)
    if as_json:
        each = [{"partition": move.partition, "before": move.before, "after": move.after} for move in moves]
        return [json.dumps({"group": group, "moves": each, "again": again, "skipped": skipped})]
    if not moves:
        return [f"{printable(group)} is there already."]
    lines = [f"partition {move.partition}: {_place(move.before)} -> {move.after}" for move in moves]
    return [*lines, f"{again:,} are read again, {skipped:,} passed over."]


def _place(offset: int | None) -> str:
    return "none" if offset is None else str(offset)
