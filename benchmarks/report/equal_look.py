"""What each program needs for the same look.

The ratios, and the section that the page opens with.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from statistics import fmean, median
from typing import TypeAlias

from benchmarks.look.measure import FORMATS, LOOK
from benchmarks.look.search import bytes_at_dssim, bytes_at_look, dssim_at_look
from benchmarks.programs import SHARP
from benchmarks.report.ratios import median_ratio
from benchmarks.report.results import EqualLook, Results

# Of ours to a peer's; None where one of them does not look good at any quality.
Ratio: TypeAlias = Callable[[EqualLook, EqualLook], float | None]

CHART = "benchmarks-look.png"
# Both of sharp's ways write the same bytes; the one that is measured first is what others are held against.
_BASE = SHARP[0]
NAMES = {"jpg": "JPEG", "webp": "WebP", "avif": "AVIF"}

_METHOD = f"""\
![Bytes and time of each program at one look, by format; left and below is better]({CHART})

Each program makes the three variants of a photograph at the quality at which they look good: {LOOK:g} by
[SSIMULACRA2](https://github.com/cloudinary/ssimulacra2), the mean of the three, against a Lanczos in floats from
full size (a middle between two pixels may be cut on either side of it). Everything else is as the program has it by
itself. Bytes are told from the files of two qualities around that look, by their logarithms; milliseconds are those of
the nearest quality, from the upload's bytes to the files' bytes, on one core and in turns. *By DSSIM* is the same where
[DSSIM](https://github.com/kornelski/dssim) says that pictures are as unlike as sharp's are at that look: the two
measures disagree on how much a better quantization is worth. Figures are for one of sharp's, at its defaults and in the
same format: the mean over the photographs, and in brackets the worst.

Photographs: {{pictures}}. `make bench PHOTOS=folder` measures those of a folder, too. Named `photo-*`, they are of the
validation set of [CLIC 2025](https://clic2025.compression.cc/tasks), under the Unsplash licence; the others ship in
packages, or are among this project's samples. Each is uploaded as a JPEG of quality 95."""


def section(results: Results) -> str:
    """Write the section; nothing where nothing was measured."""
    if not results.looks:
        return ""
    pictures = dict.fromkeys(cell.picture for cell in results.looks)
    titles = {program.name: program.title for program in results.programs}
    parts = ["## Bytes at equal look", _METHOD.format(pictures=", ".join(f"`{name}`" for name in pictures))]
    for output in FORMATS:
        rows = [row for name in titles if (row := _row(results.looks, output, name, titles[name]))]
        heads = ("program", "bytes", "by DSSIM", "time", "ms")
        dashes = ("---", "---:", "---:", "---:", "---:")
        lines = ["| " + " | ".join(cells) + " |" for cells in (heads, dashes, *rows)]
        parts += [f"### {NAMES[output]}", "\n".join(lines)]
    return "\n\n".join(parts)


def _row(cells: Sequence[EqualLook], output: str, program: str, title: str) -> tuple[str, ...] | None:
    own = [cell for cell in cells if (cell.format, cell.program) == (output, program)]
    if not own:
        return None
    if refusal := next((cell.refusal for cell in own if cell.refusal), None):
        return (title, f"not measured: {' '.join(refusal.split())[:80]}", "", "", "")
    pairs = list(pairs_of(cells, (output, program), (output, _BASE)))
    bytes_, unlike = ratios(pairs, byte_ratio), ratios(pairs, dssim_ratio)
    times = ratios(pairs, lambda ours, peer: median_ratio(ours.seconds, peer.seconds))
    milliseconds = f"{1000 * fmean(median(cell.seconds) for cell in own):.0f}"
    return (title, *(_of(values) for values in (bytes_, unlike, times)), milliseconds)


def _of(values: Sequence[float]) -> str:
    return f"{fmean(values):.2f} ({max(values):.2f})" if values else "out of reach"


def pairs_of(
    cells: Iterable[EqualLook], ours: tuple[str, str], peers: tuple[str, str]
) -> Iterator[tuple[EqualLook, EqualLook]]:
    """Pair what two programs made of each photograph.

    Each is a format and a program's name.
    """
    by_key = {(cell.picture, cell.format, cell.program): cell for cell in cells if cell.points}
    for (picture, output, program), own in by_key.items():
        if (output, program) == ours and (peer := by_key.get((picture, *peers))):
            yield own, peer


def ratios(pairs: Iterable[tuple[EqualLook, EqualLook]], ratio: Ratio) -> list[float]:
    """Give the ratios of those pairs that have one."""
    found = [ratio(ours, peer) for ours, peer in pairs]
    return [value for value in found if value is not None]


def byte_ratio(ours: EqualLook, peer: EqualLook) -> float | None:
    """Say how many bytes ours has for one of the peer's, where both look good."""
    own, others = bytes_at_look(ours.points, LOOK), bytes_at_look(peer.points, LOOK)
    return own / others if own and others else None


def dssim_ratio(ours: EqualLook, peer: EqualLook) -> float | None:
    """Say how many bytes ours has for one of the peer's, at one DSSIM.

    It is that at which the peer's looks good.
    """
    unlike, others = dssim_at_look(peer.points, LOOK), bytes_at_look(peer.points, LOOK)
    own = bytes_at_dssim(ours.points, unlike) if unlike else None
    return own / others if own and others else None
