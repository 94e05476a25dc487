"""Exceptions by consequence: reject, dead-letter or retry."""

from contract.errors import Reason


class ImageRejectedError(Exception):
    """An invalid image: an outcome, not retried."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class SupersededError(Exception):
    """A newer event of the same key has already written.

    This job's work is not wanted any more.
    """


class SourceGoneError(SupersededError):
    """The source is gone.

    Another event of the key says whether its variants go too.
    """


class SandboxError(Exception):
    """The sandbox did not come up.

    Our own fault or the machine's, so the queue tries the job again.
    """


class OutOfTimeError(Exception):
    """Too little of the function's time is left to begin another job.

    The queue hands it out again.
    """
