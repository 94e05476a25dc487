"""Jobs of a simulated batch overlap as the function's do, and S3 refuses and is asked again."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from simulation.aws.invocation import Task, latencies, run
from simulation.aws.limits import PUTS_A_SECOND
from simulation.aws.storage import ATTEMPTS, Method, Storage, failing_jobs
from stacks.config.config import Config
from support.command.parameters import PHOTOGRAPH, parameters

TASK = Task(photograph=PHOTOGRAPH)


def storage(*, refused: float = 0.0, is_split: bool = True) -> Storage:
    return Storage(
        np.random.default_rng(1), latencies=latencies(parameters()), refused=lambda _: refused, is_split=is_split
    )


def ends(tasks: Sequence[Task], config: Config) -> list[float]:
    return [ended.at for ended in run(tasks, config, storage(), started=0.0)]


def test_a_job_reads_twice_at_once_renders_writes_its_renditions_side_by_side_and_then_the_manifest() -> None:
    assert ends([TASK], Config()) == pytest.approx([0.03 + 0.4 + 0.06 + 0.06])


def test_one_job_at_a_time_takes_as_long_as_all_of_them_one_by_one() -> None:
    assert ends([TASK] * 3, replace(Config(), jobs_at_once=1)) == pytest.approx([0.55, 1.1, 1.65])


def test_jobs_that_overlap_share_the_processor_and_wait_for_s3_side_by_side() -> None:
    assert ends([TASK] * 3, replace(Config(), jobs_at_once=3)) == pytest.approx([0.55, 0.95, 1.35])


@pytest.mark.parametrize(("memory_mb", "seconds"), [(1769, 0.55), (3538, 0.55), (885, 0.15 + 0.4 * 1769 / 885)])
def test_less_memory_is_slower_and_more_makes_no_job_faster_as_an_image_uses_one_processor(
    memory_mb: int, seconds: float
) -> None:
    assert ends([TASK], replace(Config(), memory_mb=memory_mb)) == pytest.approx([seconds])


def test_two_processors_render_two_images_side_by_side() -> None:
    assert ends([TASK] * 4, Config(memory_mb=2 * 1769)) == pytest.approx([0.55, 0.55, 0.95, 0.95])


def test_a_job_that_was_done_before_takes_one_read() -> None:
    assert ends([replace(TASK, is_done_already=True)], Config()) == pytest.approx([0.03])


def test_a_job_is_not_begun_when_less_time_is_left_than_it_may_take() -> None:
    slow = Task(photograph=replace(PHOTOGRAPH, render_seconds=24.0))
    config = replace(Config(), function_timeout_seconds=120, render_seconds=25, jobs_at_once=1)

    ended = run([slow] * 3, config, storage(), started=0.0)

    assert [each.is_done for each in ended] == [True, True, False]
    assert [each.is_handed_back for each in ended] == [False, False, True]


def test_an_image_whose_turn_comes_when_too_little_time_is_left_is_handed_back() -> None:
    slow = Task(photograph=replace(PHOTOGRAPH, render_seconds=24.0))
    config = replace(Config(), function_timeout_seconds=120, render_seconds=25, jobs_at_once=3)

    ended = run([slow] * 3, config, storage(), started=1000.0)

    assert [each.is_handed_back for each in ended] == [False, False, True]
    assert ended[-1].at == pytest.approx(48, abs=1)


def test_a_request_is_tried_as_often_as_the_function_does_and_the_job_then_fails() -> None:
    refusing = storage(refused=1.0)

    ended = run([TASK], Config(), refusing, started=0.0)

    assert [each.is_done for each in ended] == [False]
    assert refusing.refusals == ATTEMPTS


@pytest.mark.parametrize(("is_split", "refused"), [(True, 0), (False, PUTS_A_SECOND)])
def test_a_new_bucket_is_one_partition_and_a_split_one_has_one_for_each_prefix(*, is_split: bool, refused: int) -> None:
    bucket = storage(is_split=is_split)

    for prefix in ("large", "medium"):
        for _ in range(PUTS_A_SECOND):
            bucket.request(Method.PUT, prefix, at=0.0)

    assert (bucket.refusals >= refused) if refused else (bucket.refusals == 0)


def test_as_many_jobs_fail_as_the_formula_says() -> None:
    flaky = storage(refused=0.6)

    ended = [run([TASK], Config(), flaky, started=float(second))[0] for second in range(3000)]

    failed = sum(not each.is_done for each in ended) / len(ended)
    assert failed == pytest.approx(failing_jobs(0.6, requests=6), rel=0.05)
