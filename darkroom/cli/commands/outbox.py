"""`darkroom events backfill|verify|dlq`: what the event log should have."""

import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from darkroom.cli.options import (
    AsJson,
    DryRun,
    EndpointUrl,
    KeyPrefix,
    LocalOption,
    Stack,
    Yes,
    limit_option,
    rate_option,
)
from darkroom.cli.progress import steps
from darkroom.cli.target import find_target
from darkroom.cli.terminal import confirm, print_summary, told_when_stopped
from darkroom.dlq.attempts import UNKNOWN_CODE
from darkroom.errors import DarkroomError, ExitStatus, UsageError
from darkroom.outbox.backfill import Announced, announce_again, most_dollars
from darkroom.outbox.dead_letters import UndeliveredEvent, read_undelivered, redrive_events
from darkroom.outbox.manifests import StandingManifests
from darkroom.outbox.queues import OutboxQueues, find_event_queues
from darkroom.outbox.refusals import last_refusals
from darkroom.outbox.verification import KeyFinding, KeyHistory, KeyState, read_log, verify
from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.sqs import RateLimiter
from darkroom.text import printable

_MOST = 10_000
_RATE = 100
# What SQS takes of one FIFO queue without high throughput, in batches of ten; more would only wait.
_HIGHEST_RATE = 3_000

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Announce outcomes again, and see which have not reached the log."
)

Rate = Annotated[int, rate_option("events", _HIGHEST_RATE)]
Redrive = Annotated[bool, typer.Option("--redrive", help="Send them to the log again.")]
LogFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="The log, an event a line; - is standard input.", show_default=False)
]


@app.command("backfill")
def backfill_events(  # noqa: PLR0913 - the command has so many options
    *,
    prefix: KeyPrefix = "",
    rate: Rate = _RATE,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    local: LocalOption = False,
    stack: Stack = None,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Announce the newest outcome of every key.

    For a log that was turned on late, or has lost some. Each manifest becomes the event that it was or would have been,
    of the same id: who has it drops it. Outcomes before the newest are not announced, as nothing keeps them.

    \b
    Examples:
      darkroom events backfill --dry-run
      darkroom events backfill --stack Darkroom --prefix pets/ --rate 500

    \b
    Permissions: s3:ListBucket and s3:GetObject on the derived bucket, sqs:SendMessage and sqs:GetQueueAttributes on the
    events queue, sqs:GetQueueUrl on its dead letters, lambda:GetFunctionConfiguration.
    """  # noqa: D301 - \b tells the help to leave the lines as they are
    pipeline = find_target(local=local, stack=stack, endpoint_url=endpoint_url)
    queues = find_event_queues(pipeline)
    manifests = StandingManifests(pipeline=pipeline, source=queues.source, prefix=prefix)
    with steps(shown=sys.stderr.isatty()) as progress:
        progress.begin("Counting")
        count = manifests.count()
    plan = f"{count:,} outcomes to announce, {rate} a second, for up to {most_dollars(count):.2f} USD."
    if dry_run or not count:
        print_summary(plan, {"dry_run": dry_run, "outcomes": count}, as_json=as_json)
        return
    confirm(f"{plan} Go on?", yes=yes)
    done = Counter[str]()
    with (
        told_when_stopped(
            lambda: f"{done['sent']:,} of {count:,} outcomes were announced. Run again: none counts twice."
        ),
        steps(shown=sys.stderr.isatty()) as progress,
    ):
        pages = announce_again(manifests, queues, RateLimiter(rate))
        for _ in progress.count("Announcing", count, _adding(done, pages)):
            pass
    told = f"{done['sent']:,} outcomes were announced."
    if done["unreadable"]:
        told += f" {done['unreadable']:,} manifests are of another version, and only that can announce them."
    print_summary(told, {"announced": done["sent"], "unreadable": done["unreadable"]}, as_json=as_json)


@app.command("verify")
def verify_(  # noqa: PLR0913 - the same
    log: LogFile,
    *,
    prefix: KeyPrefix = "",
    as_json: AsJson = False,
    local: LocalOption = False,
    stack: Stack = None,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Compare a log with the manifests.

    The newest outcome of every key must be in it, and none left out in between. Exit status 1 where something is
    missing. What is announced while this runs may be found missing: run again.

    \b
    Examples:
      darkroom events tail --from beginning --once --json | darkroom events verify -
      darkroom events verify log.jsonl --stack Darkroom --json | jq -r 'select(.finding == "not_announced") | .key'

    \b
    Permissions: s3:ListBucket and s3:GetObject on the derived bucket, sqs:GetQueueAttributes on the events queue,
    sqs:GetQueueUrl on its dead letters, lambda:GetFunctionConfiguration.
    """  # noqa: D301 - the same
    pipeline = find_target(local=local, stack=stack, endpoint_url=endpoint_url)
    manifests = StandingManifests(pipeline=pipeline, source=find_event_queues(pipeline).source, prefix=prefix)
    histories = {key: history for key, history in _read(log).items() if key.startswith(prefix)}
    standing = (event for page in manifests.events() for event in page if event is not None)
    counts = Counter[KeyState]()
    for found in verify(histories, standing):
        counts[found.finding] += 1
        if found.finding.is_fault:
            typer.echo(_finding_line(found, as_json=as_json))
    faults = sum(count for finding, count in counts.items() if finding.is_fault)
    if not as_json:
        typer.echo(f"{counts[KeyState.SAME]:,} keys are as the log has them; {faults:,} faults.")
    if counts[KeyState.NOT_ANNOUNCED]:
        typer.echo("darkroom: what is not announced will be by: darkroom events backfill", err=True)
    if faults:
        raise typer.Exit(ExitStatus.FOUND_FAULTS)


@app.command()
def dlq(  # noqa: PLR0913 - the command has so many options
    *,
    redrive: Redrive = False,
    limit: Annotated[int, limit_option(_MOST)] = _MOST,
    rate: Rate = _RATE,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    local: LocalOption = False,
    stack: Stack = None,
    endpoint_url: EndpointUrl = None,
) -> None:
    """List or redrive the events that did not reach the log in a thousand tries.

    The reason is that of the last try, as the announce function's log says; "unknown" where it says none, where it may
    not be read, and from the fifty-first event on.

    \b
    Examples:
      darkroom events dlq
      darkroom events dlq --redrive --stack Darkroom

    \b
    Permissions: sqs:ReceiveMessage, sqs:ChangeMessageVisibility, sqs:GetQueueAttributes and sqs:GetQueueUrl on the
    events' dead letters, sqs:GetQueueAttributes on the events queue, lambda:GetFunctionConfiguration; for the reasons
    lambda:ListEventSourceMappings, and logs:FilterLogEvents on the announce function's log; to redrive also
    sqs:DeleteMessage on the dead letters and sqs:SendMessage on the events queue.
    """  # noqa: D301 - the same
    pipeline = find_target(local=local, stack=stack, endpoint_url=endpoint_url)
    queues = find_event_queues(pipeline)
    events, count = read_undelivered(pipeline, queues, limit)
    if not redrive:
        codes = _codes(pipeline, queues, events)
        for event in events:
            typer.echo(_event_line(event, codes.get(event.message_id), as_json=as_json))
        if not count and not as_json:
            typer.echo("Every event has reached the log, or waits for its turn.")
        elif count > len(events):
            typer.echo(f"darkroom: {len(events):,} of about {count:,} undelivered events were looked at.", err=True)
        return
    _redrive(pipeline, queues, count, rate=rate, yes=yes, dry_run=dry_run, as_json=as_json)


def _redrive(  # noqa: PLR0913 - what was asked for
    pipeline: Pipeline, queues: OutboxQueues, count: int, *, rate: int, yes: bool, dry_run: bool, as_json: bool
) -> None:
    plan = f"{count:,} undelivered events to send to the log again, {rate} a second."
    if dry_run or not count:
        print_summary(plan, {"dry_run": dry_run, "events": count}, as_json=as_json)
        return
    confirm(f"{plan} Go on?", yes=yes)
    moved = 0
    with (
        told_when_stopped(lambda: f"{moved:,} of {count:,} events were sent again. The others stay where they are."),
        steps(shown=sys.stderr.isatty()) as progress,
    ):
        for some in progress.count("Redriving", count, redrive_events(pipeline, queues, RateLimiter(rate))):
            moved += some
    print_summary(f"{moved:,} events were sent again.", {"redriven": moved}, as_json=as_json)


def _read(log: Path) -> dict[str, KeyHistory]:
    try:
        if str(log) == "-":
            return read_log(sys.stdin, "standard input")
        with log.open(encoding="utf-8") as lines:
            return read_log(lines, str(log))
    except OSError as error:
        raise UsageError(f"{str(log)!r} cannot be read: {error.strerror}. Check the path.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{str(log)!r} is not UTF-8: {error.reason}.") from error


def _adding(done: Counter[str], pages: Iterable[Announced]) -> Iterable[int]:
    for page in pages:
        done.update(sent=page.sent, unreadable=page.unreadable)
        yield page.total


def _finding_line(found: KeyFinding, *, as_json: bool) -> str:
    if as_json:
        return json.dumps({"key": found.key, "finding": found.finding, "detail": found.detail})
    return printable(f"{found.finding:<14} {found.key}: {found.detail}")


def _codes(pipeline: Pipeline, queues: OutboxQueues, events: Sequence[UndeliveredEvent]) -> Mapping[str, str]:
    """Find why each was not taken; the list is worth having without that."""
    try:
        return last_refusals(pipeline, queues, events)
    except DarkroomError as error:
        typer.echo(f"darkroom: why they were not taken is unknown. {error}", err=True)
        return {}


def _event_line(event: UndeliveredEvent, code: str | None, *, as_json: bool) -> str:
    reason = code or UNKNOWN_CODE
    if as_json:
        members = {"id": event.message_id, "sent": event.sent.isoformat(), "bytes": event.size}
        return json.dumps({**members, "key": event.key, "type": event.type, "reason": reason})
    what = f"{event.type}  {event.key}" if event.key else "no event"
    return printable(f"{event.sent:%Y-%m-%d %H:%M:%S}  {event.size:>9,} bytes  {reason}  {what}  ({event.message_id})")
