"""The settings of throughput.

max_concurrency, batch_size, batch_window_seconds, jobs_at_once and memory_mb.
"""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np

from resize.settings import STORAGE_SECONDS, WALL_FACTOR
from simulation.aws.invocation import requests_a_job, vcpus
from simulation.aws.limits import ACCOUNT_CONCURRENCY, MEGABYTES_A_VCPU, PUTS_A_SECOND
from simulation.aws.storage import Method
from simulation.costs import MILLION, PriceList, bill, usd_by_service
from simulation.experiments.volumes import BURST_FACTOR, BURST_LOOK, burst, steady
from simulation.findings import Finding
from simulation.models.events import simulate
from simulation.models.flow import batch_seconds, flow, jobs_a_second, most_jobs_a_second
from simulation.models.workload import DAY_SECONDS, Workload
from simulation.parameters import Parameters
from simulation.tables import Table, count, duration, share, usd
from stacks.config.config import Config

CONCURRENCIES = (2, 5, 10, 20, 50, 100, 200, 500, 1000)
BATCH_SIZES = (1, 2, 5, 10, 20, 50, 100)
WINDOWS = (0, 1, 2, 5, 10, 20)
JOBS_AT_ONCE = (1, 2, 3, 4, 6, 8)
MEMORIES = (885, 1327, 1769, 2654, 3538)

# What the defaults are for: so many uploads a day with an hour of ten times as many, on a processor that may turn out
# to be half as slow again as the one measured.
TARGET = 1e6
TARGET_AGE = 60.0
SLOWER = 1.5
# How much slower S3 may be than assumed, on a bad day, before the processor has to wait for it.
SLOWER_STORAGE = 3
# What a default may take of what others share: an account's concurrency, and the writes that a new bucket takes.
_ACCOUNT_SHARE = 0.1
_BUCKET_SHARE = 0.5
# What more of a setting has to bring before it is worth having.
_WORTHWHILE = 0.03
_WINDOW_LOOKS = {1e5: 3600, 1e6: 3600}


def slowed(parameters: Parameters, factor: float) -> Parameters:
    """Give the same parameters for a slower processor."""
    photographs = tuple(
        replace(photograph, render_seconds=photograph.render_seconds * factor) for photograph in parameters.photographs
    )
    return replace(parameters, photographs=photographs, start_seconds=parameters.start_seconds * factor)


def with_slower_storage(parameters: Parameters, factor: float) -> Parameters:
    """Give the same parameters for a slower S3."""
    return replace(parameters, get_seconds=parameters.get_seconds * factor, put_seconds=parameters.put_seconds * factor)


def burst_age(uploads_a_day: float, config: Config, parameters: Parameters) -> float:
    """Give the greatest age of a waiting job around a burst, in seconds.

    It is an hour of ten times the mean rate.
    """
    return float(flow(burst(uploads_a_day), config, parameters, seconds=BURST_LOOK).oldest_age.max())


def most_uploads_a_day(config: Config, parameters: Parameters, age: float) -> float:
    """Give the uploads a day whose bursts leave no job older than `age` seconds.

    A burst is an hour of ten times their rate.
    """
    low, high = 1.0, 3 * config_rate(config, parameters) * DAY_SECONDS
    while high / low > 1.01:  # noqa: PLR2004  # to one per cent
        middle = (low * high) ** 0.5
        low, high = (middle, high) if burst_age(middle, config, parameters) <= age else (low, middle)
    return low


def config_rate(config: Config, parameters: Parameters) -> float:
    """Give the jobs a second that all environments do together."""
    return (config.max_concurrency or 0) * jobs_a_second(config, parameters)


def max_concurrency(config: Config, parameters: Parameters) -> Finding:
    """Tell how far a limit of concurrency carries, and what it takes from others."""
    rows = []
    for concurrency in CONCURRENCIES:
        limited = replace(config, max_concurrency=concurrency)
        rate = config_rate(limited, parameters)
        at_once = flow(Workload(at_once=100_000), limited, parameters, seconds=DAY_SECONDS // 2)
        rows.append(
            (
                str(concurrency),
                count(rate),
                count(rate * DAY_SECONDS),
                count(most_uploads_a_day(limited, parameters, TARGET_AGE)),
                duration(at_once.drained_at or 0),
                share(rate * requests_a_job(config)[Method.PUT] / PUTS_A_SECOND),
                share(concurrency / ACCOUNT_CONCURRENCY),
            )
        )
    slow = slowed(parameters, SLOWER)
    enough = next(
        concurrency
        for concurrency in CONCURRENCIES
        if burst_age(TARGET, replace(config, max_concurrency=concurrency), slow) <= TARGET_AGE
        or concurrency == CONCURRENCIES[-1]
    )
    bucket = most_jobs_a_second(config, is_split=False)
    new_bucket_limit = bucket / jobs_a_second(config, parameters)
    rate = config_rate(config, parameters)
    return Finding(
        setting="max_concurrency",
        default=str(config.max_concurrency),
        table=Table(
            (
                *("`max_concurrency`", "jobs a second", "steady, uploads a day"),
                *("with an hour of 10 x, none older than a minute", "100,000 at once take"),
                *("of a new bucket's writes", "of an account's concurrency"),
            ),
            tuple(rows),
        ),
        hurts=(
            f"Too low, jobs wait: {config.max_concurrency} carry {count(rate)} jobs a second, and what comes faster "
            f"waits. Too high, a new derived bucket refuses writes from {count(new_bucket_limit)} on, until S3 has "
            f"split it, and other functions of the account find no room."
        ),
        supports=(
            f"{enough} is the least of these that keeps {count(TARGET)} uploads a day with an hour of "
            f"{BURST_FACTOR:.0f} x under a minute, even if Lambda's processor is {SLOWER} times as slow as the one "
            f"measured. It takes {share(enough / ACCOUNT_CONCURRENCY)} of an account's concurrency and "
            f"{share(enough / new_bucket_limit)} of a new bucket's writes."
        ),
        is_supported=(
            config.max_concurrency == enough
            and enough <= _ACCOUNT_SHARE * ACCOUNT_CONCURRENCY
            and enough <= _BUCKET_SHARE * new_bucket_limit
        ),
    )


def _cost_of_full_batches(config: Config, parameters: Parameters, price_list: PriceList) -> float:
    """Give Lambda's part of a million uploads in full batches, in US dollars."""
    billed = (
        batch_seconds(config, parameters, config.batch_size) / config.batch_size * MILLION * config.memory_mb / 1024
    )
    memory = price_list.prices[f"lambda_{config.architecture}"]
    request = price_list.prices["lambda_request"]
    return billed * memory.usd / memory.per + MILLION / config.batch_size * request.usd / request.per


def _slowest_images(config: Config) -> int:
    """Count the images that take `render_seconds` each, of which the last is begun while it may take its longest."""
    last_start = config.function_timeout_seconds - STORAGE_SECONDS - WALL_FACTOR * config.render_seconds
    return last_start // config.render_seconds + 1


def batch_size(config: Config, parameters: Parameters, price_list: PriceList) -> Finding:
    """Tell what a larger batch saves, and when it no longer fits the time."""
    rows = []
    fitting = []
    for size in BATCH_SIZES:
        sized = replace(config, batch_size=size)
        slowest = size * config.render_seconds
        if size <= _slowest_images(config):
            fitting.append(size)
        seconds = batch_seconds(sized, parameters, size)
        rows.append(
            (
                str(size),
                duration(seconds),
                duration(seconds / size),
                usd(_cost_of_full_batches(sized, parameters, price_list)),
                duration(slowest),
                str(size - 1),
            )
        )
    return Finding(
        setting="batch_size",
        default=str(config.batch_size),
        table=Table(
            (
                *("`batch_size`", "full batch", "billed a job", "Lambda, USD a million"),
                *("batch of the slowest images", "batch-mates that a killed environment costs a receive"),
            ),
            tuple(rows),
        ),
        hurts=(
            f"Below five, the processor idles while a job waits for S3, and that is billed. From "
            f"{_slowest_images(config) + 1} on, a batch of images that each take `render_seconds` no longer fits "
            f"`function_timeout_seconds`: an image is begun only while three times that is left, and "
            f"{STORAGE_SECONDS} s for storage, and the last jobs are released for retry."
        ),
        supports=f"{max(fitting, default=1)} is the largest of these of which even the slowest images fit.",
        is_supported=config.batch_size == max(fitting, default=1),
    )


def batch_window_seconds(config: Config, parameters: Parameters, price_list: PriceList) -> Finding:
    """Tell what waiting for a fuller batch saves, and what it costs a job."""
    rows = []
    totals: dict[int, float] = {}
    halves: dict[int, float] = {}
    for window in sorted({*WINDOWS, config.batch_window_seconds, config.batch_window_seconds + 1}):
        windowed = replace(config, batch_window_seconds=window)
        cells = [str(window)]
        for uploads_a_day, seconds in _WINDOW_LOOKS.items():
            seen = simulate(steady(uploads_a_day), windowed, parameters, seconds=seconds)
            lines = bill(seen.usage, windowed, parameters, price_list, uploads_a_day=uploads_a_day)
            total = sum(usd_by_service(lines).values())
            half, most = np.percentile(seen.waits, [50, 99])
            cells += [
                f"{seen.usage.jobs / seen.usage.invocations:.1f}",
                usd(total),
                f"{duration(half)}, {duration(most)}",
            ]
            totals[window], halves[window] = total, float(half)  # of the larger volume, which comes last
        rows.append(tuple(cells))
    chosen, next_one = config.batch_window_seconds, config.batch_window_seconds + 1
    slower, cheaper = halves[next_one] / halves[chosen], totals[chosen] / totals[next_one]
    return Finding(
        setting="batch_window_seconds",
        default=str(config.batch_window_seconds),
        table=Table(
            (
                "`batch_window_seconds`",
                *(
                    f"{what}, {count(volume)} a day"
                    for volume in _WINDOW_LOOKS
                    for what in ("batch", "USD a million", "upload to manifest: half, 99 %")
                ),
            ),
            tuple(rows),
        ),
        hurts=(
            "Every job waits for the window unless its batch is full: a second of window is a second of latency at low "
            "volume. Without it, nearly every job is an invocation of its own and pays alone for its waits for S3. "
            "Raise it where nobody waits for the variants: a nightly import, an archive. A burst fills its batches "
            "without it, and there it saves nothing."
        ),
        supports=(
            f"At {count(max(_WINDOW_LOOKS))} a day a second more would save "
            f"{usd(totals[chosen] - totals[next_one])} USD a million, a bill {cheaper:.2f} times lower, and have half "
            f"of the uploads wait {slower:.1f} times as long. Where nobody waits for thumbnails, raise it."
        ),
        is_supported=slower > cheaper,
    )


def _sweep(
    config: Config, parameters: Parameters, values: tuple[int, ...], change: Callable[[int], Config]
) -> tuple[list[float], list[float]]:
    full = [batch_seconds(change(value), parameters, config.batch_size) / config.batch_size for value in values]
    alone = [batch_seconds(change(value), parameters, 1) for value in values]
    return full, alone


def jobs_at_once(config: Config, parameters: Parameters, price_list: PriceList) -> Finding:
    """Tell how many jobs have to overlap until the processor is never idle."""

    def change(value: int) -> Config:
        return replace(config, jobs_at_once=value)

    full, _ = _sweep(config, parameters, JOBS_AT_ONCE, change)
    slow, _ = _sweep(config, with_slower_storage(parameters, SLOWER_STORAGE), JOBS_AT_ONCE, change)
    gains = [1 - after / before for before, after in pairwise(slow)]
    enough = next(
        value
        for value, gain in zip(JOBS_AT_ONCE, gains, strict=False)
        if gain < _WORTHWHILE or value == JOBS_AT_ONCE[-2]
    )
    rows = tuple(
        (
            str(value),
            duration(seconds),
            duration(slow_seconds),
            count(1 / seconds),
            usd(_cost_of_full_batches(change(value), parameters, price_list)),
            f"{value * config.max_source_bytes / 1e6:,.0f} MB",
        )
        for value, seconds, slow_seconds in zip(JOBS_AT_ONCE, full, slow, strict=True)
    )
    return Finding(
        setting="jobs_at_once",
        default=str(config.jobs_at_once),
        table=Table(
            (
                *("`jobs_at_once`", "billed a job", f"S3 {SLOWER_STORAGE} x as slow", "jobs a second"),
                *("Lambda, USD a million", "originals in memory, at most"),
            ),
            rows,
        ),
        hurts=(
            f"At 1, the processor waits for S3, and a job is billed {duration(full[0])}. Above {enough}, rendering "
            f"takes all the time there is, even with a slow S3, and more jobs only take memory."
        ),
        supports=(
            f"{enough} is the least that keeps the processor busy, to {share(_WORTHWHILE)}, when S3 is "
            f"{SLOWER_STORAGE} times as slow as assumed."
        ),
        is_supported=config.jobs_at_once == enough,
    )


def memory_mb(config: Config, parameters: Parameters, price_list: PriceList) -> Finding:
    """Tell how much memory, and with it processor, is used."""

    def change(value: int) -> Config:
        return replace(config, memory_mb=value)

    full, alone = _sweep(config, parameters, MEMORIES, change)
    costs = [_cost_of_full_batches(change(value), parameters, price_list) for value in MEMORIES]
    quickest = next(value for value, seconds in zip(MEMORIES, alone, strict=True) if seconds == min(alone))
    rows = tuple(
        (str(value), f"{vcpus(value):.2g}", duration(one), duration(seconds), count(1 / seconds), usd(cost))
        for value, one, seconds, cost in zip(MEMORIES, alone, full, costs, strict=True)
    )
    return Finding(
        setting="memory_mb",
        default=str(config.memory_mb),
        table=Table(
            ("`memory_mb`", "vCPU", "one job alone", "billed a job", "jobs a second", "Lambda, USD a million"), rows
        ),
        hurts=(
            f"Below {quickest} MB, jobs take longer for nearly the same money. Above, a job alone is no faster. Each "
            f"further {MEGABYTES_A_VCPU} MB render one more image at a time, if `jobs_at_once` is three or four for "
            f"each; what is between is paid for and idle."
        ),
        supports=f"{quickest} MB is the least with which a job is as fast as it gets.",
        is_supported=config.memory_mb == quickest,
    )
