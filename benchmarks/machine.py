"""The machine that measures.

What it is, and how a process keeps to so many of its processors.
"""

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.report.results import Machine

_PINS = hasattr(os, "sched_setaffinity")


def use_processors(number: int) -> None:
    """Keep this process on the last so many processors, where that can be.

    What it starts from now on is kept there, too.
    """
    if _PINS:
        os.sched_setaffinity(0, all_processors()[-number:])


@contextmanager
def on_processors(number: int) -> Iterator[None]:
    """Keep this process, and what it starts meanwhile, on so many processors."""
    use_processors(number)
    try:
        yield
    finally:
        use_processors(len(_ALLOWED))


def all_processors() -> list[int]:
    """List the processors that this machine lets the program have."""
    return list(_ALLOWED)


def describe() -> Machine:
    """Say what this machine is."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return Machine(
        processor=_processor(),
        processors=len(_ALLOWED) or os.cpu_count() or 1,
        memory_gigabytes=round(memory / 2**30, 1),
        system=f"{platform.system()} {platform.machine()}, {'-'.join(platform.libc_ver())}",
        python=platform.python_version(),
        pinned=_PINS,
    )


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


_ALLOWED = sorted(os.sched_getaffinity(0)) if _PINS else []
