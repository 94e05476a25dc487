"""Provisioned pollers against max_concurrency.

How soon a burst is drained, and what readiness costs.
"""

from dataclasses import replace

from simulation.aws.scaling import scaling_of
from simulation.costs import DAYS_A_MONTH, PriceList
from simulation.models.flow import flow
from simulation.models.workload import DAY_SECONDS, Workload
from simulation.parameters import Parameters
from simulation.tables import Table, duration, usd
from stacks.config.config import Config
from stacks.config.rules import Pollers

_BURSTS = (10_000, 100_000, 1_000_000)
_CONCURRENCIES = (50, 100, 500, 1000)
_POLLERS = (
    Pollers(minimum=2, maximum=10),
    Pollers(minimum=2, maximum=100),
    Pollers(minimum=20, maximum=100),
    Pollers(minimum=100, maximum=100),
)


def compare(config: Config, parameters: Parameters, price_list: PriceList) -> Table:
    """Drain bursts that come at once, by each way of scaling."""
    ways = {
        f"`max_concurrency` {most}": replace(config, max_concurrency=most, provisioned_pollers=None)
        for most in _CONCURRENCIES
    } | {
        f"{pollers.minimum} to {pollers.maximum} pollers": replace(
            config, max_concurrency=None, provisioned_pollers=pollers
        )
        for pollers in _POLLERS
    }
    header = (
        *("scaling", "invocations at once, first and most"),
        *(f"{uploads:,} uploads at once are drained in" for uploads in _BURSTS),
        "ready, USD a month",
    )
    return Table(header, tuple(_row(name, way, parameters, price_list) for name, way in ways.items()))


def _row(name: str, config: Config, parameters: Parameters, price_list: PriceList) -> tuple[str, ...]:
    scaling = scaling_of(config)
    hour = price_list.prices["poller_hour"]
    pollers = config.provisioned_pollers.minimum if config.provisioned_pollers else 0
    drained = (
        flow(Workload(at_once=uploads), config, parameters, seconds=DAY_SECONDS // 3).drained_at for uploads in _BURSTS
    )
    return (
        name,
        f"{scaling.first}, {scaling.most}",
        *(duration(seconds or 0) for seconds in drained),
        usd(pollers * hour.usd / hour.per * 24 * DAYS_A_MONTH),
    )
