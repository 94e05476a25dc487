"""What a run has reached of the targets, in all and picture by picture."""

from collections.abc import Iterator, Sequence
from statistics import median

from benchmarks.report.ratios import MOST_BYTES
from benchmarks.report.reasons import REASONS
from benchmarks.report.results import Results
from benchmarks.report.table import table
from benchmarks.report.targets import TARGETS, Reached, Target

_WHOLE_UNITS = {"MB", "ms", ""}  # units of which no part is told

_NOTE = f"""\
Where a measure has several figures, the worst one decides. A ratio of times is against whichever of its peers was the
fastest with that very picture, and counts if ours has at most {MOST_BYTES:.2f} times its bytes. From a PUT to its
manifest at 10,000 uploads a day is simulated:
[where the time of one upload goes](scale.md#where-the-time-of-one-upload-goes)."""

_BY_PICTURE = """\
What decides above, of every photograph. Bytes are for one of sharp's, of AVIF for one of our own WebP, which its time
is held against, too; the others say how many times as fast as a peer's best ours is."""


def section(results: Results) -> str:
    """Write the section.

    The targets, why some are not met, and the figures of each picture.
    """
    engines = [program.engine for program in results.programs if program.engine]
    rows = [_row(target, engine, results) for engine in engines for target in TARGETS]
    heads = ("measure", "engine", "at least", "aim", "reached", "met?", "counts?")
    parts = ["## What is to be reached", _NOTE, table(heads, rows, words=2)]
    if missed := [target for target in TARGETS if any(_is_missed(target, each, results) for each in engines)]:
        parts += ["### What is not, and why", "\n".join(map(_reason, missed))]
    if results.looks:
        parts += ["### Picture by picture", _BY_PICTURE, *(_pictures(each, results) for each in engines)]
    return "\n\n".join(parts)


def _row(target: Target, engine: str, results: Results) -> tuple[str, ...]:
    least = target.least[engine]
    reached = tuple(target.find(results, engine))
    start = (target.measure, engine, _figure(least, target.unit), _figure(target.aim, target.unit))
    worst = target.worst(reached)
    if worst is None:
        return (*start, "not measured", "", "")
    objections = dict.fromkeys(objection for one in reached for objection in one.objections)
    met = "aim" if target.is_met(worst.value, target.aim) else "yes" if target.is_met(worst.value, least) else "no"
    counts = "no: " + ", ".join(objections) if objections else "yes"
    return (*start, _worst_of(worst, reached, target.unit), met, counts)


def _is_missed(target: Target, engine: str, results: Results) -> bool:
    worst = target.worst(tuple(target.find(results, engine)))
    return worst is not None and not target.is_met(worst.value, target.least[engine])


def _reason(target: Target) -> str:
    return f"- **{target.measure}**: {REASONS.get(target.measure, 'nobody has found out yet.')}"


def _pictures(engine: str, results: Results) -> str:
    names = dict.fromkeys(cell.picture for cell in results.looks)
    targets = [target for target in TARGETS if target.short]
    columns = [{one.of: one for one in target.find(results, engine)} for target in targets]
    heads = (engine, *(target.short for target in targets))
    return table(heads, ((name, *_cells(name, columns)) for name in names))


def _cells(picture: str, columns: Sequence[dict[str, Reached]]) -> Iterator[str]:
    for column in columns:
        yield f"{column[picture].value:.2f}" if picture in column else ""


def _worst_of(worst: Reached, reached: Sequence[Reached], unit: str) -> str:
    figure = _figure(worst.value, unit) + (f" ({worst.of})" if worst.of else "")
    if len(reached) == 1:
        return figure
    return f"{figure}; the median of {len(reached)} is {_figure(median(one.value for one in reached), unit)}"


def _figure(value: float, unit: str) -> str:
    return f"{value:.0f} {unit}".rstrip() if unit in _WHOLE_UNITS else f"{value:.2f} {unit}"
