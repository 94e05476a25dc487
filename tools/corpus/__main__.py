"""Run both engines and Chromium on a folder of image files, and list what differs.

`python -m tools.corpus FOLDER [--out DIR] [--known FILE]`. DIR gets files.jsonl, a line for each file, and
contact-sheet.html, the pairs that differ. Exit status: 0 nothing differs but known exceptions, 1 something does, 2
wrong usage.
"""

import argparse
import shutil
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from enum import IntEnum
from pathlib import Path

from resize.imaging.engine import Engine
from tools.corpus.chromium import Chromium, chromium
from tools.corpus.contact_sheet import Row, contact_sheet, row_of
from tools.corpus.engines import EngineUnderTest
from tools.corpus.exceptions import Exceptions, ExceptionsError, read_exceptions
from tools.corpus.files import Corpus, corpus_of, is_hdr, media_type
from tools.corpus.judgement import Evidence, Judgement, judge
from tools.corpus.picture import Shown
from tools.corpus.references import missing, references_of
from tools.corpus.report import counts, kinds, to_json

_FILES_A_LINE = 100


class Status(IntEnum):
    """How a run ends; 2 is argparse's, for wrong usage."""

    ALIKE = 0
    DIFFERS = 1


def main(arguments: Sequence[str] | None = None) -> Status:
    """Judge a folder, and print what was found."""
    chosen = _parser().parse_args(arguments)
    chosen.out.mkdir(parents=True, exist_ok=True)
    corpus = corpus_of(chosen.folder)
    for line in missing():
        _print(line)
    judgements: list[Judgement] = []
    rows: list[Row] = []
    with (chosen.out / "files.jsonl").open("w", encoding="utf-8") as lines:
        for evidence in _evidence(corpus, chosen.chromium):
            judgement = judge(evidence, chosen.known.reason(evidence.name))
            judgements.append(judgement)
            lines.write(f"{to_json(judgement)}\n")
            lines.flush()
            if judgement.is_listed:
                rows.append(row_of(evidence, judgement))
            if len(judgements) % _FILES_A_LINE == 0:
                _print(f"{len(judgements)} of {len(corpus.files)} files, {len(rows)} to look at")
    summary = counts(judgements, corpus.set_aside)
    (chosen.out / "contact-sheet.html").write_text(contact_sheet(summary, rows), encoding="utf-8")
    return _conclude(judgements, summary, chosen.known, chosen.out)


def _conclude(judgements: Sequence[Judgement], summary: Sequence[str], known: Exceptions, out: Path) -> Status:
    unknown = sum(judgement.differs and judgement.known is None for judgement in judgements)
    idle = known.idle(judgements)
    for line in (*summary, *kinds(judgements)):
        _print(line)
    for pattern in idle:
        _print(f"{pattern!r} differs no more: take it out of the known exceptions")
    _print(f"{unknown} differ without a known reason: see {out / 'contact-sheet.html'}")
    return Status.DIFFERS if unknown or idle else Status.ALIKE


def _evidence(corpus: Corpus, executable: str) -> Iterator[Evidence]:
    """Show each file in Chromium, then in both engines side by side."""
    with ExitStack() as stack:
        painter = stack.enter_context(chromium(executable))
        engines = [stack.enter_context(EngineUnderTest(engine)) for engine in Engine]
        threads = stack.enter_context(ThreadPoolExecutor(len(engines)))
        for file in corpus.files:
            yield _shown(corpus.name(file), file.read_bytes(), painter, engines, threads)


def _shown(
    name: str, source: bytes, painter: Chromium, engines: Sequence[EngineUnderTest], threads: ThreadPoolExecutor
) -> Evidence:
    painted = painter.paint(source, media_type(source))
    moves = isinstance(painted, Shown) and painted.animation is not None
    results = threads.map(lambda engine: engine.show(source, moves=moves), engines)
    return Evidence(
        name=name,
        media_type=media_type(source),
        is_hdr=is_hdr(source) or (isinstance(painted, Shown) and painted.is_hdr),
        chromium=painted,
        engines={engine.name: result for engine, result in zip(engines, results, strict=True)},
        references={} if isinstance(painted, Shown) else references_of(source, media_type(source)),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tools.corpus", description="Compare both engines with Chromium.")
    parser.add_argument("folder", type=_folder, help="image files, in any folders below it")
    parser.add_argument("--out", type=Path, default=Path(".darkroom/corpus"), help="where the report goes")
    parser.add_argument("--known", type=_known, default=Exceptions(), help="JSON of pattern to reason: may differ")
    parser.add_argument("--chromium", type=_program, default="chromium", help="the browser's program")
    return parser


def _folder(text: str) -> Path:
    folder = Path(text)
    if not folder.is_dir() or not corpus_of(folder).files:
        raise argparse.ArgumentTypeError(f"{text!r} is no folder with files in it")
    return folder


def _known(text: str) -> Exceptions:
    try:
        return read_exceptions(Path(text))
    except ExceptionsError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _program(text: str) -> str:
    found = shutil.which(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no program here: apt-get install chromium")
    return found


def _print(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - its answer


if __name__ == "__main__":
    sys.exit(main())
