"""Publish the newest update of each name to any number of pages."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from itertools import islice, takewhile


@dataclass(frozen=True, slots=True)
class Update:
    """What holds of one thing; `text` is JSON on one line.

    A later fact of the same topic and name replaces it.
    """

    serial: int
    topic: str
    name: str
    text: str


class Feed:
    """Keeps the newest facts, so many of each topic.

    It tells everyone who follows what is new to them. Nothing is queued for anybody: who reads slowly finds the newest
    of every fact, and misses what that replaced. For one event loop alone.
    """

    def __init__(self, kept: Mapping[str, int]) -> None:
        self._kept = kept
        self._updates: dict[tuple[str, str], Update] = {}  # in the order of their serials
        self._names: dict[str, dict[str, None]] = {topic: {} for topic in kept}  # in the same order
        self._serial = 0
        self._changed = asyncio.Event()
        self._ended = False

    def publish(self, topic: str, name: str, text: str) -> None:
        """State a fact. The oldest of its topic goes where there are too many."""
        self._serial += 1
        self._updates.pop((topic, name), None)
        self._updates[topic, name] = Update(self._serial, topic, name, text)
        names = self._names[topic]
        names.pop(name, None)
        names[name] = None
        for oldest in [*islice(names, max(0, len(names) - self._kept[topic]))]:
            del self._updates[topic, oldest], names[oldest]
        self._wake()

    async def subscribe(self, *, rest: float) -> AsyncIterator[tuple[Update, ...]]:
        """Yield all facts that hold, then those that changed, until the feed ends.

        None after `rest` seconds.
        """
        seen = -1
        while True:
            changed = self._changed
            news = self._after(seen)
            if news or seen < 0:
                seen = self._serial
                yield news
            elif self._ended:
                return
            else:
                try:
                    await asyncio.wait_for(changed.wait(), rest)
                except TimeoutError:
                    yield ()

    def end(self) -> None:
        """Let everyone who follows go, after the last facts."""
        self._ended = True
        self._wake()

    def _after(self, serial: int) -> tuple[Update, ...]:
        """Give the facts that are later than this one: the last ones, however many there are before them."""
        news = [*takewhile(lambda update: update.serial > serial, reversed(self._updates.values()))]
        return tuple(reversed(news))

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
