"""Work in the background: its result or its error, and a process that waits for neither at its end."""

import asyncio
import subprocess
import sys
import threading

import pytest

from darkroom.background import in_background


def test_the_result_comes_back_from_another_thread() -> None:
    assert asyncio.run(in_background(threading.get_ident)) != threading.get_ident()


def test_what_it_raises_is_raised_where_it_is_waited_for() -> None:
    def fail() -> None:
        raise LookupError("gone")

    with pytest.raises(LookupError, match="gone"):
        asyncio.run(in_background(fail))


def test_a_process_ends_although_work_is_under_way() -> None:
    program = """
import asyncio, threading
from darkroom.background import in_background
begun = threading.Event()
async def main():
    work = asyncio.create_task(in_background(lambda: (begun.set(), threading.Event().wait())))
    await in_background(begun.wait)
    work.cancel()
asyncio.run(main())
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
