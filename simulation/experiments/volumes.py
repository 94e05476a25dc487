"""From ten thousand to a hundred million uploads a day, steady and with a burst.

Queue age, concurrency, cost.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from simulation.costs import PriceList, bill, usd_by_service
from simulation.models.flow import Flow, flow
from simulation.models.workload import Workload
from simulation.parameters import Parameters
from simulation.tables import Table, count, duration, usd
from stacks.config.config import Config

VOLUMES = (1e4, 1e5, 1e6, 1e7, 1e8)
# With those between, for the curves.
ALL_VOLUMES = (1e4, 3e4, 1e5, 3e5, 1e6, 2e6, 3e6, 5e6, 1e7, 2e7, 3e7, 5e7, 1e8)
# What carries each of them while its rate is steady.
CARRYING_CONCURRENCY = 1000
BURST_FACTOR = 10.0
BURST_STARTS = 1800
HOUR = 3600
# A burst is looked at for so long, from half an hour before it.
BURST_LOOK = 6 * HOUR
STEADY_LOOK = HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """A day's uploads under one limit of concurrency.

    What a steady rate does, and what an hour of ten times it does. The bill is of the steady rate, in US dollars for a
    million uploads, by service.
    """

    uploads_a_day: float
    concurrency: int
    steady: Flow
    burst: Flow
    usd_by_service: dict[str, float]


def steady(uploads_a_day: float) -> Workload:
    """Give a workload that never changes."""
    return Workload(uploads_a_day=uploads_a_day)


def burst(uploads_a_day: float) -> Workload:
    """Give a workload with one hour of ten times its rate."""
    return Workload(
        uploads_a_day=uploads_a_day, burst_factor=BURST_FACTOR, burst_starts=BURST_STARTS, burst_seconds=HOUR
    )


def look_at(
    volumes: Sequence[float],
    concurrencies: Sequence[int],
    config: Config,
    parameters: Parameters,
    price_list: PriceList,
) -> tuple[Volume, ...]:
    """Run every volume under every limit of concurrency.

    The derived bucket is one that S3 has split.
    """
    looked = []
    for uploads_a_day in volumes:
        for concurrency in concurrencies:
            limited = replace(config, max_concurrency=concurrency)
            calm = flow(steady(uploads_a_day), limited, parameters, seconds=STEADY_LOOK)
            lines = bill(calm.usage, limited, parameters, price_list, uploads_a_day=uploads_a_day)
            looked.append(
                Volume(
                    uploads_a_day=uploads_a_day,
                    concurrency=concurrency,
                    steady=calm,
                    burst=flow(burst(uploads_a_day), limited, parameters, seconds=BURST_LOOK),
                    usd_by_service=usd_by_service(lines),
                )
            )
    return tuple(looked)


def to_table(volumes: Sequence[Volume]) -> Table:
    """Tell what each volume does to the queue."""
    header = (
        *("uploads a day", "`max_concurrency`", "invocations at once, steady", "oldest job, steady"),
        *("oldest job, hour of 10 x", "drained after the burst's start", "USD a million"),
    )
    return Table(header, tuple(_row(volume) for volume in volumes if volume.uploads_a_day in VOLUMES))


def _row(volume: Volume) -> tuple[str, ...]:
    calm, busy = volume.steady, volume.burst
    is_behind = bool(calm.waiting[-1] > calm.waiting[-600] + 1)
    drained = busy.drained_at
    return (
        count(volume.uploads_a_day),
        str(volume.concurrency),
        count(round(float(calm.busy[-1]), 1)),
        "grows without end" if is_behind else duration(round(float(calm.oldest_age.max()))),
        "grows without end" if is_behind else duration(round(float(busy.oldest_age.max()))),
        "not at all" if is_behind else _drained(drained),
        usd(sum(volume.usd_by_service.values())),
    )


def _drained(drained: int | None) -> str:
    if drained is None:
        return f"later than {duration(BURST_LOOK - BURST_STARTS)}"
    return "nothing waits" if drained <= BURST_STARTS else duration(drained - BURST_STARTS)
