"""Contact sheet: one self-contained HTML page of the results."""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from contract.manifest import Manifest, PublishedRendition
from darkroom.cli.output.results import TIMES, describe_result, summary
from darkroom.text import format_kilobytes, printable
from darkroom.uploads.download import DownloadedResult

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
    """An upload as the page shows it."""

    name: str
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
    return Card(
        name=printable(str(row.result.upload.source.path)),
        outcome=row.result.word,
        reason=row.result.reason,
        facts=tuple(_facts(manifest)) if manifest else (),
        dominant_colour=manifest.dominant_colour if manifest else None,
        pictures=tuple(_picture(rendition, row.files[rendition.variant]) for rendition in renditions),
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
        variant=rendition.variant,
        source=f"data:{rendition.content_type};base64,{base64.b64encode(file.read_bytes()).decode()}",
        width=rendition.width,
        height=rendition.height,
        size=describe_result(rendition),
    )
