"""Map a function over items on several threads."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

# Below botocore's pool of 10 connections for each client, so that none is opened anew for every request.
WORKERS = 8


def map_parallel(
    work: Callable[[_Item], _Result], items: Iterable[_Item], *, give_up: Callable[[], None] | None = None
) -> Iterator[_Result]:
    """Yield each result as soon as it is there.

    Left early (an error, Ctrl-C), nothing new begins, and what is under way is waited for: `give_up` tells it to end.
    """
    pool = ThreadPoolExecutor(WORKERS)
    try:
        for future in as_completed([pool.submit(work, item) for item in items]):
            yield future.result()
    finally:
        if give_up:
            give_up()
        pool.shutdown(cancel_futures=True)
