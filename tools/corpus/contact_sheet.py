"""Self-contained HTML page of the differences."""

import base64
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from darkroom.text import printable
from tools.corpus.judgement import Evidence, Judgement
from tools.corpus.picture import Result, Shown

_TEMPLATE = Path(__file__).with_name("contact_sheet.html")

_THUMBNAIL_SIDE = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What one program made of a file: a data: URI or nothing, and a caption."""

    program: str
    image: str | None
    caption: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A file that differs."""

    name: str
    facts: tuple[str, ...]
    cells: tuple[Cell, ...]


def row_of(evidence: Evidence, judgement: Judgement) -> Row:
    """Keep of a file what its row shows, in thumbnails."""
    results = {"Chromium": evidence.chromium} | dict(evidence.engines) | dict(evidence.references)
    return Row(
        name=printable(evidence.name),
        facts=tuple(printable(fact) for fact in _facts(judgement)),
        cells=tuple(_cell(program, result, judgement) for program, result in results.items()),
    )


def contact_sheet(summary: Sequence[str], rows: Sequence[Row]) -> str:
    """Write the page of what differs.

    It holds every picture, loads nothing, runs nothing, and shows hostile names as text.
    """
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATE.parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(_TEMPLATE.name).render(summary=summary, rows=rows)


def _facts(judgement: Judgement) -> Iterator[str]:
    yield judgement.media_type
    if judgement.disagreement:
        yield f"engines disagree: {judgement.disagreement.kind}, {judgement.disagreement.detail}"
    if judgement.known:
        yield f"known: {judgement.known}"


def _cell(program: str, result: Result, judgement: Judgement) -> Cell:
    if not isinstance(result, Shown):
        return Cell(program=program, image=None, caption=printable(str(result)))
    frames = f", {result.frames} frames" if result.frames > 1 else ""
    opinion = judgement.opinions.get(program)
    verdict = f": {opinion.verdict} {opinion.why} {opinion.detail}" if opinion else ""
    caption = f"{result}{frames}{verdict}"
    return Cell(program=program, image=_data_uri(result), caption=printable(caption))


def _data_uri(shown: Shown) -> str:
    thumbnail = shown.still.copy()
    thumbnail.thumbnail((_THUMBNAIL_SIDE, _THUMBNAIL_SIDE))
    file = io.BytesIO()
    thumbnail.save(file, "PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
