"""What `gravity: attention` adds to a job, with each engine.

A photograph of camera size becomes the default variants; the thumb is cut by its middle or by attention.
.venv/bin/python -m benchmarks.function.attention [runs]

Runs alternate, so that whatever else the machine does meets both alike. Processor time of this thread is measured.
"""

import sys
from dataclasses import replace
from statistics import median
from time import thread_time

from benchmarks.function.sandbox import CONTEXT, photograph
from resize.imaging.engine import Engine
from resize.imaging.limits import Limits
from resize.imaging.render import render
from resize.imaging.variants import Fit, Gravity, Variant, parse_variants

RUNS = 20


def milliseconds_of(source: bytes, variants: list[Variant], engine: Engine) -> float:
    """Take the processor time of one run."""
    start = thread_time()
    render(source, variants, Limits(), None, engine)
    return (thread_time() - start) * 1000


def main() -> None:
    """Print the medians of each engine, and of what attention adds."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    source, usual = photograph(), list(parse_variants(CONTEXT["variants"]))
    drawn = [replace(each, gravity=Gravity.ATTENTION) if each.fit is Fit.COVER else each for each in usual]
    ways = {Gravity.CENTER: usual, Gravity.ATTENTION: drawn}
    for engine in Engine:
        for variants in ways.values():  # what is loaded once is loaded now
            render(source, variants, Limits(), None, engine)
        times = [{way: milliseconds_of(source, ways[way], engine) for way in _order(run)} for run in range(runs)]
        added = median(run[Gravity.ATTENTION] - run[Gravity.CENTER] for run in times)
        medians = ", ".join(f"{way} {median(run[way] for run in times):.1f} ms" for way in ways)
        print(f"{engine}: {medians}; attention adds {added:.1f} ms (median of neighbouring runs' differences)")


def _order(run: int) -> tuple[Gravity, Gravity]:
    return (Gravity.CENTER, Gravity.ATTENTION) if run % 2 else (Gravity.ATTENTION, Gravity.CENTER)


if __name__ == "__main__":
    main()
