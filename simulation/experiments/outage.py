"""An outage of S3: which jobs outlive it, and how many are in flight.

SQS's limit is met, too.
"""

from collections.abc import Callable
from dataclasses import replace

from simulation.aws.limits import IN_FLIGHT_MESSAGES
from simulation.aws.scaling import Scaling
from simulation.experiments.volumes import CARRYING_CONCURRENCY, steady
from simulation.models.events import simulate
from simulation.parameters import Parameters
from simulation.tables import Table, count, duration
from stacks.config.config import Config

# What the defaults are for: S3 may be away for so long without a dead letter.
OUTAGE_TO_SURVIVE = 7200
VOLUMES = (1e5, 1e6, 1e7)
_STARTS = 600
_UPLOADS_A_DAY = 20_000
# Uploads, invocations and SQS's limit, all of them divided by this: a pipeline so small takes seconds to simulate.
_SMALLER = 50


def outage(starts: float, seconds: float) -> Callable[[float], float]:
    """Make S3 refuse everything for a time."""
    return lambda at: 1.0 if starts <= at < starts + seconds else 0.0


def dead_share(config: Config, parameters: Parameters, seconds: int) -> float:
    """Give the share of the jobs of an outage of S3 that end as dead letters.

    They came during it, or still waited.
    """
    drain = config.visibility_seconds * (config.max_receive_count + 1)
    seen = simulate(
        steady(_UPLOADS_A_DAY),
        config,
        parameters,
        seconds=_STARTS + seconds,
        drain_seconds=drain,
        refused=outage(_STARTS, seconds),
        sample_seconds=60,
    )
    return seen.dead / (seen.sent * seconds / (seconds + _STARTS))


def tried_for(config: Config, *, is_handed_back: bool = False) -> float:
    """Give the mean seconds from a job's first try to its last.

    Its batches would take no time.
    """
    waits = (
        config.backoff.mean_wait(receives, is_handed_back=is_handed_back)
        for receives in range(1, config.max_receive_count)
    )
    return sum(waits, 0.0)


def in_flight(config: Config, parameters: Parameters) -> Table:
    """Tell how many jobs an outage has in flight, and how many in line.

    It goes by volume and concurrency.
    """
    rows = []
    for concurrency in (config.max_concurrency or CARRYING_CONCURRENCY, CARRYING_CONCURRENCY):
        for uploads_a_day in VOLUMES:
            flying, waiting, dead = _outage_at(uploads_a_day, concurrency, config, parameters)
            rows.append((count(uploads_a_day), str(concurrency), count(flying), count(waiting), count(dead)))
    return Table(
        ("uploads a day", "`max_concurrency`", "in flight at most", "waiting at the end", "dead letters by then"),
        tuple(rows),
    )


def in_flight_text(config: Config) -> str:
    """Say what the limit of messages in flight means for this configuration."""
    seconds = tried_for(config)
    uploads_a_day = IN_FLIGHT_MESSAGES / seconds * 86_400
    return (
        f"A job that failed is in flight until it is tried again, and SQS lets some {IN_FLIGHT_MESSAGES:,} messages of "
        f"a queue be in flight. While S3 is away every job is, for {duration(seconds)} in all: from "
        f"{count(uploads_a_day)} uploads a day on an outage could reach the limit, if `max_concurrency` lets so many "
        f"be tried. At the limit Lambda's long polls bring nothing, and no error either: jobs wait in line, without "
        f"losing a receive, for as long as `queue_retention_days`, and go on when the jobs in flight are done or dead. "
        f"Nothing is lost. AWS raises the limit on request. Below, S3 is away for {duration(OUTAGE_TO_SURVIVE)}, in a "
        f"pipeline of a fiftieth of this size, which is then told in full size."
    )


def _outage_at(uploads_a_day: float, concurrency: int, config: Config, parameters: Parameters) -> tuple[int, int, int]:
    invocations = max(1, concurrency // _SMALLER)
    seen = simulate(
        steady(uploads_a_day / _SMALLER),
        replace(config, max_concurrency=concurrency),
        parameters,
        seconds=OUTAGE_TO_SURVIVE,
        refused=outage(0, OUTAGE_TO_SURVIVE),
        scaling=Scaling(first=invocations, a_minute=0, most=invocations),
        sample_seconds=60,
        in_flight_limit=IN_FLIGHT_MESSAGES // _SMALLER,
    )
    flying = max(sample.in_flight for sample in seen.samples)
    return flying * _SMALLER, seen.visible * _SMALLER, seen.dead * _SMALLER
