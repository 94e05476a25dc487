"""The simulated pipeline keeps what the queue, the mapping and the function promise, for every seed."""

from dataclasses import replace

import numpy as np
import pytest

from simulation.aws.limits import ENVIRONMENTS_IN_TEN_SECONDS, FIRST_INVOCATIONS, INVOCATIONS_A_MINUTE
from simulation.aws.scaling import scaling_of
from simulation.aws.storage import failing_jobs
from simulation.experiments.outage import outage
from simulation.models.events import Simulated, simulate
from simulation.models.workload import Workload
from stacks.config.config import Config
from stacks.config.rules import Pollers
from support.command.parameters import parameters

pytestmark = pytest.mark.long

PARAMETERS = parameters()
CONFIG = Config(max_concurrency=20, function_timeout_seconds=60, render_seconds=8, visibility_timeout_seconds=60)
BURST = Workload(uploads_a_day=2e5, burst_factor=20, burst_starts=60, burst_seconds=120)


def burst(config: Config = CONFIG, *, seed: int = 1, refused: float = 0.0, drain: int = 200) -> Simulated:
    return simulate(BURST, config, PARAMETERS, seconds=300, drain_seconds=drain, seed=seed, refused=lambda _: refused)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("refused", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("drain", [0, 2000])
def test_every_upload_is_in_exactly_one_place(seed: int, refused: float, drain: int) -> None:
    seen = burst(seed=seed, refused=refused, drain=drain)

    assert seen.sent > 1000
    assert seen.deleted + seen.dead + seen.expired + seen.visible + seen.in_flight == seen.sent


def test_once_it_is_drained_every_upload_is_done_or_dead() -> None:
    seen = burst(refused=0.6, drain=3000)

    assert (seen.visible, seen.in_flight, seen.expired) == (0, 0, 0)
    assert seen.usage.jobs == seen.deleted == seen.sent - seen.dead
    assert seen.dead > 0


def test_as_many_jobs_die_as_fail_max_receive_count_times_in_a_row() -> None:
    config = replace(CONFIG, max_receive_count=2)

    seen = burst(config, refused=0.6, drain=2000)

    assert seen.dead / seen.sent == pytest.approx(failing_jobs(0.6, requests=6) ** 2, rel=0.1)


@pytest.mark.parametrize("most", [2, 7, 20])
def test_max_concurrency_is_reached_and_never_exceeded(most: int) -> None:
    seen = burst(replace(CONFIG, max_concurrency=most))

    assert seen.most_busy == most
    assert max(sample.pollers for sample in seen.samples) == most


def test_concurrency_grows_no_faster_than_lambda_documents() -> None:
    seen = simulate(Workload(at_once=20_000), replace(CONFIG, max_concurrency=1000), PARAMETERS, seconds=40)

    allowed = [FIRST_INVOCATIONS + sample.at * INVOCATIONS_A_MINUTE / 60 for sample in seen.samples]
    assert all(sample.pollers <= most for sample, most in zip(seen.samples, allowed, strict=True))
    assert seen.samples[-1].pollers == pytest.approx(allowed[-1], rel=0.05)


def test_no_ramp_is_faster_than_lambda_makes_environments() -> None:
    pollers = replace(CONFIG, max_concurrency=None, provisioned_pollers=Pollers(minimum=2, maximum=100))

    ramps = [scaling_of(config).a_minute / 6 for config in (CONFIG, pollers)]

    assert max(ramps) < ENVIRONMENTS_IN_TEN_SECONDS


def test_provisioned_pollers_have_ten_invocations_each_as_far_as_the_account_goes() -> None:
    pollers = replace(CONFIG, max_concurrency=None, provisioned_pollers=Pollers(minimum=3, maximum=300))

    scaling = scaling_of(pollers)

    assert (scaling.first, scaling.a_minute, scaling.most) == (30, 1000, 1000)


def test_jobs_in_the_system_are_their_rate_times_their_time_in_it() -> None:
    """Little's law: doi.org/10.1287/opre.9.3.383."""
    alone = replace(CONFIG, batch_size=1, batch_window_seconds=0)
    seen = simulate(Workload(uploads_a_day=1e6), alone, PARAMETERS, seconds=1200, sample_seconds=0.5)

    in_system = np.mean([sample.visible + sample.in_flight for sample in seen.samples])

    assert in_system == pytest.approx(seen.sent / 1200 * np.mean(seen.waits), rel=0.03)


def test_the_same_seed_gives_the_same_day_and_another_seed_another() -> None:
    assert burst(seed=7) == burst(seed=7)
    assert burst(seed=7) != burst(seed=8)


@pytest.mark.parametrize(("seconds", "dies"), [(150, False), (600, True)])
def test_an_outage_makes_dead_letters_only_when_it_lasts_longer_than_the_receives(seconds: int, *, dies: bool) -> None:
    config = replace(CONFIG, max_receive_count=5)  # tried for 15 s and three times the visibility timeout

    seen = simulate(
        Workload(uploads_a_day=5e4),
        config,
        PARAMETERS,
        seconds=60 + seconds,
        drain_seconds=400,
        refused=outage(60, seconds),
    )

    assert (seen.dead > 0) is dies
    assert seen.failures > 0


def test_an_outage_that_puts_as_many_jobs_in_flight_as_sqs_allows_loses_none() -> None:
    """Those that find no room wait in line, and lose no receive."""
    config = replace(CONFIG, visibility_timeout_seconds=300, max_receive_count=8)

    seen = simulate(
        Workload(uploads_a_day=1e5),
        config,
        PARAMETERS,
        seconds=900,
        drain_seconds=600,
        refused=outage(0, 900),
        in_flight_limit=300,
    )

    assert max(sample.in_flight for sample in seen.samples) == 300
    assert max(sample.visible for sample in seen.samples) > 300
    assert seen.deleted == seen.sent


def test_a_job_that_meets_a_short_outage_is_late_by_half_a_minute_and_not_by_the_visibility_timeout() -> None:
    config = replace(CONFIG, visibility_timeout_seconds=3600)

    seen = simulate(
        Workload(uploads_a_day=1e5), config, PARAMETERS, seconds=60, drain_seconds=300, refused=outage(0, 20)
    )

    assert seen.failures > 0
    assert seen.deleted == seen.sent
    assert max(seen.waits) < 60


def test_a_fuller_batch_is_waited_for_as_long_as_the_window_and_no_longer() -> None:
    quiet = Workload(uploads_a_day=2000)

    without, with_window = (
        simulate(quiet, replace(CONFIG, batch_window_seconds=window), PARAMETERS, seconds=3600) for window in (0, 5)
    )

    assert np.median(with_window.waits) - np.median(without.waits) == pytest.approx(5, abs=0.1)


def test_an_idle_queue_costs_three_receives_a_minute_for_each_of_five_pollers() -> None:
    seen = simulate(Workload(), CONFIG, PARAMETERS, seconds=600)

    assert seen.usage.receives == FIRST_INVOCATIONS * 3 * 10
    assert seen.usage.invocations == 0


def test_environments_start_cold_once_and_are_then_warm() -> None:
    seen = burst()

    assert seen.usage.cold_starts == seen.most_busy
