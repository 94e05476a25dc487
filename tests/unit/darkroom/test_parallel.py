"""Many things at once."""

import threading

import pytest

from darkroom.parallel import WORKERS, map_parallel


def test_every_item_is_worked_on() -> None:
    assert sorted(map_parallel(lambda number: number * 2, range(100))) == list(range(0, 200, 2))


def test_items_are_worked_on_side_by_side() -> None:
    together = threading.Barrier(WORKERS, timeout=30)

    assert len(list(map_parallel(lambda _: together.wait(), range(WORKERS)))) == WORKERS


def test_after_an_error_nothing_new_begins() -> None:
    begun: list[int] = []
    failed = threading.Event()

    def fail_first(number: int) -> None:
        begun.append(number)
        if number == 0:
            raise ValueError("first")
        failed.wait(0.01)

    with pytest.raises(ValueError, match="first"):
        list(map_parallel(fail_first, range(10_000)))

    assert len(begun) < 10_000
