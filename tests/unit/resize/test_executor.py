"""Side by side: all calls run at once, none outlives the answer."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest

from resize.executor import MapFunction, ThreadedMap, serial_map


@pytest.fixture
def threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(3)


@pytest.mark.parametrize("name", ["in turn", "side by side"])
def test_what_is_made_comes_back_in_the_order_of_the_things(name: str, threads: ThreadPoolExecutor) -> None:
    ways: dict[str, MapFunction] = {"in turn": serial_map, "side by side": ThreadedMap(threads)}

    assert list(ways[name](str, [3, 1, 2])) == ["3", "1", "2"]


def test_all_calls_are_under_way_at_the_same_time(threads: ThreadPoolExecutor) -> None:
    all_three = Barrier(3, timeout=30)

    assert sorted(ThreadedMap(threads)(lambda _: all_three.wait(), "abc")) == [0, 1, 2]


def test_a_failure_is_raised_when_every_other_call_has_ended(threads: ThreadPoolExecutor) -> None:
    has_failed, ended = Event(), []

    def call(thing: str) -> None:
        if thing == "bad":
            has_failed.set()
            raise ValueError(thing)
        assert has_failed.wait(30)
        ended.append(thing)

    with pytest.raises(ValueError, match="bad"):
        ThreadedMap(threads)(call, ["bad", "slow", "slower"])

    assert sorted(ended) == ["slow", "slower"]
