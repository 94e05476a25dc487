"""The chart that the benchmarks' page opens with: bytes and time at one look."""

from pathlib import Path
from statistics import fmean

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt  # after the choice of what draws
from matplotlib.axes import Axes

from benchmarks.look.measure import FORMATS
from benchmarks.programs import SHARP
from benchmarks.report.equal_look import CHART, NAMES, byte_ratio, pairs_of, ratios
from benchmarks.report.ratios import median_ratio
from benchmarks.report.results import Results

# Ours in red, whoever else makes them out of a marker each.
_MARKERS = "osD^v<>P"


def draw(results: Results, folder: Path) -> None:
    """Draw a panel for each format, with a point for each program."""
    figure, panels = plt.subplots(1, len(FORMATS), figsize=(12, 4.6), layout="constrained")
    for panel, output in zip(panels, FORMATS, strict=True):
        _draw_format(panel, output, results)
    panels[0].set_ylabel("bytes at equal look, sharp = 1")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False)
    figure.savefig(folder / CHART, dpi=110, metadata={"Software": None})
    plt.close(figure)


def _draw_format(panel: Axes, output: str, results: Results) -> None:
    panel.set_title(NAMES[output])
    panel.axhline(1, color="0.85", zorder=0)
    panel.axvline(1, color="0.85", zorder=0)
    panel.margins(0.15)
    panel.set_xlabel("time, sharp = 1")
    for marker, program in zip(_MARKERS, results.programs, strict=False):
        pairs = list(pairs_of(results.looks, (output, program.name), (output, SHARP[0])))
        if sizes := ratios(pairs, byte_ratio):
            time = fmean(median_ratio(ours.seconds, peer.seconds) for ours, peer in pairs)
            color = "tab:red" if program.engine else "0.4"
            panel.plot(time, fmean(sizes), marker, color=color, fillstyle="none", label=program.title)
