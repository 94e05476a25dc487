"""The console looks at few dead letters often, and at many rarely, however fast their number changes."""

from collections.abc import Callable

import pytest

from darkroom.console.poll_schedule import SHOWN_LETTERS, LookPace


def looks(count_at: Callable[[int], int], seconds: int) -> list[int]:
    """When it looks, of counts that it is told every other second."""
    limiter = LookPace()
    return [second for second in range(0, seconds, 2) if limiter.is_due(count_at(second), second)]


def test_without_letters_nothing_is_looked_at() -> None:
    assert looks(lambda _: 0, 3600) == []


def test_a_letter_is_looked_at_at_once_and_then_every_half_minute_or_so() -> None:
    assert looks(lambda second: int(second >= 10), 100) == [10, 42, 74]


def test_that_the_last_is_gone_is_seen_at_once() -> None:
    assert looks(lambda second: int(second < 10), 100) == [0, 10]


def test_many_that_do_not_change_are_looked_at_every_five_minutes() -> None:
    assert looks(lambda _: 10_000, 1000) == [0, 302, 604, 906]


def test_many_that_grow_all_the_time_are_looked_at_every_half_minute_and_not_every_other_second() -> None:
    assert looks(lambda second: 10_000 + second, 100) == [0, 32, 64, 96]


@pytest.mark.parametrize("count", [1, SHOWN_LETTERS + 1])
def test_a_look_that_failed_is_tried_again_with_the_next_count(count: int) -> None:
    limiter = LookPace()
    assert limiter.is_due(count, 0)
    limiter.failed()

    assert limiter.is_due(count, 2)
    assert not limiter.is_due(count, 4)
