"""Map a call over items, in series or on threads."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, wait
from dataclasses import dataclass
from typing import Protocol, TypeVar

Thing = TypeVar("Thing")
Made = TypeVar("Made")


class MapFunction(Protocol):
    """A way to call for each of several things."""

    def __call__(self, call: Callable[[Thing], Made], things: Iterable[Thing]) -> Sequence[Made]:
        """Give back what the calls made, in the order of the things; if some failed, raise the first one's failure.

        Either way no call is under way any more.
        """


def serial_map(call: Callable[[Thing], Made], things: Iterable[Thing]) -> Sequence[Made]:
    """Call one after the other, up to the first failure."""
    return [call(thing) for thing in things]


@dataclass(frozen=True, slots=True)
class ThreadedMap:
    """Calls at the same time, on as many threads as there are.

    Each call runs to its end.
    """

    threads: Executor

    def __call__(self, call: Callable[[Thing], Made], things: Iterable[Thing]) -> Sequence[Made]:
        """See MapFunction."""
        calls = [self.threads.submit(call, thing) for thing in things]
        wait(calls)
        return [each.result() for each in calls]
