"""How many events a second announce publishes, and readers take in."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.event_log.results import Rounds
from support.events.announce_program import announcing, done_of
from support.events.event_log import Log
from support.events.reader_programs import follow
from support.events.webhook_receiver import KEY, receiver, secret

ROUNDS = 3

Tell = Callable[[str], None]


def measure_announce(logs: list[Log], events: int, tell: Tell) -> Rounds:
    """Announce so many events to each topic, in batches of ten as SQS hands them over.

    The first batch is not counted.

    Raises:
        RuntimeError: the function has ended before.
    """
    return Rounds(program="announce", events=events, seconds=tuple(_announce(log, events, tell) for log in logs))


def _announce(log: Log, events: int, tell: Tell) -> float:
    tell(f"announcing {events:,} events")
    first = None
    with announcing(log, 0, events, keys=events // 5) as process:
        for line in process.stdout or ():
            done, now = done_of(line), time.perf_counter()
            first = first or (now if done else None)
            if first and done == events:
                return now - first
    raise RuntimeError(f"announce has ended with status {process.returncode}")


def measure_reader(program: str, log: Log, events: int, empty: Log, folder: Path) -> Rounds:
    """Have a reader read a topic of so many events from its beginning.

    And an empty one; several times. The webhook makes a call for each event, to a receiver on this machine.
    """
    with receiver() as callbacks:
        environment = {"WEBHOOK_URL": callbacks.url, "WEBHOOK_SECRETS": secret(KEY)}
        options = ("--allow-private",) if program == "webhook" else ()

        def rounds(topic: Log) -> Iterator[float]:
            for number in range(ROUNDS):
                begin = time.perf_counter()
                follow(topic, program, folder / f"{program}-{topic.topic}-{number}", *options, **environment)
                yield time.perf_counter() - begin

        return Rounds(program=program, events=events, seconds=tuple(rounds(log)), idle=tuple(rounds(empty)))
