"""The flow simulation says what the event simulation says, where both can run."""

from dataclasses import replace

import numpy as np
import pytest

from simulation.aws.limits import INVOCATIONS_A_MINUTE, PUTS_A_SECOND
from simulation.models.events import simulate
from simulation.models.flow import batch_seconds, flow, jobs_a_second, most_jobs_a_second
from simulation.models.workload import Workload
from stacks.config.config import Config
from support.command.parameters import parameters

PARAMETERS = parameters()
CONFIG = Config(max_concurrency=20)


@pytest.mark.parametrize("uploads_a_day", [2e4, 2e5, 1e6, 3e6])
def test_a_steady_rate_is_billed_alike(uploads_a_day: float) -> None:
    workload = Workload(uploads_a_day=uploads_a_day)

    events = simulate(workload, CONFIG, PARAMETERS, seconds=900)
    stream = flow(workload, CONFIG, PARAMETERS, seconds=900)

    billed = [seen.usage.billed_seconds / seen.usage.jobs for seen in (events, stream)]
    assert billed[1] == pytest.approx(billed[0], rel=0.1)
    busy = np.mean([sample.busy for sample in events.samples])
    assert float(stream.busy.mean()) == pytest.approx(busy, rel=0.1, abs=0.1)


@pytest.mark.parametrize("most", [5, 20, 50])
def test_a_burst_makes_jobs_wait_alike_and_drains_alike(most: int) -> None:
    config = replace(CONFIG, max_concurrency=most)
    workload = Workload(uploads_a_day=3e5, burst_factor=60, burst_starts=60, burst_seconds=60)

    events = simulate(workload, config, PARAMETERS, seconds=1800)
    stream = flow(workload, config, PARAMETERS, seconds=1800)

    drained = max(sample.at for sample in events.samples if sample.oldest_age > 1)
    assert float(stream.oldest_age.max()) == pytest.approx(events.oldest_age, rel=0.1)
    assert float(stream.waiting.max()) == pytest.approx(max(sample.visible for sample in events.samples), rel=0.1)
    assert stream.drained_at == pytest.approx(drained, rel=0.1)


def test_a_batch_takes_its_rendering_and_the_first_and_last_waits_for_s3() -> None:
    assert batch_seconds(CONFIG, PARAMETERS, 10) == pytest.approx(0.03 + 10 * 0.4 + 0.12)
    assert jobs_a_second(CONFIG, PARAMETERS) == pytest.approx(10 / 4.15)


def test_no_job_is_lost_in_the_stream() -> None:
    workload = Workload(uploads_a_day=1e7, at_once=500)

    seen = flow(workload, CONFIG, PARAMETERS, seconds=600)

    assert seen.usage.jobs + seen.waiting[-1] == pytest.approx(workload.rates(600).sum() + 500)


def test_concurrency_grows_no_faster_than_lambda_documents_and_ends_at_its_limit() -> None:
    seen = flow(Workload(at_once=1_000_000), replace(CONFIG, max_concurrency=200), PARAMETERS, seconds=300)

    assert float(np.diff(seen.busy).max()) <= INVOCATIONS_A_MINUTE / 60 + 1e-6
    assert float(seen.busy.max()) == pytest.approx(200)


def test_what_never_drains_says_so() -> None:
    assert flow(Workload(uploads_a_day=1e8), CONFIG, PARAMETERS, seconds=600).drained_at is None


def test_a_new_bucket_takes_a_quarter_of_the_jobs_as_each_writes_four_objects() -> None:
    assert most_jobs_a_second(CONFIG, is_split=False) == PUTS_A_SECOND / 4
    assert most_jobs_a_second(CONFIG, is_split=True) == PUTS_A_SECOND
