"""`darkroom dlq`: list, redrive and discard dead letters."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from darkroom.cli.options import AsJson, DryRun, EndpointUrl, LocalOption, Stack, Yes, limit_option, rate_option
from darkroom.cli.output.dead_letters import dead_letter_json, dead_letter_lines, print_groups
from darkroom.cli.progress import steps
from darkroom.cli.target import find_target
from darkroom.cli.terminal import confirm, print_summary, told_when_stopped
from darkroom.dlq.archive import count_saved, default_file, discard
from darkroom.dlq.dead_letters import DeadLetter, by_cause, choose, choose_by_ids, read_dead_letters
from darkroom.dlq.queue import DeadLetterQueue
from darkroom.dlq.redrive import MOST_A_SECOND, redrive, redrive_all, redrive_saved
from darkroom.errors import UsageError
from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.sqs import RateLimiter

# All that are read at once: each is in memory, and hidden from others until the last is read.
_MOST = 10_000
_RATE = 100

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="See why jobs failed, and redrive them.")

Ids = Annotated[list[str] | None, typer.Argument(metavar="ID", help="Letters, by the beginning of their ids.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="A letter, by the beginning of its id.", show_default=False)]
ReasonCode = Annotated[
    str | None,
    typer.Option("--reason", metavar="CODE", help="Those that failed for this reason; StorageError is all of S3's."),
]
All = Annotated[bool, typer.Option("--all", help="All of them.")]
SavedFile = Annotated[
    Path | None, typer.Option("--from", metavar="FILE", help="Those that `dlq discard` has saved in this file.")
]
Save = Annotated[
    Path | None,
    typer.Option(
        "--save", metavar="FILE", help="Where they are saved.", show_default="dead-letters-<time>.jsonl, here"
    ),
]


@app.command("list")
def list_(
    *,
    limit: Annotated[int, limit_option(_MOST)] = _MOST,
    as_json: AsJson = False,
    local: LocalOption = False,
    stack: Stack = None,
    endpoint_url: EndpointUrl = None,
) -> None:
    """List the dead letters, grouped by reason.

    The reason of the last failure, and how often a job was tried, are what the function's log says; "unknown" where it
    says nothing, is gone or may not be read. Looking ages nothing, and hides letters from others while it lasts. For
    fifty letters and more, the log is asked with Logs Insights, which costs by the bytes that it scans.

    \b
    Examples:
      darkroom dlq list
      darkroom dlq list --stack Darkroom --json | jq -r 'select(.reason == "unknown") | .id'

    \b
    Permissions: sqs:ReceiveMessage, sqs:ChangeMessageVisibility and sqs:GetQueueAttributes on the dead-letter queue,
    sqs:GetQueueAttributes on the jobs queue, lambda:GetFunctionConfiguration, logs:FilterLogEvents; from fifty letters
    on also logs:StartQuery, logs:GetQueryResults and logs:StopQuery.
    """  # noqa: D301 - \b tells the help to leave the lines as they are
    pipeline = find_target(local=local, stack=stack, endpoint_url=endpoint_url)
    messages = _read(pipeline, limit)
    if as_json:
        for message in messages:
            typer.echo(dead_letter_json(message))
    elif messages:
        print_groups(messages)
    elif DeadLetterQueue(pipeline).count() == 0:
        typer.echo("There are no dead letters.")


@app.command("show")
def show_message(
    message_id: Id,
    *,
    as_json: AsJson = False,
    local: LocalOption = False,
    stack: Stack = None,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Tell all about one dead letter.

    Its upload, its body, and the words of its last failure.

    \b
    Examples:
      darkroom dlq show 6f1c2a
      darkroom dlq show 6f1c2a --json | jq -r .body

    Permissions: those of `darkroom dlq list`.
    """  # noqa: D301 - the same
    pipeline = find_target(local=local, stack=stack, endpoint_url=endpoint_url)
    for message in choose_by_ids(_read(pipeline, _MOST), [message_id]):
        for line in [dead_letter_json(message)] if as_json else dead_letter_lines(message):
            typer.echo(line)


@app.command("redrive")
def redrive_(  # noqa: PLR0913 - the command has so many options
    message_ids: Ids = None,
    *,
    reason: ReasonCode = None,
    everything: All = False,
    file: SavedFile = None,
    rate: Annotated[int, rate_option("messages", MOST_A_SECOND)] = _RATE,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    local: LocalOption = False,
    stack: Stack = None,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Redrive jobs, once what they failed for is fixed.

    A letter is sent to the jobs queue and then taken away, never the other way round. Cut off in between, a job is done
    twice, which changes nothing. An older upload never overwrites a newer one. All are moved with SQS's own message
    move task, where there is one; Ctrl-C cancels it.

    \b
    Examples:
      darkroom dlq redrive 6f1c2a 91b0
      darkroom dlq redrive --reason StorageError.GetObject.AccessDenied --dry-run
      darkroom dlq redrive --all --rate 50 --stack Darkroom
      darkroom dlq redrive --from dead-letters-20261124T120000.000000Z.jsonl

    \b
    Permissions: those of `darkroom dlq list`, sqs:DeleteMessage on the dead-letter queue, sqs:SendMessage on
    the jobs queue; for --all also sqs:StartMessageMoveTask, sqs:ListMessageMoveTasks and sqs:CancelMessageMoveTask.
    """  # noqa: D301 - the same
    _check_choice(message_ids, reason, everything=everything, file=file)
    pipeline = find_target(local=local, stack=stack, endpoint_url=endpoint_url)
    limiter = RateLimiter(rate)
    if file:
        count = count_saved(file)
        work = redrive_saved(pipeline, file, limiter)
    elif everything:
        count = DeadLetterQueue(pipeline).count()
        work = redrive_all(pipeline, count, limiter, rate=rate)
    else:
        chosen = _chosen(pipeline, message_ids or (), reason)
        count = len(chosen)
        work = redrive(pipeline, [message.message_id for message in chosen], limiter)
    plan = f"{_dead_letters(count)} to send to the jobs queue, {rate} a second at most: about {-(-count // rate)} s."
    if dry_run:
        print_summary(plan, {"dry_run": True, "letters": count, "rate": rate}, as_json=as_json)
        return
    moved = _do("Redriving", "were redriven", count, work)
    print_summary(f"{_dead_letters(moved)} redriven.", {"redriven": moved}, as_json=as_json)
    _tell_missing(count - moved)


@app.command("discard")
def discard_(  # noqa: PLR0913 - the command has so many options
    message_ids: Ids = None,
    *,
    reason: ReasonCode = None,
    everything: All = False,
    save: Save = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    local: LocalOption = False,
    stack: Stack = None,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Take letters out of the queue that nobody wants done.

    Each is saved before it goes, whole.

    \b
    Examples:
      darkroom dlq discard --reason MessageRefusedError
      darkroom dlq discard 6f1c2a --save strange.jsonl --yes
      darkroom dlq redrive --from strange.jsonl

    Permissions: those of `darkroom dlq list`, and sqs:DeleteMessage on the dead-letter queue.
    """  # noqa: D301 - the same
    _check_choice(message_ids, reason, everything=everything)
    pipeline = find_target(local=local, stack=stack, endpoint_url=endpoint_url)
    messages = _read(pipeline, _MOST)
    chosen = messages if everything else choose(messages, ids=message_ids or (), code=reason)
    if not chosen:
        print_summary(
            "There are no such dead letters: nothing was discarded.",
            {"dry_run": dry_run, "letters": 0},
            as_json=as_json,
        )
        return
    file = save or default_file()
    reasons = ", ".join(f"{len(group)} {code}" for code, group in by_cause(chosen).items())
    plan = f"{_dead_letters(len(chosen))} to save in {str(file)!r} and take out of the queue: {reasons}."
    if dry_run:
        print_summary(plan, {"dry_run": dry_run, "letters": len(chosen)}, as_json=as_json)
        return
    confirm(f"{plan} Go on?", yes=yes)
    gone = _do(
        "Discarding",
        "were saved and discarded",
        len(chosen),
        discard(pipeline, [message.message_id for message in chosen], file),
    )
    print_summary(
        f"{_dead_letters(gone)} discarded. To have them back: darkroom dlq redrive --from {file}",
        {"discarded": gone, "saved": str(file)},
        as_json=as_json,
    )
    _tell_missing(len(chosen) - gone)


def _read(pipeline: Pipeline, limit: int) -> tuple[DeadLetter, ...]:
    """Read letters, and say so where there are more: no command may seem to have looked at what it has not."""
    with steps(shown=sys.stderr.isatty()) as progress:
        progress.begin("Reading the dead letters")
        messages = read_dead_letters(pipeline, limit=limit)
        count = DeadLetterQueue(pipeline).count()
    if len(messages) == limit and count > limit:
        more = "" if limit == _MOST else " Read more with --limit."
        typer.echo(f"darkroom: {limit:,} of about {count:,} dead letters were looked at.{more}", err=True)
    elif count > len(messages):
        typer.echo(
            f"darkroom: about {_dead_letters(count - len(messages))} more cannot be read now: somebody else reads "
            "them. Look again in a minute.",
            err=True,
        )
    return messages


def _chosen(pipeline: Pipeline, ids: Sequence[str], reason: str | None) -> tuple[DeadLetter, ...]:
    return choose(_read(pipeline, _MOST), ids=ids, code=reason)


def _check_choice(ids: Sequence[str] | None, reason: str | None, *, everything: bool, file: Path | None = None) -> None:
    ways = [bool(ids), reason is not None, everything, file is not None]
    if sum(ways) != 1:
        raise UsageError("Say which letters in one way: their ids, --reason CODE or --all. See `darkroom dlq list`.")


def _do(what: str, done_as: str, count: int, work: Iterable[int]) -> int:
    done = 0
    with (
        told_when_stopped(lambda: f"{done:,} of {_dead_letters(count)} {done_as}."),
        steps(shown=sys.stderr.isatty()) as progress,
    ):
        for some in progress.count(what, count, work):
            done += some
    return done


def _tell_missing(count: int) -> None:
    if count > 0:
        typer.echo(
            f"darkroom: {_dead_letters(count)} could not be had: somebody else holds them, or has taken them away. "
            "Look again with `darkroom dlq list`.",
            err=True,
        )


def _dead_letters(count: int) -> str:
    return f"{count:,} dead letter{'' if count == 1 else 's'}"
