"""Contact sheet: one self-contained HTML page of the results."""

import base64
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from contract.manifest import Manifest, PublishedRendition
from darkroom.cli.output.results import TIMES, describe_result, summary
from darkroom.text import format_kilobytes, printable
from darkroom.uploads.download import DownloadedResult

# What fits on a line of a card's column of names, in bold; and what is too short to tell a file by.
_END_COLUMNS = 18
_LEAST_END_COLUMNS = 8
_WIDE = frozenset("mwMW@%")
_SEPARATORS = frozenset("/\\ _-.,+()")

_TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetPicture:
    """A rendition as the page shows it; `source` is a data: URI."""

    variant: str
    source: str
    width: int
    height: int
    size: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """An upload as the page shows it.

    `start` and `end` are its name in two pieces, each of which stays on one line.
    """

    name: str
    start: str
    end: str
    outcome: str
    reason: str | None
    facts: tuple[str, ...]
    dominant_colour: str | None
    pictures: tuple[SheetPicture, ...]


def contact_sheet(rows: Sequence[DownloadedResult]) -> str:
    """Write the page of the results.

    It holds every picture, loads nothing and runs nothing, and shows hostile names as text.
    """
    return _render(
        "contact_sheet.html", summary=summary([row.result for row in rows]), cards=[_card(row) for row in rows]
    )


def split_name(name: str) -> tuple[str, str]:
    """Split a long name where its end, which a file is told by, fits on a line.

    After a space or a sign, if it can be. The page cuts a beginning that does not fit, and shows an ellipsis for the
    rest: in the middle of the name.
    """
    places = [place for place in range(1, len(name)) if not unicodedata.combining(name[place])]
    fitting = [place for place in places if _columns(name[place:]) <= _END_COLUMNS]
    if _columns(name) <= _END_COLUMNS or not fitting:
        return name, ""
    between_words = (place for place in fitting if name[place - 1] in _SEPARATORS)
    place = next((each for each in between_words if _columns(name[each:]) >= _LEAST_END_COLUMNS), fitting[0])
    return name[:place], name[place:]


def _columns(text: str) -> int:
    """Count columns: East Asian letters (https://www.unicode.org/reports/tr11/) and `m` take two, accents none."""
    letters = (letter for letter in text if not unicodedata.combining(letter))
    return sum(2 if letter in _WIDE or unicodedata.east_asian_width(letter) in {"W", "F"} else 1 for letter in letters)


def _render(template: str, **values: object) -> str:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(**values)


def _card(row: DownloadedResult) -> Card:
    manifest = row.result.manifest
    renditions = manifest.renditions if manifest else ()
    name = printable(str(row.result.upload.source.path))
    start, end = split_name(name)
    return Card(
        name=name,
        start=start,
        end=end,
        outcome=row.result.word,
        reason=row.result.reason,
        facts=tuple(_facts(manifest)) if manifest else (),
        dominant_colour=manifest.dominant_colour if manifest else None,
        pictures=tuple(_picture(rendition, row.files[rendition.label]) for rendition in renditions),
    )


def _facts(manifest: Manifest) -> Iterator[str]:
    source = manifest.source
    if source.width and source.height:
        yield f"{source.format} {source.width}{TIMES}{source.height}"
    yield f"{format_kilobytes(source.size)}, {manifest.times.milliseconds:,} ms"
    if manifest.detail:
        yield printable(manifest.detail)


def _picture(rendition: PublishedRendition, file: Path) -> SheetPicture:
    return SheetPicture(
        variant=rendition.label,
        source=f"data:{rendition.content_type};base64,{base64.b64encode(file.read_bytes()).decode()}",
        width=rendition.width,
        height=rendition.height,
        size=describe_result(rendition),
    )
