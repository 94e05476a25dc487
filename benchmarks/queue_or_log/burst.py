"""The burst that both are given, how its readers take it, and what is found out."""

import json
from dataclasses import dataclass
from typing import Any

from support.events.histories import history

# As many as moto's SQS, which looks at every message for each that it hands out, has done in a minute.
OUTCOMES, IMAGES = 400, 100
# What a reader takes at once: of SQS ten are the most, and of the log it is the same here, so that both are alike.
BATCH = 10
# For one batch of the slow reader the quick one takes so many.
QUICK = 10
# The event that its reader cannot do, whatever it tries: one from the middle.
FAILING = OUTCOMES // 2
TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """An event on its way: its number in the burst, its key, and what is sent."""

    number: int
    key: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What became of the burst in one of the two.

    `shared` is what a quick and a slow reader have seen of one queue, or of one topic. `slow_has` is how far the slow
    one is when the quick one has all, where each has its own. `replayed` and `late` are what can be read again, and by
    a reader that begins afterwards. Of a reader that meets an event it cannot do: `done`, `behind` what waits, and
    `aside`. `requests` are those of two readers that AWS bills, by their kind.
    """

    shared: tuple[int, int]
    slow_has: int
    replayed: int
    late: int
    done: int
    behind: int
    aside: int
    requests: dict[str, int]


def burst() -> list[Message]:
    """The same each time."""
    return [
        Message(number=number, key=event["subject"], body=json.dumps({**event, "number": number}))
        for number, event in enumerate(history(keys=IMAGES, outcomes=OUTCOMES, again=0))
    ]


def number_of(body: str | bytes) -> int:
    """Find out which of the burst's events this is."""
    read: dict[str, Any] = json.loads(body)
    return int(read["number"])
