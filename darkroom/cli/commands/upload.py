"""`darkroom upload`: upload files and wait for their outcomes."""

import sys
from collections.abc import Iterator, Sequence
from typing import Annotated

import typer

from contract.focal_point import FocalPoint
from darkroom.cli.options import (
    PATIENCE_SECONDS,
    EndpointUrl,
    LocalOption,
    Paths,
    Stack,
    Timeout,
    UploadsAsJson,
    focal_point,
    prefix_hint,
)
from darkroom.cli.output.results import exit_status, outcome_json, outcome_line, print_skipped, summary, upload_json
from darkroom.cli.progress import upload_progress
from darkroom.cli.target import find_target
from darkroom.cli.terminal import told_when_stopped
from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.deployed_config import Scope, find_scope
from darkroom.text import printable
from darkroom.uploads.local_files import LocalFile, find_files
from darkroom.uploads.outcomes import Failure, Result, wait_for_outcomes
from darkroom.uploads.upload import UploadedFile, upload_all
from darkroom.uploads.watcher import PipelineWatcher

_GO_ON = "Run again to go on: what is there already is not uploaded again."

Prefix = Annotated[
    str,
    typer.Option(
        "--prefix", metavar="P", help="What is put in front of each key, as it is: end it with / for a folder."
    ),
]
Focus = Annotated[
    FocalPoint | None,
    typer.Option(
        "--focus",
        metavar="X,Y",
        parser=focal_point,
        help="What cuts are to keep: shares of width and height, from the left and the top, as in 0.3,0.7.",
    ),
]
Wait = Annotated[bool, typer.Option("--wait", help="Wait for the outcome of each, and tell it as it comes.")]


def upload(  # noqa: PLR0913 - the command has so many options
    paths: Paths,
    *,
    prefix: Prefix = "",
    focus: Focus = None,
    wait: Wait = False,
    timeout: Timeout = PATIENCE_SECONDS,
    as_json: UploadsAsJson = False,
    local: LocalOption = False,
    stack: Stack = None,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Upload files and folders, several at once and large ones in parts.

    A folder's files are found at any depth, but for what a dot hides; a file's key is its path from its folder on. What
    is there already with the same bytes is not uploaded again: an upload that was interrupted goes on where it
    stopped. With --focus, it is unless it has that focal point.

    \b
    Examples:
      darkroom upload ~/Pictures --wait
      darkroom upload ~/Pictures --stack Darkroom --prefix album/
      darkroom upload team/anna.jpg --focus 0.3,0.4 --wait
      darkroom upload photos --wait --json | jq 'select(.outcome != "resized")'

    \b
    Exit status: 0 all uploaded (with --wait: all resized), 1 some rejected, failed or skipped, 2 wrong usage,
    3 an upload or the pipeline failed, 130 stopped with Ctrl-C.
    """  # noqa: D301 - \b tells the help to leave the lines as they are
    selection = find_files(paths, prefix=prefix)
    sources = selection.sources
    if hint := prefix_hint(prefix):
        typer.echo(f"darkroom: {printable(hint)}", err=True)
    pipeline = find_target(local=local, stack=stack, endpoint_url=endpoint_url)
    scope = find_scope(pipeline)
    print_skipped(selection)
    _warn_outside_prefix(sources, scope)
    uploads: list[UploadedFile] = []
    with (
        told_when_stopped(lambda: f"{_count(uploads)}, of {len(sources):,} files. {_GO_ON}"),
        upload_progress(sources, shown=sys.stderr.isatty() and not (as_json and sys.stdout.isatty())) as progress,
    ):
        for uploaded in upload_all(sources, pipeline, skip_unchanged=True, progress=progress, focus=focus):
            uploads.append(uploaded)
            if as_json and not wait:
                typer.echo(upload_json(uploaded))
    typer.echo(_count(uploads), err=wait or as_json)
    if wait:
        results = _wait(uploads, pipeline, scope, idle_timeout=timeout, as_json=as_json)
        raise typer.Exit(exit_status(results, selection.skipped))
    raise typer.Exit(exit_status((), selection.skipped))


def _wait(
    uploads: Sequence[UploadedFile], pipeline: Pipeline, scope: Scope, *, idle_timeout: float, as_json: bool
) -> list[Result]:
    results: list[Result] = []
    with told_when_stopped(lambda: _waited(results, uploads)):
        for result in _outcomes(uploads, pipeline, scope, idle_timeout=idle_timeout):
            results.append(result)
            typer.echo(outcome_json(result) if as_json else outcome_line(result))
    typer.echo(summary(results), err=as_json)
    return results


def _waited(results: Sequence[Result], uploads: Sequence[UploadedFile]) -> str:
    counts = f": {summary(results)}" if results else ""
    return (
        f"All {len(uploads):,} are uploaded, and {len(results):,} have an outcome{counts}. The pipeline goes on; run "
        "again to wait for the rest."
    )


def _outcomes(
    uploads: Sequence[UploadedFile], pipeline: Pipeline, scope: Scope, *, idle_timeout: float
) -> Iterator[Result]:
    """Yield the result of each upload; one of which no job is made is not waited for."""
    outside = [each for each in uploads if not scope.includes(each.source.key)]
    yield from (Result(upload=each, failure=Failure.OUTSIDE_PREFIX) for each in outside)
    watch = PipelineWatcher(pipeline.client("s3"), pipeline.client("sqs"), pipeline)
    tracker = [each for each in uploads if scope.includes(each.source.key)]
    for results in wait_for_outcomes(tracker, watch, idle_timeout=idle_timeout):
        yield from results


def _warn_outside_prefix(sources: Sequence[LocalFile], scope: Scope) -> None:
    outside = [source.key for source in sources if not scope.includes(source.key)]
    if outside:
        example = printable(repr(outside[0]))
        typer.echo(
            f"darkroom: {len(outside):,} of {len(sources):,} keys will not be resized, {example} among them: "
            f"{printable(scope.rule_for(outside[0]))}.",
            err=True,
        )


def _count(uploads: Sequence[UploadedFile]) -> str:
    unchanged = sum(1 for each in uploads if each.unchanged)
    told = f"{len(uploads) - unchanged:,} uploaded"
    return f"{told}, {unchanged:,} there already with the same bytes" if unchanged else told
