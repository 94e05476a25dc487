"""What is uploaded: so many a day, steady or with a burst in it.

It says when each upload comes.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A mean rate, with a burst in it.

    It is `burst_factor` times as much for `burst_seconds` from `burst_starts`, and `at_once` first of all.
    """

    uploads_a_day: float = 0.0
    at_once: int = 0
    burst_factor: float = 1.0
    burst_starts: int = 0
    burst_seconds: int = 0

    def rates(self, seconds: int) -> NDArray[np.float64]:
        """Give the expected uploads of each second, without those that come at once."""
        rates = np.full(seconds, self.uploads_a_day / DAY_SECONDS)
        rates[self.burst_starts : self.burst_starts + self.burst_seconds] *= self.burst_factor
        return rates

    def arrivals(self, seconds: int, generator: np.random.Generator) -> Iterator[float]:
        """Draw when each upload comes, in seconds: a Poisson process."""
        yield from [0.0] * self.at_once
        for second, count in enumerate(generator.poisson(self.rates(seconds)).tolist()):
            yield from sorted((second + generator.random(count)).tolist())
