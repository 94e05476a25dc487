"""Wait for what has no event of its own: ask again until it is so, or a deadline has passed."""

import time
from collections.abc import Callable

_DEADLINE_SECONDS = 30
_POLL_SECONDS = 0.05


def eventually(holds: Callable[[], bool]) -> None:
    """Return as soon as it holds; fail after 30 seconds."""
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it did not become so within 30 seconds"
        time.sleep(_POLL_SECONDS)
