"""`darkroom run`: resize local files on this machine."""

import sys
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from darkroom.cli.options import PATIENCE_SECONDS, Context, Paths, Timeout, UploadsAsJson, Variants, endpoint_option
from darkroom.cli.output.html import contact_sheet
from darkroom.cli.output.results import exit_status, failure_lines, print_skipped, print_table, result_json, summary
from darkroom.cli.overrides import local_settings
from darkroom.cli.progress import steps
from darkroom.cli.terminal import stopping_told, told_when_stopped
from darkroom.errors import UsageError
from darkroom.files import ensure_folder, write_atomically
from darkroom.local.local_pipeline import local_pipeline
from darkroom.pipeline.deployed_config import Scope, find_scope
from darkroom.text import printable
from darkroom.uploads.download import DownloadedResult, download_results
from darkroom.uploads.local_files import LocalFile, find_files
from darkroom.uploads.outcomes import Failure, Result
from darkroom.uploads.results_folder import ResultsFolder
from darkroom.uploads.upload import UploadedFile, upload_all

# In the output folder, where no variant's name can be: each of those is in a folder of its own.
_LOG = "function.log"
# How long the function may take to log what it has done.
_LAST_LINES_SECONDS = 10.0

Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the variants and manifests are copied to.")]
Sheet = Annotated[
    Path | None, typer.Option("--contact-sheet", metavar="FILE", help="Write an HTML page of all that came out.")
]
LocalEndpointUrl = Annotated[
    str | None, endpoint_option("Use the pipeline of the `darkroom up` there; one is deployed where none is.")
]
FunctionLog = Annotated[bool, typer.Option("--log", help="Print the function's log on standard error at the end.")]


def run(  # noqa: PLR0913 - the command has so many options
    paths: Paths,
    *,
    out: Out = Path("out"),
    as_json: UploadsAsJson = False,
    variants: Variants = None,
    context: Context = None,
    sheet: Sheet = None,
    endpoint_url: LocalEndpointUrl = None,
    timeout: Timeout = PATIENCE_SECONDS,
    log: FunctionLog = False,
) -> None:
    """Resize files and folders on this machine, with the pipeline that runs on AWS.

    A folder's files are found at any depth, but for what a dot hides, for DIR, and for the DIR of earlier runs, which a
    file .darkroom-results marks. What cannot be read is skipped, listed and counted. DIR mirrors the derived bucket:
    `<variant>/<key>.<extension>` and `manifests/<key>.json`, where a file's key is its path from its folder on. It is
    for results alone: one that holds other files is refused. What an earlier run made of the same file is replaced, or
    goes; what it made of others stays.

    The pipeline at --endpoint-url is used as it is, unless --variants or -c say otherwise: then it is deployed again,
    and stays so.

    \b
    Examples:
      darkroom run holiday.jpg
      darkroom run ~/Pictures --out sizes --contact-sheet sizes.html
      darkroom run photos --json | jq 'select(.outcome == "rejected")'
      echo '{"tiny": {"width": 64, "format": "avif"}}' > tiny.json
      darkroom run photos --variants tiny.json
      darkroom run photos -c engine=vips -c memory_mb=3008

    \b
    Exit status: 0 all resized, 1 some rejected, failed or skipped, 2 wrong usage,
    3 the pipeline could not run, 130 stopped with Ctrl-C.
    """  # noqa: D301 - \b tells the help to leave the lines as they are
    selection = find_files(paths, outputs=[out, sheet] if sheet else [out])
    sources = selection.sources
    overrides = local_settings(context, variants)
    folder = _prepare(out, sheet)
    uploads: list[UploadedFile] = []
    rows: list[DownloadedResult] = []
    with (
        stopping_told(),
        told_when_stopped(lambda: _so_far(rows, uploads, sources, out)),
        steps(shown=sys.stderr.isatty() and not (as_json and sys.stdout.isatty())) as progress,
        local_pipeline(overrides, endpoint_url=endpoint_url, begin=progress.begin) as local,
    ):
        print_skipped(selection)
        uploads.extend(progress.follow("Uploading", len(sources), upload_all(sources, local.pipeline)))
        scope = find_scope(local.pipeline)
        tracker = [each for each in uploads if scope.includes(each.source.key)]
        results = chain(
            _outside(uploads, scope, folder), download_results(tracker, local.pipeline, folder, idle_timeout=timeout)
        )
        for collected in progress.follow("Resizing", len(uploads), results):
            rows.append(collected)
            if as_json:
                typer.echo(result_json(collected))
        if log:
            local.wait_until_idle(_LAST_LINES_SECONDS)
        function_log = local.function_log() if log else ""
        folder.remove(out / _LOG)
        if any(row.result.is_in_the_log for row in rows):
            folder.write(_LOG, local.whole_log().encode())
        folder.remove_empty_folders()
    if overrides and endpoint_url:
        typer.echo(f"darkroom: the pipeline at {endpoint_url} has these settings from now on.", err=True)
    _report(_in_order(rows, sources), sheet, out, as_json=as_json)
    for line in function_log.splitlines():
        typer.echo(printable(line), err=True)
    raise typer.Exit(exit_status([row.result for row in rows], selection.skipped))


def _prepare(out: Path, sheet: Path | None) -> ResultsFolder:
    """Find out before anything is done whether the results can be written."""
    folder = ResultsFolder.prepare(out)
    if sheet:
        ensure_folder(sheet.parent, "--contact-sheet")
        if sheet.is_dir():
            raise UsageError(f"--contact-sheet {str(sheet)!r} is a folder. Name a file in it.")
    return folder


def _in_order(rows: Sequence[DownloadedResult], sources: Sequence[LocalFile]) -> list[DownloadedResult]:
    places = {source.key: place for place, source in enumerate(sources)}
    return sorted(rows, key=lambda row: places[row.result.upload.source.key])


def _outside(uploads: Sequence[UploadedFile], scope: Scope, folder: ResultsFolder) -> Iterator[DownloadedResult]:
    """Give the result of those of which no job is made."""
    for each in uploads:
        if not scope.includes(each.source.key):
            folder.remove_earlier(each.source.key)
            yield DownloadedResult(result=Result(upload=each, failure=Failure.OUTSIDE_PREFIX), files={})


def _so_far(
    rows: Sequence[DownloadedResult], uploads: Sequence[UploadedFile], sources: Sequence[LocalFile], out: Path
) -> str:
    if not rows:
        return f"{len(uploads):,} of {len(sources):,} files were uploaded, and none has come out."
    counts = summary([row.result for row in rows])
    return f"{len(rows):,} of {len(sources):,} files have an outcome: {counts}. The results are in {str(out)!r}."


def _report(rows: Sequence[DownloadedResult], sheet: Path | None, out: Path, *, as_json: bool) -> None:
    if not as_json:
        print_table(rows)
    if sheet:
        write_atomically(sheet, contact_sheet(rows).encode())
        typer.echo(f"Contact sheet: {printable(str(sheet))}", err=True)
    for line in failure_lines([row.result for row in rows], out / _LOG):
        typer.echo(line, err=True)
