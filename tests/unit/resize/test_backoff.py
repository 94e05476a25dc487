"""When a job is tried again: soon at first, then ever later, and for about two hours in all."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resize.backoff import Backoff
from resize.settings import STORAGE_SECONDS
from stacks.config.config import Config

CONFIG = Config()
BACKOFF = CONFIG.backoff
# The least and the most time after which a job is handed back: before, there was enough, and then the function ends.
EARLIEST = CONFIG.function_timeout_seconds - STORAGE_SECONDS - 3 * CONFIG.render_seconds
LATEST = CONFIG.function_timeout_seconds
# SQS refuses to hide a message for longer than this, counted from its receive:
# docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html
MOST_SECONDS = 12 * 3600


def mean() -> float:
    return 0.5


def delays(backoff: Backoff, *, is_handed_back: bool, random: Callable[[], float] = mean) -> list[int | None]:
    """The wait after each receive."""
    delay = partial(backoff.delay, is_handed_back=is_handed_back, random=random)
    return [delay(receives) for receives in range(1, backoff.max_receives + 1)]


def seconds_until_dead(
    backoff: Backoff, batch_seconds: float, *, is_handed_back: bool, random: Callable[[], float] = mean
) -> float:
    """The time from a job's first receive to its dead letter, where each of its batches takes so long.

    A delay counts from the end of a batch, and a visibility timeout from its beginning.
    """
    waits = delays(backoff, is_handed_back=is_handed_back, random=random)
    return sum(backoff.visibility_seconds if wait is None else batch_seconds + wait for wait in waits)


def test_a_job_that_fails_is_tried_after_half_a_minute_two_and_eight_and_then_the_visibility_timeout() -> None:
    assert delays(BACKOFF, is_handed_back=False) == [30, 120, 480, None, None, None, None, 30]


def test_a_job_that_is_handed_back_is_tried_after_half_a_minute_and_then_twice_as_long_each_time() -> None:
    assert delays(BACKOFF, is_handed_back=True) == [30, 60, 120, 240, 480, 960, 1920, 30]


def test_a_job_that_was_received_for_the_last_time_soon_becomes_a_dead_letter() -> None:
    once = replace(BACKOFF, max_receives=1)

    assert [once.delay(1, is_handed_back=back, random=mean) for back in (True, False)] == [30, 30]


@pytest.mark.parametrize("jitter", [0.0, 0.5, 1.0])
@pytest.mark.parametrize(
    ("is_handed_back", "batch_seconds"),
    [
        pytest.param(False, 0, id="fails at once"),
        pytest.param(False, LATEST, id="fails in a slow batch"),
        pytest.param(True, EARLIEST, id="is handed back as early as can be"),
        pytest.param(True, LATEST, id="is handed back as late as can be"),
    ],
)
def test_a_job_is_tried_for_about_two_hours_as_configured(
    is_handed_back: bool, batch_seconds: float, jitter: float
) -> None:
    seconds = seconds_until_dead(BACKOFF, batch_seconds, is_handed_back=is_handed_back, random=lambda: jitter)

    about = 0.8 if jitter == mean() else 1.0  # hours more or less; each wait a quarter longer than its mean, or shorter
    assert seconds / 3600 == pytest.approx(2, abs=about)


@given(st.floats(0, 1), st.booleans())
def test_jitter_moves_a_wait_by_a_quarter_at_most(number: float, is_handed_back: bool) -> None:
    means = delays(BACKOFF, is_handed_back=is_handed_back)

    jittered = delays(BACKOFF, is_handed_back=is_handed_back, random=lambda: number)

    for wait, usual in zip(jittered, means, strict=True):
        assert (wait is None) is (usual is None)
        if wait is not None and usual is not None:
            assert 0.75 * usual - 1 <= wait <= min(1.25 * usual + 1, BACKOFF.visibility_seconds)


@given(st.integers(1, 43_200), st.integers(1, 1000), st.integers(1, 2000), st.booleans(), st.floats(0, 1))
def test_no_wait_is_longer_than_the_visibility_timeout_or_refused_by_sqs(
    visibility: int, most: int, receives: int, is_handed_back: bool, number: float
) -> None:
    backoff = Backoff(visibility_seconds=visibility, max_receives=most)

    wait = backoff.delay(receives, is_handed_back=is_handed_back, random=lambda: number)

    assert wait is None or 1 <= wait <= visibility
    assert wait is None or wait == visibility or wait + 900 <= MOST_SECONDS


def test_a_short_visibility_timeout_has_a_sooner_retry_too() -> None:
    assert delays(Backoff(visibility_seconds=20, max_receives=4), is_handed_back=False) == [5, None, None, 5]
