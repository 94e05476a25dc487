"""Where the time of one upload goes, from its PUT to its manifest.

The function is warm.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from resize.imaging.engine import Engine
from simulation.aws.invocation import render_seconds
from simulation.aws.limits import BYTES_A_SECOND
from simulation.experiments.volumes import steady
from simulation.models.events import simulate
from simulation.parameters import Parameters
from simulation.tables import Table, count, duration
from stacks.config.config import Config

# A volume at which nearly every upload comes alone.
UPLOADS_A_DAY = 1e4
_SECONDS = 6 * 3600


def steps(config: Config, parameters: Parameters) -> dict[str, float]:
    """List what an upload of the mean size waits for, in seconds.

    One after the other.
    """
    photographs = parameters.photographs
    rendering = sum(each.share * render_seconds(each, config.memory_mb) for each in photographs)
    transfer = sum(each.share * each.bytes for each in photographs) / BYTES_A_SECOND
    return {
        "the batch window": float(config.batch_window_seconds),
        "GET of manifest and original, at the same time": parameters.get_seconds,
        "the original's bytes": transfer,
        "rendering": rendering,
        "PUT of the renditions, side by side": parameters.put_seconds,
        "PUT of the manifest": parameters.put_seconds,
    }


def median_wait(config: Config, parameters: Parameters) -> float:
    """Simulate some hours, and give the median seconds from PUT to manifest."""
    seen = simulate(steady(UPLOADS_A_DAY), config, parameters, seconds=_SECONDS)
    return float(np.percentile(seen.waits, 50))


def one_upload(config: Config, of_engines: Mapping[Engine, Parameters]) -> Table:
    """Hold each engine against the other, and no window against one of a second."""
    at_once, collected = (replace(config, batch_window_seconds=window) for window in (0, 1))
    columns = {f"{engine}": (at_once, of_engines[engine]) for engine in of_engines}
    columns[f"{config.engine}, `batch_window_seconds` 1"] = (collected, of_engines[config.engine])
    listed = [steps(*column) for column in columns.values()]
    medians = [median_wait(*column) for column in columns.values()]
    rows = [(step, *(duration(each[step]) for each in listed)) for step in listed[0]]
    rows.append(("**together**", *(f"**{duration(sum(each.values()))}**" for each in listed)))
    rows.append((f"half of {count(UPLOADS_A_DAY)} a day, simulated", *(duration(each) for each in medians)))
    return Table(("step", *columns), tuple(rows))
