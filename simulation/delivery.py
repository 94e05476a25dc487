"""What it costs to keep and to send what a million uploads become.

Bytes are those that `make encoding` has measured on photographs, prices and deliveries those of prices.json.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from resize.imaging.encoding import DEFAULTS
from resize.imaging.variants import Variant
from simulation.costs import MILLION, PRICES, PriceList
from simulation.parameters import ROOT

MEASURED = ROOT / "docs" / "encoding.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """How long renditions are stored, in months, and how often each may be sent."""

    months: int
    deliveries: tuple[int, ...]


def load_kept(path: Path = PRICES) -> Kept:
    """Read both from the file of prices."""
    value = json.loads(path.read_text(encoding="utf-8"))["renditions"]
    return Kept(months=value["months"], deliveries=tuple(value["deliveries"]))


def bytes_of_renditions(variants: Sequence[Variant], measured: Path = MEASURED) -> float:
    """Add up the bytes of what one upload becomes.

    Of each variant it is the mean over the photographs, at the measured size that is nearest to its own.

    Raises:
        ValueError: a variant's format was not measured at its quality and effort.
    """
    trials = json.loads(measured.read_text(encoding="utf-8"))["trials"]
    return sum(_bytes_of(variant, trials) for variant in variants)


def _bytes_of(variant: Variant, trials: list[dict[str, Any]]) -> float:
    if variant.format is None:
        raise ValueError(f"{variant.name}: what it becomes depends on the upload, so its bytes are not known")
    usual = DEFAULTS[variant.format]
    quality, effort = variant.quality or usual.quality, usual.effort if variant.effort is None else variant.effort
    wanted = (variant.format, quality, effort)
    like = [each for each in trials if (each["format"], each["quality"], each["effort"]) == wanted]
    if not like:
        raise ValueError(
            f"{variant.name}: {variant.format} at quality {quality} and effort {effort} was not measured: "
            "make encoding PHOTOS=… measures the defaults"
        )
    size = max(variant.width or 0, variant.height or 0)
    side = min({each["side"] for each in like}, key=lambda each: abs(each - size))
    return float(mean(each["bytes"] for each in like if each["side"] == side))


def usd_of_keeping(gigabytes: float, kept: Kept, price_list: PriceList) -> float:
    """Say what so many gigabytes cost in S3 for that long."""
    price = price_list.prices["stored_gigabyte"]
    return gigabytes * kept.months / price.per * price.usd


def usd_of_sending(gigabytes: float, deliveries: int, price_list: PriceList) -> float:
    """Say what it costs that so many gigabytes are sent so often."""
    price = price_list.prices["sent_gigabyte"]
    return gigabytes * deliveries / price.per * price.usd


def gigabytes_of_a_million(variants: Sequence[Variant]) -> float:
    """Say how much a million uploads become."""
    return bytes_of_renditions(variants) * MILLION / 1e9
