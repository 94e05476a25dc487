"""Faults of every kind at random: what a proxy does to the requests of a soak."""

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from types import MappingProxyType

from support.aws.proxy import (
    Action,
    Exchange,
    cutting_short,
    doing_after,
    doing_first,
    losing_the_answer,
    passing_on,
    refusing,
    resetting,
    staying_silent,
)

_LONGEST_DELAY_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to a share of the requests, in 1,000, that it fits."""

    action: Action
    share: float
    fits: Callable[[Exchange], bool] = lambda _: True


class Chaos:
    """An action that most often passes a request on, and counts each fault that it chooses instead.

    The seed decides which fault follows which; the requests that they meet depend on the machine.
    """

    def __init__(self, random: Random, kill: Callable[[], None]) -> None:
        self.counts: Counter[str] = Counter()
        self._random = random
        self._faults = _faults(self._delay, kill)
        self._lock = threading.Lock()
        self._is_over = threading.Event()

    def __call__(self, exchange: Exchange) -> None:
        self._choose(exchange)(exchange)

    def end(self) -> None:
        """Let what rests go on."""
        self._is_over.set()

    def _choose(self, exchange: Exchange) -> Action:
        with self._lock:
            drawn = self._random.uniform(0, 1000)
            for name, fault in self._faults.items():
                drawn -= fault.share
                if drawn < 0:
                    if fault.fits(exchange):
                        self.counts[name] += 1
                        return fault.action
                    break
        return passing_on

    def _delay(self, exchange: Exchange) -> None:
        with self._lock:
            seconds = self._random.uniform(0, _LONGEST_DELAY_SECONDS)
        self._is_over.wait(seconds)
        passing_on(exchange)


def _faults(delay: Action, kill: Callable[[], None]) -> Mapping[str, Fault]:
    def is_conditional(exchange: Exchange) -> bool:
        return exchange.is_conditional

    def is_read(exchange: Exchange) -> bool:
        return exchange.method == "GET"

    return MappingProxyType(
        {
            "500 InternalError": Fault(refusing(500, "InternalError"), 4),
            "503 SlowDown": Fault(refusing(503, "SlowDown"), 4),
            "403 AccessDenied": Fault(refusing(403, "AccessDenied"), 3),
            "409 ConditionalRequestConflict": Fault(refusing(409, "ConditionalRequestConflict"), 8, is_conditional),
            "412 PreconditionFailed": Fault(refusing(412, "PreconditionFailed"), 8, is_conditional),
            "connection reset": Fault(resetting, 4),
            "answer lost": Fault(losing_the_answer, 4),
            "body cut short": Fault(cutting_short, 6, is_read),
            "request late": Fault(delay, 10),
            "10 seconds of silence": Fault(staying_silent, 0.2),
            "consumers killed before a request": Fault(doing_first(kill), 0.7),
            "consumers killed after a request": Fault(doing_after(kill), 0.7),
        }
    )
