"""Sample queues and metrics every two seconds, and the event log as it grows."""

import asyncio
import json
from collections.abc import Callable
from typing import Final

from darkroom.console.feed import Feed
from darkroom.console.health import Health
from darkroom.event_log.outcomes import OutcomeReader
from darkroom.pipeline.status import Status, StatusReader

SAMPLE_SECONDS: Final = 2.0
PLOTTED_SECONDS: Final = 300
SHOWN_OUTCOMES: Final = 100


class Sampler:
    """Tells the feed a sample of the pipeline's status, again and again.

    `oldest_wait` tells how many seconds the oldest upload waits that came from the console, if any does.
    """

    def __init__(
        self, reader: StatusReader, feed: Feed, health: Health, *, oldest_wait: Callable[[], float | None]
    ) -> None:
        self._reader = reader
        self._feed = feed
        self._health = health
        self._oldest_wait = oldest_wait

    async def run(self, dead_letters: Callable[[int], None]) -> None:
        """Go on until cancelled; `dead_letters` is told how many there are."""
        while True:
            if status := await self._health.answered("status", self._reader.read):
                self._feed.publish("sample", status.at.isoformat(), sample(status, self._oldest_wait()))
                dead_letters(status.dead_letters)
            await asyncio.sleep(SAMPLE_SECONDS)


async def follow_log(reader: OutcomeReader, feed: Feed, health: Health) -> None:
    """Tell the feed what is in the event log and what comes, until cancelled.

    Where it does not answer, begin anew.
    """
    while True:
        outcomes = await health.answered("event log", reader.poll)
        for outcome in outcomes or ():
            feed.publish("outcome", outcome.place, outcome.to_json())
        if outcomes is None:
            await asyncio.sleep(SAMPLE_SECONDS)


def sample(status: Status, oldest_wait: float | None) -> str:
    """Write what is shown of one moment; what nobody has measured is null.

    CloudWatch tells the age of the oldest job some minutes late, an emulator not at all: so the oldest upload of the
    console counts as well.
    """
    readings = status.readings
    told = readings.oldest_seconds.value if readings.oldest_seconds else None
    ages = [age for age in (told, oldest_wait) if age is not None]
    per_minute = {"resized": readings.resized, "rejected": readings.rejected, "failed": readings.failed}
    return json.dumps(
        {
            "at": status.at.isoformat(),
            "waiting": status.jobs.waiting + status.jobs.delayed,
            "in_flight": status.jobs.in_flight,
            "dead_letters": status.dead_letters,
            "oldest_seconds": max(ages, default=None),
            "per_minute": {name: measured.value if measured else None for name, measured in per_minute.items()},
        }
    )
