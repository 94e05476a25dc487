"""`darkroom run`: resize local files on this machine."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from darkroom.cli.options import PATIENCE_SECONDS, Timeout, http_url, read_variants
from darkroom.cli.output.html import contact_sheet
from darkroom.cli.output.results import exit_status, print_table, result_json
from darkroom.cli.progress import steps
from darkroom.errors import UsageError
from darkroom.files import ensure_folder, write_atomically
from darkroom.local.local_pipeline import local_pipeline
from darkroom.text import printable
from darkroom.uploads.download import DownloadedResult, download_results
from darkroom.uploads.local_files import LocalFile, find_files
from darkroom.uploads.upload import upload_all

# In the output folder, where no variant's name can be: each of those is in a folder of its own.
_LOG = "function.log"
# How long the function may take to log what it has done.
_LAST_LINES_SECONDS = 10.0

Paths = Annotated[list[Path], typer.Argument(metavar="PATH", show_default=False)]
Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the variants and manifests are copied to.")]
AsJson = Annotated[bool, typer.Option("--json", help="One line of JSON an upload, as soon as it is known.")]
Variants = Annotated[
    Path | None, typer.Option("--variants", metavar="FILE", help="The variants to make, as JSON; see cdk.json's.")
]
Sheet = Annotated[
    Path | None, typer.Option("--contact-sheet", metavar="FILE", help="Write an HTML page of all that came out.")
]
EndpointUrl = Annotated[
    str | None,
    typer.Option(
        "--endpoint-url",
        metavar="URL",
        parser=http_url("--endpoint-url"),
        help="Deploy to what speaks AWS there, such as `darkroom up`.",
    ),
]
Log = Annotated[bool, typer.Option("--log", help="Print the function's log on standard error at the end.")]


def run(  # noqa: PLR0913 - the command has so many options
    paths: Paths,
    *,
    out: Out = Path("out"),
    as_json: AsJson = False,
    variants: Variants = None,
    sheet: Sheet = None,
    endpoint_url: EndpointUrl = None,
    timeout: Timeout = PATIENCE_SECONDS,
    log: Log = False,
) -> None:
    """Resize files and folders on this machine, with the very pipeline that runs on AWS.

    A folder's files are found at any depth, but for what a dot hides and for DIR. DIR mirrors the derived bucket:
    `<variant>/<key>.<extension>` and `manifests/<key>.json`, where a file's key is its path from its folder on.

    \b
    Examples:
      darkroom run holiday.jpg
      darkroom run ~/Pictures --out sizes --contact-sheet sizes.html
      darkroom run photos --json | jq 'select(.outcome == "rejected")'
      echo '{"tiny": {"width": 64, "format": "avif"}}' > tiny.json
      darkroom run photos --variants tiny.json

    \b
    Exit status: 0 all resized, 1 some rejected or failed, 2 wrong usage,
    3 the pipeline could not run, 130 stopped with Ctrl-C.
    """  # noqa: D301 - \b tells the help to leave the lines as they are
    sources = find_files(paths, outputs=[out, sheet] if sheet else [out])
    overrides = {"variants": read_variants(variants)} if variants else {}
    _prepare(out, sheet)
    rows: list[DownloadedResult] = []
    with (
        steps(shown=sys.stderr.isatty() and not (as_json and sys.stdout.isatty())) as progress,
        local_pipeline(overrides, endpoint_url=endpoint_url, begin=progress.begin) as local,
    ):
        uploads = [*progress.follow("Uploading", len(sources), upload_all(sources, local.pipeline))]
        results = download_results(uploads, local.pipeline, out, idle_timeout=timeout)
        for collected in progress.follow("Resizing", len(uploads), results):
            rows.append(collected)
            if as_json:
                typer.echo(result_json(collected))
        if log:
            local.wait_until_idle(_LAST_LINES_SECONDS)
        function_log = local.function_log() if log else ""
        if _failed(rows):
            write_atomically(out / _LOG, local.whole_log().encode())
    _report(_in_order(rows, sources), sheet, out, as_json=as_json)
    for line in function_log.splitlines():
        typer.echo(printable(line), err=True)
    raise typer.Exit(exit_status([row.result for row in rows]))


def _prepare(out: Path, sheet: Path | None) -> None:
    """Find out before anything is done whether the results can be written."""
    ensure_folder(out, "--out")
    if sheet:
        ensure_folder(sheet.parent, "--contact-sheet")
        if sheet.is_dir():
            raise UsageError(f"--contact-sheet {str(sheet)!r} is a folder. Name a file in it.")


def _in_order(rows: Sequence[DownloadedResult], sources: Sequence[LocalFile]) -> list[DownloadedResult]:
    places = {source.key: place for place, source in enumerate(sources)}
    return sorted(rows, key=lambda row: places[row.result.upload.source.key])


def _report(rows: Sequence[DownloadedResult], sheet: Path | None, out: Path, *, as_json: bool) -> None:
    if not as_json:
        print_table(rows)
    if sheet:
        write_atomically(sheet, contact_sheet(rows).encode())
        typer.echo(f"Contact sheet: {printable(str(sheet))}", err=True)
    if failed := _failed(rows):
        typer.echo(f"{failed} failed. The function's log says why: {printable(str(out / _LOG))}", err=True)


def _failed(rows: Sequence[DownloadedResult]) -> int:
    return sum(1 for row in rows if row.result.failure)
