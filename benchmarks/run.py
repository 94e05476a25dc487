"""One run of a benchmark.

The commit that is measured, and what it tells meanwhile.
"""

import subprocess
import sys
import time
from collections.abc import Callable

from benchmarks.workers import PROJECT


def commit() -> str:
    """Name the commit that is measured; `+` says that files differ from it."""
    command = ["git", "describe", "--always", "--dirty=+", "--exclude=*"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def teller() -> Callable[[str], None]:
    """Make what prints each step, with the seconds since the run began."""
    begin = time.monotonic()
    return lambda what: print(f"{time.monotonic() - begin:6.0f} s  {what}", file=sys.stderr, flush=True)
