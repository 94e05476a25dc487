"""Exponential backoff of retries, by receive count."""

from collections.abc import Callable
from dataclasses import dataclass

# Half a minute is longer than S3's hiccups, and shorter than a person waits.
_FIRST_SECONDS = 30
# So a short visibility timeout has a first retry that is sooner than it, too.
_FIRST_SHARE = 1 / 4
_FAILED_FACTOR = 4
_FAILED_STEPS = 3
_HANDED_BACK_FACTOR = 2
# How far a wait is from its mean at most, so that jobs that failed together do not come back together:
# aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter
_JITTER = 1 / 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """The pace of retries on a queue.

    It goes by the visibility timeout, in seconds, and the maximum receive count. The mean waits of a job that fails are
    30 s, 2 min, 8 min and from then on the visibility timeout; those of a job that is released begin at 30 s and
    double. After the last receive nothing is worth waiting for: the job is shown once more after the first of these
    waits, and SQS moves it to the dead-letter queue.
    """

    visibility_seconds: int = 1980
    max_receives: int = 8

    def delay(self, receives: int, *, is_handed_back: bool, random: Callable[[], float]) -> int | None:
        """Give the seconds from now until a job is shown again.

        None leaves it at the visibility timeout. `receives` is how often the job was received, `random` gives numbers
        from 0 to 1.
        """
        wait = self.mean_wait(receives, is_handed_back=is_handed_back)
        if wait >= self.visibility_seconds:
            return None
        jittered = wait * (1 + _JITTER * (2 * random() - 1))
        return min(max(1, round(jittered)), self.visibility_seconds)

    def mean_wait(self, receives: int, *, is_handed_back: bool) -> float:
        """Give the mean wait after so many receives, in seconds.

        It is at most the visibility timeout.
        """
        first = min(_FIRST_SECONDS, self.visibility_seconds * _FIRST_SHARE)
        if receives >= self.max_receives:
            return first
        if not is_handed_back and receives > _FAILED_STEPS:
            return self.visibility_seconds
        factor = _HANDED_BACK_FACTOR if is_handed_back else _FAILED_FACTOR
        return min(first * float(factor ** (receives - 1)), self.visibility_seconds)
