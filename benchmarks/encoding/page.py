"""Writes docs/encoding.md from what was measured.

The part of `make encoding` that needs no photographs.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from statistics import mean, pstdev

from benchmarks.encoding.cost import Bill, Way, load_bill, ways_of
from benchmarks.encoding.trial import Figures, Trial, from_json
from resize.imaging.encoding import DEFAULTS
from resize.imaging.engine import Engine
from resize.imaging.variants import Format

_LOSSY = (Format.WEBP, Format.JPEG, Format.AVIF)

DOCS = Path(__file__).resolve().parents[2] / "docs"
FIGURES, PAGE = DOCS / "encoding.json", DOCS / "encoding.md"

_PAGE = """# Encoding

Why `quality` and `effort` of a variant are what [they are](configuration.md#quality-and-effort) where it sets none.
`make encoding PHOTOS=folder OF="what they are"` measures it on pictures of yours and writes this page; without
`PHOTOS`, it is written anew from the [figures](encoding.json), after a change of [prices](../simulation/prices.json):
what is paid, how long renditions are stored and how often each is sent.

The pictures: {of}.

## Which qualities look alike

| format, quality | {looks} | bytes against WebP, {sides} |
| --- | {rules} | --- |
{alike}

Mean and spread of SSIMULACRA2 over {pictures} pictures, by their longer side, with the defaults; 70 is good, 90 cannot
be told from the original.

## What renditions cost

USD for a million of each size, each picture at the look that it has as WebP by default: the processor's time, a PUT,
{months} months of storage, and {deliveries} deliveries of each. KB and milliseconds of the processor are those of the
largest size.

| format, effort | {cost_heads} |
| --- | {cost_rules} |
{costs}

Deliveries are nearly all of it. A default is an effort that no other is worth more than: none that takes at most
{times:g} times as long as the format's fastest saves {percent:g} % or more, at {default_deliveries} deliveries; and of
AVIF none that takes at most {avif:g} times as long as WebP's default.
"""


def page(figures: Figures, bill: Bill) -> str:
    """Write the page."""
    trials = figures.trials
    sides = sorted({trial.side for trial in trials})
    traffic = bill.traffic
    heads = [*(f"{side}: {' / '.join(map(str, traffic.deliveries))}" for side in sides), "KB", "ms"]
    return _PAGE.format(
        of=figures.of,
        looks=" | ".join(f"look at {side}" for side in sides),
        sides=" / ".join(map(str, sides)),
        rules=" | ".join("---:" for _ in sides),
        alike="\n".join(_alike(trials, sides)),
        pictures=len({trial.picture for trial in trials}),
        months=traffic.months,
        deliveries=", ".join(map(str, traffic.deliveries)),
        cost_heads=" | ".join(heads),
        cost_rules=" | ".join("---:" for _ in heads),
        costs="\n".join(_cost(bill, way, sides) for way in ways_of(trials)),
        times=traffic.most_times_the_fastest,
        avif=traffic.avif_most_times_webp,
        percent=traffic.least_percent_saved,
        default_deliveries=traffic.default_deliveries,
    )


def written_by_default(trials: Iterable[Trial], output: Format, side: int) -> list[Trial]:
    """List how each picture came out in a format with its defaults."""
    numbers = DEFAULTS[output]
    wanted = (Engine.PILLOW.value, output.value, side, numbers.quality, numbers.effort)
    return [each for each in trials if (each.engine, each.format, each.side, each.quality, each.effort) == wanted]


def _alike(trials: Sequence[Trial], sides: Sequence[int]) -> Iterator[str]:
    for output in _LOSSY:
        looks, shares = [], []
        for side in sides:
            made, webp = (written_by_default(trials, each, side) for each in (output, Format.WEBP))
            looks.append(f"{mean(each.look for each in made):.1f} ± {pstdev(each.look for each in made):.1f}")
            shares.append(f"{sum(each.bytes for each in made) / sum(each.bytes for each in webp):.2f}")
        yield f"| {_name(output)} {DEFAULTS[output].quality} | {' | '.join(looks)} | {' / '.join(shares)} |"


def _cost(bill: Bill, way: Way, sides: Sequence[int]) -> str:
    totals = [" / ".join(f"{bill.usd(way, side, each):,.0f}" for each in bill.traffic.deliveries) for side in sides]
    largest = sides[-1]
    cells = [*totals, f"{way.bytes[largest] / 1000:.1f}", f"{way.milliseconds[largest]:.0f}"]
    output = Format(way.format)
    engine = f", {way.engine}" if output is Format.JPEG else ""
    default = " (default)" if DEFAULTS[output].effort == way.effort else ""
    return f"| {_name(output)}{engine}, {way.effort}{default} | {' | '.join(cells)} |"


def _name(output: Format) -> str:
    return {Format.WEBP: "WebP", Format.JPEG: "JPEG"}.get(output, output.value.upper())


def main() -> None:
    """Write the page of the figures that there are."""
    PAGE.write_text(page(from_json(FIGURES), load_bill()), encoding="utf-8")


if __name__ == "__main__":
    main()
