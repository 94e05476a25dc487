"""The settings of failure: visibility timeout and max_receive_count.

And what S3's request rates do to a new bucket.
"""

from dataclasses import replace

from simulation.aws.invocation import requests_a_job
from simulation.aws.scaling import Scaling
from simulation.aws.storage import ATTEMPTS, Method, failing_jobs
from simulation.experiments.outage import OUTAGE_TO_SURVIVE, dead_share, tried_for
from simulation.findings import Finding
from simulation.models.events import simulate
from simulation.models.flow import jobs_a_second
from simulation.models.workload import Workload
from simulation.parameters import Parameters
from simulation.tables import Table, count, duration, share
from stacks.config.config import Config

VISIBILITIES = (900, 3600)
OUTAGES = (1200, 3600, 7200, 10_800)
RECEIVES = (1, 3, 5, 6, 7, 8, 10)
REFUSALS = (0.1, 0.2, 0.3, 0.4, 0.5)
CONCURRENCIES = (50, 100, 200, 400, 1000)
# What the defaults are for: S3 may refuse this share of all requests with less than one dead letter in a million.
REFUSED_TO_BEAR = 0.3
_UNNOTICED = 1e-6
_SATURATED_SECONDS = 30


def visibility_timeout_seconds(config: Config, parameters: Parameters) -> Finding:
    """Tell how long a failed job is hidden, and which outage it outlives."""
    rows = []
    survived = {}
    for visibility in sorted({*VISIBILITIES, config.function_timeout_seconds, config.visibility_seconds}):
        hidden = replace(config, visibility_timeout_seconds=visibility)
        dead = [dead_share(hidden, parameters, seconds) for seconds in OUTAGES]
        survived[visibility] = max((s for s, part in zip(OUTAGES, dead, strict=True) if part == 0), default=0)
        rows.append(
            (
                str(visibility),
                duration(visibility),
                duration(tried_for(hidden)),
                *(share(part) for part in dead),
            )
        )
    default = config.visibility_seconds
    return Finding(
        setting="visibility_timeout_seconds",
        default="null",
        table=Table(
            (
                *("visibility timeout", "a job whose function was killed is late by", "a job that fails is tried for"),
                *(f"dead letters, S3 away for {duration(seconds)}" for seconds in OUTAGES),
            ),
            tuple(rows),
        ),
        hurts=(
            f"A job that failed comes back sooner three times: after half a minute, two and eight. Then, and where the "
            f"function was killed before it could say so, this is how late it is: {duration(default)} by default, six "
            f"times `function_timeout_seconds` and the window, as AWS advises. Short, jobs use up their "
            f"{config.max_receive_count} receives while S3 is still away. Less than `function_timeout_seconds` Lambda "
            f"refuses: a job would be delivered while it runs."
        ),
        supports=(
            f"{default} s outlive an outage of {duration(survived[default])}; the least that Lambda takes, "
            f"{config.function_timeout_seconds} s, one of {duration(survived[config.function_timeout_seconds])}. "
            f"Where a late job is worse than a dead letter, lower `function_timeout_seconds` and `render_seconds`."
        ),
        is_supported=survived[default] >= OUTAGE_TO_SURVIVE,
    )


def refused_share_until_dead(receives: int, requests: int) -> float:
    """Give the share of refused requests that makes dead letters.

    From there on one job in a million ends as one.
    """
    failing = _UNNOTICED ** (1 / receives)
    return float((1 - (1 - failing) ** (1 / requests)) ** (1 / ATTEMPTS))


def max_receive_count(config: Config) -> Finding:
    """Tell how many of S3's requests can fail before jobs die."""
    requests = sum(requests_a_job(config).values())
    rows = tuple(
        (
            str(receives),
            share(refused_share_until_dead(receives, requests)),
            *(
                duration(tried_for(replace(config, max_receive_count=receives), is_handed_back=is_handed_back))
                for is_handed_back in (False, True)
            ),
            *(share(failing_jobs(refused, requests) ** receives) for refused in REFUSALS),
        )
        for receives in RECEIVES
    )
    enough = min(
        (
            receives
            for receives in RECEIVES
            if refused_share_until_dead(receives, requests) >= REFUSED_TO_BEAR
            and tried_for(replace(config, max_receive_count=receives)) >= OUTAGE_TO_SURVIVE
        ),
        default=RECEIVES[-1],
    )
    return Finding(
        setting="max_receive_count",
        default=str(config.max_receive_count),
        table=Table(
            (
                *("`max_receive_count`", "one dead letter in a million from"),
                *("a job that fails is tried for", "one that is released for retry, without its batches"),
                *(f"dead letters, {share(refused)} of requests refused" for refused in REFUSALS),
            ),
            rows,
        ),
        hurts=(
            f"At 1, a single bad moment of S3 makes dead letters. Every request is tried {ATTEMPTS} times before a "
            f"receive is lost, so {config.max_receive_count} receives bear "
            f"{share(refused_share_until_dead(config.max_receive_count, requests))} of requests refused. Each further "
            f"receive makes a job that can never succeed wait {duration(config.visibility_seconds)} more for a person. "
            f"A job that is released for retry is tried {config.max_receive_count} times too: it comes "
            f"back after half a minute, and then after twice as long each time."
        ),
        supports=(
            f"{enough} is the least with which a job is tried for {duration(OUTAGE_TO_SURVIVE)}, and that bears "
            f"{share(REFUSED_TO_BEAR)} of S3's answers being refusals with less than one dead letter in a million."
        ),
        is_supported=config.max_receive_count == enough,
    )


def request_rates(config: Config, parameters: Parameters) -> Table:
    """Tell what many consumers at once get from S3.

    The derived bucket is new, or one that S3 has split.
    """
    rows = []
    for concurrency in CONCURRENCIES:
        cells = [str(concurrency)]
        for is_split in (False, True):
            rate = concurrency * jobs_a_second(config, parameters)
            seen = simulate(
                Workload(at_once=int(rate * _SATURATED_SECONDS)),
                config,
                parameters,
                seconds=4 * _SATURATED_SECONDS,
                scaling=Scaling(first=concurrency, a_minute=0, most=concurrency),
                is_split=is_split,
            )
            writes = seen.usage.jobs * requests_a_job(config)[Method.PUT]
            cells += [
                count(round(seen.usage.jobs / max(seen.waits))),
                share(seen.refusals / (writes + seen.refusals)),
                share(seen.failures / (seen.usage.jobs + seen.failures)),
            ]
        rows.append(tuple(cells))
    header = (
        "invocations at once",
        *(
            f"{what}, {kind} bucket"
            for kind in ("new", "split")
            for what in ("jobs a second", "writes refused", "jobs failed")
        ),
    )
    return Table(header, tuple(rows))
