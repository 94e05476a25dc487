"""Results of uploads as a table, as lines and as JSON."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from contract.manifest import Manifest, Outcome, PublishedRendition
from darkroom.cli.terminal import UNLIMITED_WIDTH, table_console
from darkroom.errors import ExitStatus
from darkroom.text import format_kilobytes, path_text, printable
from darkroom.uploads.download import DownloadedResult
from darkroom.uploads.explanations import FAILURES, REJECTIONS, SHOWN_INSTEAD
from darkroom.uploads.local_files import LocalFile, Selection, Skipped
from darkroom.uploads.outcomes import Failure, Result
from darkroom.uploads.upload import UploadedFile

TIMES = "\N{MULTIPLICATION SIGN}"

_STYLES = {"resized": "green", "rejected": "yellow", "failed": "bold red"}
# Outcomes in the order in which they are counted.
_WORDS = (*(outcome.value for outcome in Outcome), "failed")
_WORD_CHARACTERS = 10
_SHOWN_NOTES = 20
_PATH_CHARACTERS = 99


def result_json(collected: DownloadedResult) -> str:
    """Write an upload as one line of JSON."""
    result = collected.result
    return json.dumps(
        {
            "file": path_text(result.upload.source.path),
            "key": result.upload.source.key,
            "outcome": result.word,
            "reason": result.reason,
            "detail": result.detail,
        }
        | _made(result.manifest, lambda rendition: {"file": path_text(collected.files[rendition.label])})
    )


def print_table(rows: Sequence[DownloadedResult]) -> None:
    """Print a table of all uploads to standard output, and a line that counts them."""
    console = table_console()
    on_one_line = _table(rows, " ")
    width = console.measure(on_one_line, options=console.options.update(max_width=UNLIMITED_WIDTH)).maximum
    console.print(on_one_line if width <= console.width else _table(rows, "\n"))
    for line in _rejection_lines([row.result for row in rows]):
        console.print(Text(line))
    console.print(summary([row.result for row in rows]))


def summary(results: Sequence[Result]) -> str:
    """Count the outcomes, always in one order: `2 resized, 1 rejected`."""
    words = [result.word for result in results]
    known = [*_WORDS, *sorted({*words} - {*_WORDS})]  # a later version has others
    return ", ".join(f"{words.count(word):,} {word}" for word in known if word in words)


def print_skipped(selection: Selection) -> None:
    """Tell on standard error what is not uploaded, or not as it is called.

    What cannot be, counted, and the results of earlier runs; and the keys of names that are not UTF-8.
    """
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    for each in selection.skipped:
        console.print(Text(f"skipped: {printable(repr(str(each.path)))} {each.reason}"))
    if selection.skipped:
        console.print(Text(f"{len(selection.skipped):,} skipped"))
    for folder in selection.results:
        console.print(Text(f"left out: {printable(repr(str(folder)))} is a result of an earlier run"))
    renamed = [f"{_name(each)} is not UTF-8, as keys are: its key is {each.key!r}" for each in selection.renamed]
    for line in _first(renamed):
        console.print(Text(printable(line)))


def _rejection_lines(results: Sequence[Result]) -> Iterator[str]:
    """Say of rejected files what was found, and what to do."""
    rejected = [each for each in results if each.outcome is Outcome.REJECTED]
    yield from _first([printable(f"{each.upload.source.path}: {_rest(each)}") for each in rejected])


def _first(lines: Sequence[str]) -> Iterator[str]:
    yield from lines[:_SHOWN_NOTES]
    if (more := len(lines) - _SHOWN_NOTES) > 0:
        yield f"and {more:,} more such files; --json tells of each"


def _name(source: LocalFile) -> str:
    return repr(str(source.path))


def exit_status(results: Sequence[Result], skipped: Sequence[Skipped] = ()) -> ExitStatus:
    """Tell the shell whether every file was taken, and every upload resized."""
    if not skipped and all(result.outcome is Outcome.RESIZED for result in results):
        return ExitStatus.ALL_RESIZED
    return ExitStatus.SOME_NOT_RESIZED


def failure_lines(results: Sequence[Result], log: Path) -> Iterator[str]:
    """Say how many failed and where to read why, and how many are only not done yet."""
    if failed := sum(1 for result in results if result.is_in_the_log):
        yield f"{failed:,} failed. The function's log says why: {printable(str(log))}"
    if outside := sum(1 for result in results if result.failure is Failure.OUTSIDE_PREFIX):
        yield (
            f"{outside:,} have keys that are not resized: those that start as key_prefix says, and have variants, are. "
            "Try -c key_prefix= -c presets=[]"
        )
    if late := sum(1 for result in results if result.failure is Failure.NO_OUTCOME):
        yield f"{late:,} had no outcome within the time given. Wait for longer with --timeout."


def describe_result(rendition: PublishedRendition, between: str = " ") -> str:
    """Write a rendition's size in pixels and its bytes.

    Something stands between the two.
    """
    return f"{rendition.width}{TIMES}{rendition.height}{between}{format_kilobytes(rendition.bytes)}"


def _table(rows: Sequence[DownloadedResult], between: str) -> Table:
    variants = _variants(rows)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("file", overflow="fold")
    table.add_column("outcome", overflow="fold")
    for variant in variants:
        table.add_column(variant, justify="right")
    table.add_column("ms", justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*_cells(row, variants, between))
    return table


def _cells(row: DownloadedResult, variants: Sequence[str], between: str) -> Iterator[Text]:
    result = row.result
    manifest = result.manifest
    renditions = {rendition.label: rendition for rendition in (manifest.renditions if manifest else ())}
    yield Text(_middle_cut(printable(str(result.upload.source.path))))
    yield Text(
        f"{result.word}:{between}{result.reason}" if result.reason else result.word, _STYLES.get(result.word, "")
    )
    for variant in variants:
        yield Text(describe_result(renditions[variant], between) if variant in renditions else "-")
    yield Text(f"{manifest.times.milliseconds:,}" if manifest else "-")


def _middle_cut(path: str) -> str:
    """Shorten a long path in its middle: its row would pad every other to its length."""
    if len(path) <= _PATH_CHARACTERS:
        return path
    kept = (_PATH_CHARACTERS - 1) // 2
    return f"{path[:kept]}…{path[-kept:]}"


def _variants(rows: Sequence[DownloadedResult]) -> list[str]:
    manifests = [row.result.manifest for row in rows if row.result.manifest]
    return list(dict.fromkeys(rendition.label for manifest in manifests for rendition in manifest.renditions))


def upload_json(uploaded: UploadedFile) -> str:
    """Write an upload as one line of JSON."""
    return json.dumps(_members(uploaded))


def outcome_json(result: Result) -> str:
    """Write an upload and its outcome as one line of JSON."""
    return json.dumps(
        _members(result.upload)
        | {
            "outcome": result.word,
            "reason": result.reason,
            "detail": result.detail,
        }
        | _made(result.manifest, lambda rendition: {"key": rendition.key})
    )


def _made(manifest: Manifest | None, place: Callable[[PublishedRendition], dict[str, object]]) -> dict[str, object]:
    """Describe what was made of an upload as JSON; `place` says where a rendition is."""
    return {
        "variants": {
            rendition.label: place(rendition)
            | {"width": rendition.width, "height": rendition.height, "bytes": rendition.bytes}
            for rendition in (manifest.renditions if manifest else ())
        },
        "ms": manifest.times.milliseconds if manifest else None,
    }


def outcome_line(result: Result) -> str:
    """Write an upload and its outcome for a person.

    Its variants, or why there are none.
    """
    return f"{result.word:{_WORD_CHARACTERS}}{printable(result.upload.source.key)}  {_rest(result)}".rstrip()


def _rest(result: Result) -> str:
    manifest = result.manifest
    if result.failure:
        return f"{result.failure}: {FAILURES[result.failure].sentence}"
    if manifest and manifest.reason:
        explanation = REJECTIONS.get(manifest.reason)
        why = f"{manifest.reason}: {printable(manifest.detail)}" if manifest.detail else str(manifest.reason)
        advice = [explanation.advice] if explanation else []
        return "; ".join([why, *advice, *([SHOWN_INSTEAD] if manifest.shown else [])])
    renditions = manifest.renditions if manifest else ()
    return ", ".join(f"{rendition.label} {describe_result(rendition)}" for rendition in renditions)


def _members(uploaded: UploadedFile) -> dict[str, object]:
    return {
        "file": path_text(uploaded.source.path),
        "key": uploaded.source.key,
        "version_id": uploaded.version_id,
        "unchanged": uploaded.unchanged,
    }
