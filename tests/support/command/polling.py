"""Wait for what has no event of its own: ask again until it is so, or a deadline has passed."""

import time
from collections.abc import Callable

# Never waited for unless something is wrong: a busy machine takes many times what an idle one does.
_DEADLINE_SECONDS = 150
_POLL_SECONDS = 0.05


def eventually(holds: Callable[[], bool], *, seconds: float = _DEADLINE_SECONDS, every: float = _POLL_SECONDS) -> None:
    """Return as soon as it holds, asked every so many seconds; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"it did not become so within {seconds:.0f} seconds"
        time.sleep(every)
