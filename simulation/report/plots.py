"""The pictures of docs/scale.md.

Their colors stay apart for every eye, and in grey: Okabe and Ito, 2008.
"""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from simulation.experiments.volumes import BURST_FACTOR, BURST_STARTS, HOUR, VOLUMES, Volume
from simulation.tables import count, duration

BURST, LIMITS, COST = "scale-burst.png", "scale-limits.png", "scale-cost.png"

_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_DASHES = ("-", "--", "-.", ":")
_DPI = 110
_EVERY = 10
_STRAINING = 1e6
_AGES = (1, 10, 60, 600, 3600, 18_000)


def draw(volumes: Sequence[Volume], folder: Path) -> None:
    """Draw everything; the same volumes give the same bytes."""
    mpl.use("agg")
    mpl.rcParams.update(
        {
            "font.size": 10,
            "axes.grid": True,
            "axes.axisbelow": True,
            "grid.alpha": 0.3,
            "axes.spines.top": False,
            "axes.spines.right": False,
        }
    )
    _save(_draw_burst(volumes), folder / BURST)
    _save(_draw_limits(volumes), folder / LIMITS)
    _save(_draw_cost(volumes), folder / COST)


def _save(figure: Figure, path: Path) -> None:
    figure.savefig(path, dpi=_DPI, metadata={"Software": None}, pil_kwargs={"optimize": True})


def _concurrencies(volumes: Sequence[Volume]) -> list[int]:
    return sorted({volume.concurrency for volume in volumes})


def _draw_burst(volumes: Sequence[Volume]) -> Figure:
    """Draw queue age and concurrency over the hours around a burst, a column for each volume that strains."""
    columns = [uploads_a_day for uploads_a_day in VOLUMES if uploads_a_day >= _STRAINING]
    figure = Figure(figsize=(11, 6), layout="constrained")
    axes = figure.subplots(2, len(columns), sharex=True, squeeze=False)
    for column, uploads_a_day in enumerate(columns):
        age, busy = axes[0][column], axes[1][column]
        for index, concurrency in enumerate(_concurrencies(volumes)):
            volume = next(v for v in volumes if (v.uploads_a_day, v.concurrency) == (uploads_a_day, concurrency))
            hours = (np.arange(volume.burst.busy.size) - BURST_STARTS) / HOUR
            style = {"color": _COLORS[index], "linestyle": _DASHES[index], "label": f"max_concurrency {concurrency}"}
            age.plot(hours[::_EVERY], volume.burst.oldest_age[::_EVERY] / 60, **style)
            busy.plot(hours[::_EVERY], volume.burst.busy[::_EVERY], **style)
        for panel in (age, busy):
            panel.axvspan(0, 1, color="#999999", alpha=0.15, linewidth=0)
            panel.set_ylim(bottom=0)
        age.set_ylim(top=max(age.get_ylim()[1], 1.0))
        age.set_title(f"{count(uploads_a_day)} uploads a day")
        busy.set_xlabel("hours from the start of the burst")
    axes[0][0].set_ylabel("oldest waiting job, minutes")
    axes[1][0].set_ylabel("invocations at once")
    axes[1][0].legend(loc="upper right", fontsize=9)
    figure.suptitle(f"An hour of {BURST_FACTOR:.0f} times the rate (grey)")
    return figure


def _draw_limits(volumes: Sequence[Volume]) -> Figure:
    """Draw how old the oldest job gets at each volume, steady and in a burst, and what that takes at once."""
    figure = Figure(figsize=(11, 4.4), layout="constrained")
    age, busy = figure.subplots(1, 2)
    for index, concurrency in enumerate(_concurrencies(volumes)):
        of_it = sorted((v for v in volumes if v.concurrency == concurrency), key=lambda volume: volume.uploads_a_day)
        days = [volume.uploads_a_day for volume in of_it]
        label = f"max_concurrency {concurrency}"
        color = _COLORS[index]
        age.plot(
            days,
            [max(float(v.burst.oldest_age.max()), 1) for v in of_it],
            "o-",
            color=color,
            label=f"{label}, hour of 10 x",
        )
        busy.plot(days, [float(v.burst.busy.max()) for v in of_it], "o-", color=color, label=f"{label}, hour of 10 x")
        busy.plot(days, [float(v.steady.busy[-1]) for v in of_it], "s:", color=color, label=f"{label}, steady")
    for seconds, text in ((60, "a minute"), (300, "five minutes")):
        age.axhline(seconds, color="#555555", linewidth=1, linestyle="--")
        age.annotate(text, (1.1e4, seconds * 1.1), color="#333333", fontsize=9)
    for panel in (age, busy):
        panel.set_xscale("log")
        panel.set_yscale("log")
        panel.set_xlabel("uploads a day")
        panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: count(value)))
        panel.legend(fontsize=8)
    age.set_yticks(_AGES, [duration(seconds) for seconds in _AGES])
    age.minorticks_off()
    age.set_ylabel("greatest age of a waiting job")
    busy.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    busy.set_ylabel("invocations at once")
    return figure


def _draw_cost(volumes: Sequence[Volume]) -> Figure:
    """Draw the cost of a million uploads at each volume, service upon service."""
    carrying = max(_concurrencies(volumes))
    by_volume = {volume.uploads_a_day: volume for volume in volumes if volume.concurrency == carrying}
    shown = [by_volume[uploads_a_day] for uploads_a_day in VOLUMES]
    figure = Figure(figsize=(8, 4.4), layout="constrained")
    axes = figure.subplots()
    bottoms = np.zeros(len(shown))
    for index, service in enumerate(shown[0].usd_by_service):
        heights = np.array([volume.usd_by_service[service] for volume in shown])
        axes.bar(
            range(len(shown)), heights, 0.6, bottom=bottoms, color=_COLORS[index], edgecolor="white", label=service
        )
        bottoms += heights
    for place, total in enumerate(bottoms.tolist()):
        axes.annotate(f"{total:.0f} USD", (place, total), ha="center", va="bottom", fontweight="bold")
    axes.set_xticks(range(len(shown)), [count(volume.uploads_a_day) for volume in shown])
    axes.set_xlabel("uploads a day")
    axes.set_ylabel("USD for a million uploads")
    axes.set_ylim(top=float(bottoms.max()) * 1.12)
    axes.grid(visible=False, axis="x")
    axes.legend(ncols=5, loc="upper center", fontsize=9)
    return figure
