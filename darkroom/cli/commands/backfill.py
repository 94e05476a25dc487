"""`darkroom backfill`: send jobs for objects that exist already."""

import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from darkroom.backfill.backfill import KeySource, PagePlanner, UploadedKeys, backfill, plan_pages
from darkroom.backfill.checkpoint import Checkpoint
from darkroom.backfill.earlier_defaults import note_on_defaults
from darkroom.backfill.estimate import Estimate
from darkroom.backfill.jobs import PlannedKey, Planner
from darkroom.backfill.listing import Listed
from darkroom.backfill.orphans import Manifests, OrphanPlanner
from darkroom.backfill.selection import Decision, Filter
from darkroom.cli.options import (
    DryRun,
    EndpointUrl,
    KeyPrefix,
    LocalOption,
    Stack,
    Yes,
    duration,
    json_option,
    rate_option,
    source_formats,
)
from darkroom.cli.progress import steps
from darkroom.cli.target import find_target
from darkroom.cli.terminal import confirm, told_when_stopped
from darkroom.doctor.rollback import DEPLOY_AGAIN
from darkroom.errors import UsageError, aws_errors
from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.deploy_advice import deploy_advice
from darkroom.pipeline.deployed_config import find_scope, read_settings
from darkroom.pipeline.sqs import RateLimiter
from darkroom.text import format_duration, printable
from resize.imaging.formats.detect import SourceFormat
from resize.imaging.variants import Format, Variant
from resize.settings import Settings

# From here on it is asked for twice: a person may not know how many there are.
_LARGE = 10_000
RATE = 100

OlderThan = Annotated[
    timedelta | None,
    typer.Option(
        "--older-than",
        metavar="T",
        parser=duration("--older-than", timedelta(days=36_500)),
        help="What was resized longer ago than this, such as 12h or 30d, up to date or not.",
    ),
]
Missing = Annotated[str | None, typer.Option("--missing", metavar="VARIANT", help="What has no such variant.")]
Formats = Annotated[
    frozenset[SourceFormat] | None,
    typer.Option(
        "--format",
        metavar="F,…",
        parser=source_formats,
        help="What was uploaded as such, as tiff or gif,png: up to date or not.",
    ),
]
Rejected = Annotated[bool, typer.Option("--rejected", help="What was rejected, too: a limit was raised, say.")]
Orphans = Annotated[
    bool,
    typer.Option("--orphans", help="Instead, remove the variants of what is gone from the bucket, and was never told."),
]
UpToDate = Annotated[bool, typer.Option("--all", help="What is up to date, too.")]
Inventory = Annotated[
    Path | None,
    typer.Option("--inventory", metavar="FILE", help="Take the keys from a CSV file of S3 Inventory, plain or .gz."),
]
CheckpointFile = Annotated[
    Path | None,
    typer.Option("--checkpoint", metavar="FILE", help="Note how far it is; the same command goes on from there."),
]


def backfill_(  # noqa: PLR0913 - the command has so many options
    *,
    prefix: KeyPrefix = "",
    older_than: OlderThan = None,
    missing: Missing = None,
    formats: Formats = None,
    rejected: Rejected = False,
    everything: UpToDate = False,
    orphans: Orphans = False,
    inventory: Inventory = None,
    checkpoint: CheckpointFile = None,
    rate: Annotated[int, rate_option("jobs", 3_000)] = RATE,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: Annotated[bool, json_option("One JSON object that sums up; with --dry-run, one a job before.")] = False,
    local: LocalOption = False,
    stack: Stack = None,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Resize what is in the uploads bucket already.

    That is uploads without an outcome, and those of another configuration. Each key's manifest is read (0.40 USD a
    million): a key is made a job if it has none, if it is of an older version, or if its variants were made by another
    configuration than the deployed function's. What is uploaded meanwhile wins over a backfill, always. Jobs wait in
    the same queue as uploads: a low --rate leaves room for those.

    With --orphans the manifests are gone through instead, held against a listing of the uploads: where a source is gone
    and nobody told, a removal is sent. It says how many before it asks.

    \b
    Examples:
      darkroom backfill --dry-run
      darkroom backfill --stack Darkroom --checkpoint backfill.json --rate 200
      darkroom backfill --missing thumb --prefix pets/
      darkroom backfill --older-than 90d --yes
      darkroom backfill --format tiff,gif --rejected
      darkroom backfill --inventory 7a9a.csv.gz --checkpoint backfill.json
      darkroom backfill --orphans --dry-run

    \b
    Permissions: s3:ListBucket and s3:GetBucketNotification on the uploads bucket, s3:GetObject on both,
    s3:ListBucket on the derived bucket, sqs:SendMessage on the jobs queue, lambda:GetFunctionConfiguration.
    """  # noqa: D301 - \b tells the help to leave the lines as they are
    if everything and (missing or older_than or formats):
        raise UsageError("--all takes everything; leave --missing, --older-than and --format out.")
    if orphans and (everything or missing or older_than or formats or rejected or inventory):
        raise UsageError("--orphans goes through the manifests: of the options that choose, it takes --prefix alone.")
    pipeline = find_target(local=local, stack=stack, endpoint_url=endpoint_url)
    settings = read_settings(pipeline)
    within = _within_scope(prefix, pipeline, settings)
    if orphans:
        manifests = Manifests(pipeline=pipeline, prefix=within)
        examiner = OrphanPlanner(pipeline, within, settings)
        noted = Checkpoint(file=checkpoint, backfill=_described_orphans(manifests))
        _sweep(_Run(pipeline, manifests, examiner, noted, rate, as_json), settings, dry_run=dry_run, yes=yes)
        return
    selection = Filter(
        recipe=settings.recipe,
        function_version=_live_version(pipeline),
        everything=everything,
        rejected=rejected,
        missing=_known(missing, settings),
        formats=formats or frozenset(),
        finished_before=datetime.now(UTC) - older_than if older_than else None,
    )
    uploads = UploadedKeys(pipeline=pipeline, prefix=within, inventory=inventory)
    noted = Checkpoint(file=checkpoint, backfill=_described(uploads, selection, older_than))
    planner = _WithNote(Planner(pipeline, settings, selection))
    run = _Run(pipeline, uploads, planner, noted, rate, as_json)
    after = noted.read()
    estimate = _estimate(uploads, settings, after, rate)
    typer.echo(_plan(estimate, going_on=after is not None), err=True)
    if dry_run:
        run.report(run.show(shown=True), dry_run=True)
        return
    if estimate.keys > _LARGE:
        confirm("Go on?", yes=yes)
    run.report(run.send(estimate.keys), dry_run=False)


class _WithNote:
    """Plans, and says before a page's jobs are sent which formats the defaults of before 0.1.0 are replaced in."""

    def __init__(self, planner: Planner) -> None:
        self._planner = planner
        self._told: frozenset[Format] = frozenset()

    def plan(self, keys: Sequence[Listed]) -> list[PlannedKey]:
        planned = self._planner.plan(keys)
        found = self._told.union(*(each.replaced_formats for each in planned))
        if found != self._told:
            typer.echo(note_on_defaults(found), err=True)
        self._told = found
        return planned


@dataclass(frozen=True, slots=True)
class _Run:
    """A backfill that is told to a person, or to another program, as it goes."""

    pipeline: Pipeline
    source: KeySource
    planner: PagePlanner
    checkpoint: Checkpoint
    rate: int
    as_json: bool

    def show(self, *, shown: bool) -> Counter[Decision]:
        """Look at every key, and print each job that would be sent where that is to be shown."""
        counts: Counter[Decision] = Counter()
        for page in plan_pages(self.source, self.planner, self.checkpoint.read()):
            counts.update(each.decision for each in page)
            for each in page:
                if shown and each.decision.is_job:
                    typer.echo(_job_line(each, as_json=self.as_json))
        return counts

    def send(self, keys: int) -> Counter[Decision]:
        """Send the jobs of so many keys."""
        counts: Counter[Decision] = Counter()
        with told_when_stopped(lambda: self._so_far(counts, keys)), steps(shown=sys.stderr.isatty()) as progress:
            pages = backfill(self.source, self.planner, self.checkpoint, RateLimiter(self.rate))
            for _ in progress.count("Looking and sending", keys, _adding(counts, pages)):
                pass
        return counts

    def _so_far(self, counts: Counter[Decision], keys: int) -> str:
        again = "goes on from there" if self.checkpoint.file else "begins anew; with --checkpoint FILE it goes on"
        done = f"{counts.total():,} of {keys:,} keys were looked at, and {_jobs(counts):,} jobs sent."
        return f"{done} Run again, it {again}."

    def report(self, counts: Counter[Decision], *, dry_run: bool) -> None:
        """Sum up."""
        if newer := counts[Decision.NEWER_VERSION]:
            typer.echo(
                f"{newer:,} were resized by a newer version of the function than the live one: "
                "a deployment was rolled back, and their jobs would change nothing. "
                f"{deploy_advice(self.pipeline, DEPLOY_AGAIN)}",
                err=True,
            )
        if self.as_json:
            members = {"dry_run": dry_run, "jobs": _jobs(counts), "uploads": dict(sorted(counts.items()))}
            typer.echo(json.dumps(members))
        elif isinstance(self.source, Manifests):
            typer.echo(_swept(counts, dry_run=dry_run))
        else:
            typer.echo(_backfilled(counts, dry_run=dry_run))
        if _jobs(counts) and not dry_run and not self.as_json:
            typer.echo("They are done as the queue is: see `darkroom status --watch`.")


def _sweep(run: _Run, settings: Settings, *, dry_run: bool, yes: bool) -> None:
    """Remove the variants whose source is gone, once it is known how many that are."""
    after = run.checkpoint.read()
    manifests = _count(run.source, after)
    typer.echo(f"{'Going on with' if after else 'Looking at'} {manifests:,} manifests.", err=True)
    planned = run.show(shown=dry_run)
    planned[Decision.HAS_SOURCE] += manifests - planned.total()
    if dry_run:
        run.report(planned, dry_run=True)
        return
    if orphans := planned[Decision.SOURCE_GONE]:
        typer.echo(_warning(orphans, settings), err=True)
        confirm("Go on?", yes=yes)
    run.report(run.send(manifests), dry_run=False)


def _warning(orphans: int, settings: Settings) -> str:
    warning = f"{orphans:,} uploads are gone, and their variants are to go."
    if not settings.keep_variants_of_expired:
        return warning
    return (
        f"{warning} keep_variants_of_expired is set: those that a lifecycle rule took before that, or whose job still "
        "waits, cannot be told from deleted ones. Look at `darkroom status` first: their variants cannot be made again."
    )


def _live_version(pipeline: Pipeline) -> int:
    with aws_errors("Reading the live version of the function"):
        return pipeline.live_generation()


def _all_variants(settings: Settings) -> Iterator[Variant]:
    yield from settings.variants
    for preset in settings.presets:
        yield from preset.variants


def _known(variant: str | None, settings: Settings) -> str | None:
    names = dict.fromkeys(each.name for each in _all_variants(settings))
    if variant is not None and variant not in names:
        known = ", ".join(names)
        raise UsageError(f"--missing {variant!r} is not configured, so no job would make it. Choose of: {known}.")
    return variant


def _within_scope(prefix: str, pipeline: Pipeline, settings: Settings) -> str:
    """Narrow the prefix to what the function may read: other keys would all end as dead letters.

    Where only presets have variants, all keys are looked at: those that lost theirs are where S3 sends no jobs of. A
    preset without any is looked at, too, for what was made before.
    """
    if not settings.variants:
        return prefix
    scope = find_scope(pipeline)
    if scope.prefixes is None or prefix.startswith(scope.prefixes):
        return prefix
    narrower = [each for each in scope.prefixes if each.startswith(prefix)]
    if not narrower:
        raise UsageError(f"--prefix {prefix!r} finds nothing that is resized: {scope.rule_for(prefix)}.")
    return narrower[0]


def _described(uploads: UploadedKeys, selection: Filter, older_than: timedelta | None) -> dict[str, str | bool | None]:
    return {
        "stack": uploads.pipeline.stack_name,
        "bucket": uploads.pipeline.uploads_bucket,
        "prefix": uploads.prefix,
        "inventory": str(uploads.inventory) if uploads.inventory else None,
        "configuration": selection.recipe,
        "all": selection.everything,
        "rejected": selection.rejected,
        "missing": selection.missing,
        "formats": ",".join(sorted(selection.formats)) or None,
        "older-than": str(older_than) if older_than else None,
    }


def _described_orphans(manifests: Manifests) -> dict[str, str | bool | None]:
    return {
        "stack": manifests.pipeline.stack_name,
        "bucket": manifests.pipeline.uploads_bucket,
        "prefix": manifests.prefix,
        "orphans": True,
    }


def _estimate(uploads: UploadedKeys, settings: Settings, after: str | None, rate: int) -> Estimate:
    with steps(shown=sys.stderr.isatty()) as progress:
        progress.begin("Counting")
        keys, renditions = uploads.count_renditions(lambda key: len(settings.variants_for(key)), after)
    return Estimate(keys=keys, rate=rate, renditions=renditions)


def _count(source: KeySource, after: str | None) -> int:
    with steps(shown=sys.stderr.isatty()) as progress:
        progress.begin("Counting")
        return source.count(after)


def _plan(estimate: Estimate, *, going_on: bool) -> str:
    looking, most = (
        format_duration(timedelta(seconds=each)) for each in (estimate.looking_seconds, estimate.most_seconds)
    )
    return (
        f"{'Going on with' if going_on else 'Looking at'} {estimate.keys:,} uploads takes about {looking} and "
        f"{estimate.looking_dollars:.2f} USD; if all of them are made jobs, {estimate.rate} a second, {most} and up to "
        f"{estimate.most_dollars:.2f} USD."
    )


def _job_line(examined: PlannedKey, *, as_json: bool) -> str:
    if as_json:
        return json.dumps({"key": examined.key, "why": examined.decision})
    return f"{examined.decision:<16} {printable(examined.key)}"


def _adding(counts: Counter[Decision], pages: Iterator[Counter[Decision]]) -> Iterator[int]:
    for page in pages:
        counts.update(page)
        yield page.total()


def _jobs(counts: Counter[Decision]) -> int:
    return sum(count for decision, count in counts.items() if decision.is_job)


def _backfilled(counts: Counter[Decision], *, dry_run: bool) -> str:
    found = ", ".join(f"{counts[decision]:,} {decision}" for decision in Decision if counts[decision])
    return f"{_sent(_jobs(counts), 'job', dry_run=dry_run)}: {found or 'there are no uploads'}."


# What is found of manifests, in the words of a person who looks for those without an upload.
_FOUND_OF_MANIFESTS = {
    Decision.SOURCE_GONE: "without their upload",
    Decision.HAS_SOURCE: "with their upload",
    Decision.REMOVED: "removed before",
    Decision.KEPT: "kept, as their upload has expired",
    Decision.LATER_SCHEMA: "of a later version of Darkroom, and not read",
}


def _swept(counts: Counter[Decision], *, dry_run: bool) -> str:
    found = ", ".join(f"{counts[each]:,} {words}" for each, words in _FOUND_OF_MANIFESTS.items() if counts[each])
    return f"{_sent(_jobs(counts), 'removal', dry_run=dry_run)}. Manifests: {found or 'none'}."


def _sent(count: int, what: str, *, dry_run: bool) -> str:
    verb = "would be" if dry_run else "was" if count == 1 else "were"
    return f"{count:,} {what}{'' if count == 1 else 's'} {verb} sent"
