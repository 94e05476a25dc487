"""The chart that the benchmarks' page opens with: bytes and time at one look."""

from pathlib import Path
from statistics import fmean

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt  # after the choice of what draws

from benchmarks.look.measure import FORMATS
from benchmarks.programs import SHARP
from benchmarks.report.equal_look import CHART, NAMES, byte_ratio, pairs_of, ratios
from benchmarks.report.ratios import median_ratio
from benchmarks.report.results import Results


def draw(results: Results, folder: Path) -> None:
    """Draw a panel for each format, with a point for each program."""
    figure, panels = plt.subplots(1, len(FORMATS), figsize=(12, 4.2), layout="constrained")
    for panel, output in zip(panels, FORMATS, strict=True):
        panel.set_title(NAMES[output])
        panel.axhline(1, color="0.85", zorder=0)
        panel.axvline(1, color="0.85", zorder=0)
        panel.set_xscale("log")
        panel.margins(0.25)  # for the names beside the points
        panel.set_xlabel("time, sharp = 1")
        for program in results.programs:
            pairs = list(pairs_of(results.looks, (output, program.name), (output, SHARP[0])))
            sizes = ratios(pairs, byte_ratio)
            if not sizes:
                continue
            times = [median_ratio(ours.seconds, peer.seconds) for ours, peer in pairs]
            place = (fmean(times), fmean(sizes))
            panel.plot(*place, "o", color="tab:red" if program.engine else "0.4")
            panel.annotate(program.title, place, xytext=(5, 4), textcoords="offset points", fontsize=7)
    panels[0].set_ylabel("bytes at equal look, sharp = 1")
    figure.savefig(folder / CHART, dpi=110, metadata={"Software": None})
    plt.close(figure)
