"""S3 as a job meets it.

Latencies, the request rate of each partitioned prefix, and what botocore does about a 503.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from simulation.aws.limits import GETS_A_SECOND, MOST_BACKOFF_SECONDS, PUTS_A_SECOND

# The attempts of a request, with the first: lambdas/resize/handler.py sets them.
ATTEMPTS = 4


class Method(StrEnum):
    """A request that counts against a limit of its own."""

    GET = "GET"
    PUT = "PUT"


_MOST_A_SECOND = {Method.GET: GETS_A_SECOND, Method.PUT: PUTS_A_SECOND}


@dataclass(frozen=True, slots=True)
class Answer:
    """When a request was over, in seconds, and whether S3 did it in the end."""

    at: float
    is_done: bool


def never(_at: float) -> float:
    """S3 in good health: it refuses nothing."""
    return 0.0


class Storage:
    """S3, with a share of requests refused that depends on the time.

    A derived bucket that S3 has split by our keys' first parts has a partition for each variant and one for the
    manifests; a new bucket is one partition: docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html
    """

    def __init__(
        self,
        generator: np.random.Generator,
        *,
        latencies: dict[Method, float],
        refused: Callable[[float], float] = never,
        is_split: bool = True,
    ) -> None:
        self._generator = generator
        self._latencies = latencies
        self._refused = refused
        self._is_split = is_split
        self._requests: Counter[tuple[str, Method, int]] = Counter()
        self.refusals = 0

    def request(self, method: Method, prefix: str, at: float) -> Answer:
        """Send a request at a time, and again where S3 refuses it."""
        for attempt in range(ATTEMPTS):
            at += self._latencies[method]
            if self._serves(method, prefix, at):
                return Answer(at, is_done=True)
            self.refusals += 1
            if attempt + 1 < ATTEMPTS:
                at += self._generator.random() * min(2.0**attempt, MOST_BACKOFF_SECONDS)
        return Answer(at, is_done=False)

    def _serves(self, method: Method, prefix: str, at: float) -> bool:
        share = self._refused(at)
        if share and self._generator.random() < share:
            return False
        partition = (prefix if self._is_split else "", method, int(at))
        if self._requests[partition] >= _MOST_A_SECOND[method]:
            return False
        self._requests[partition] += 1
        return True


def failing_jobs(refused: float, requests: int) -> float:
    """Give the share of jobs that fail.

    Each of their requests is refused with this probability.
    """
    return 1 - (1 - refused**ATTEMPTS) ** requests
