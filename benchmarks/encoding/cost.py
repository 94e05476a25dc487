"""What a million renditions cost in all.

Processor, PUT, storage and delivery, by simulation/prices.json.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from benchmarks.encoding.trial import Trial
from resize.imaging.encoding import DEFAULTS
from resize.imaging.variants import Format
from simulation.costs import MILLION, PRICES, Price, load_prices
from simulation.parameters import default_config


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """How long renditions are stored, and how often each is sent.

    And when more effort pays. A default is by `default_deliveries`. Another effort is better if it takes at most
    `most_times_the_fastest` as long as the format's fastest, and saves `least_percent_saved` or more of what a
    rendition costs in all. An AVIF is to be hardly slower than a WebP by default: `avif_most_times_webp` as long.
    """

    months: int
    deliveries: Sequence[int]
    default_deliveries: int
    most_times_the_fastest: float
    avif_most_times_webp: float
    least_percent_saved: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A format written at an effort by an engine, by side.

    Bytes at the look of WebP's defaults, and milliseconds.
    """

    engine: str
    format: str
    effort: int
    bytes: Mapping[int, float]
    milliseconds: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Bill:
    """The prices, and for what."""

    prices: Mapping[str, Price]
    traffic: Traffic

    def usd(self, way: Way, side: int, deliveries: int) -> float:
        """Add up what a million renditions of a size cost."""
        config = default_config()
        gigabytes = way.bytes[side] * MILLION / 1e9
        seconds = way.milliseconds[side] * MILLION / 1000
        return (
            self._of("s3_put", MILLION)
            + self._of(f"lambda_{config.architecture}", seconds * config.memory_mb / 1024)
            + self._of("stored_gigabyte", gigabytes * self.traffic.months)
            + self._of("sent_gigabyte", gigabytes * deliveries)
        )

    def usd_of_all(self, way: Way) -> float:
        """Add up what a rendition of each size costs, a million of each.

        The defaults are chosen by that.
        """
        return sum(self.usd(way, side, self.traffic.default_deliveries) for side in way.bytes)

    def _of(self, name: str, quantity: float) -> float:
        price = self.prices[name]
        return quantity / price.per * price.usd


def load_bill(path: Path = PRICES) -> Bill:
    """Read prices and traffic."""
    traffic = json.loads(path.read_text(encoding="utf-8"))["renditions"]
    return Bill(load_prices(path).prices, Traffic(**traffic))


def ways_of(trials: Iterable[Trial]) -> tuple[Way, ...]:
    """Take the means over all pictures, in the order in which the ways were tried."""
    trials = tuple(trials)
    looks = {(each.picture, each.side): each.look for each in trials if _is_usual(each)}
    grouped: dict[tuple[str, str, int], dict[int, dict[str, list[Trial]]]] = {}
    for trial in trials:
        by_side = grouped.setdefault((trial.engine, trial.format, trial.effort), {})
        by_side.setdefault(trial.side, {}).setdefault(trial.picture, []).append(trial)
    return tuple(
        Way(
            engine=engine,
            format=output,
            effort=effort,
            bytes={
                side: mean(bytes_at_look(pair, looks[picture, side]) for picture, pair in pictures.items())
                for side, pictures in by_side.items()
            },
            milliseconds={
                side: mean(trial.milliseconds for each in pictures.values() for trial in each)
                for side, pictures in by_side.items()
            },
        )
        for (engine, output, effort), by_side in grouped.items()
    )


def _is_usual(trial: Trial) -> bool:
    numbers = DEFAULTS[Format.WEBP]
    return (trial.format, trial.quality, trial.effort) == (Format.WEBP.value, numbers.quality, numbers.effort)


def bytes_at_look(trials: Sequence[Trial], look: float) -> float:
    """Tell from two qualities what a file of a look would have.

    The logarithm of its bytes grows with it.
    """
    lower, higher = sorted(trials, key=lambda trial: trial.look)
    growth = (math.log(higher.bytes) - math.log(lower.bytes)) / (higher.look - lower.look)
    return math.exp(math.log(higher.bytes) + growth * (look - higher.look))


def worth_more(bill: Bill, ways: Sequence[Way], chosen: Way) -> list[Way]:
    """List what should be a format's default rather than what is.

    Of the ways of one engine.
    """
    rivals = [way for way in ways if (way.engine, way.format) == (chosen.engine, chosen.format)]
    longest = min(
        bill.traffic.most_times_the_fastest * min(map(_milliseconds, rivals)), _longest_avif(bill, ways, chosen)
    )
    enough = 1 - bill.traffic.least_percent_saved / 100
    return [
        way
        for way in rivals
        if _milliseconds(way) <= longest and bill.usd_of_all(way) < enough * bill.usd_of_all(chosen)
    ]


def _longest_avif(bill: Bill, ways: Iterable[Way], chosen: Way) -> float:
    """Tell how long a default may take, beside WebP's: as long as it likes where it is no AVIF."""
    if chosen.format != Format.AVIF.value:
        return math.inf
    usual = (Format.WEBP.value, DEFAULTS[Format.WEBP].effort)
    webp = (_milliseconds(way) for way in ways if (way.format, way.effort) == usual)
    return bill.traffic.avif_most_times_webp * min(webp, default=math.inf)


def _milliseconds(way: Way) -> float:
    return sum(way.milliseconds.values())
