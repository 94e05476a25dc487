"""Run blocking calls in a thread."""

import threading
from asyncio import Future, get_running_loop
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

_Result = TypeVar("_Result")


async def in_background(work: Callable[[], _Result]) -> _Result:
    """Wait for the work's result, or raise what it raised.

    The thread ends with the process: whoever presses Ctrl-C waits for no answer that AWS still owes. A pool's threads,
    asyncio's and anyio's among them, would be waited for.
    """
    loop = get_running_loop()
    future: Future[_Result] = loop.create_future()

    def settle(result: _Result | None, error: BaseException | None) -> None:
        if future.cancelled():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type] # None only where _Result is

    def run() -> None:
        result, error = None, None
        try:
            result = work()
        except BaseException as raised:  # noqa: BLE001 - it is raised where it is waited for
            error = raised
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=run, daemon=True, name="console").start()
    return await future
