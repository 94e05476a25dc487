"""The announce function in a process of its own, to be killed: `python -m support.events.announce_program …`.

It is handed the batches of a history that is always the same, as the FIFO queue would: the next once the one before is
answered. After each it prints how many are done, which is what the queue would have deleted by then.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from contract.image_event import ImageEvent
from support.events.announcements import batch_of, context, failures, image_event
from support.events.event_log import Log, target

_PROJECT = Path(__file__).parents[3]
_BATCH = 10


def event_at(number: int, keys: int) -> ImageEvent:
    """The history's event of this number: every key has its first, then every key has its second, and so on."""
    return image_event(f"photos/{number % keys:06}.jpg", number // keys + 1, sequencer=f"{number + 1:016X}")


@contextmanager
def announcing(log: Log, first: int, end: int, keys: int) -> Iterator["subprocess.Popen[str]"]:
    """Run it for the events from `first` on; whatever is left of it at the end is killed."""
    places = [log.bootstrap, log.topic, str(first), str(end), str(keys)]
    path = os.pathsep.join(str(_PROJECT / folder) for folder in ("lambdas", "tests", "."))
    environment = {**os.environ, "PYTHONPATH": path, "DARKROOM_TARGET": target(log)}
    environment |= {"POWERTOOLS_SERVICE_NAME": "Darkroom", "AWS_REGION": "eu-west-1", "POWERTOOLS_LOG_LEVEL": "WARNING"}
    command = [sys.executable, "-m", "support.events.announce_program", *places]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def done_of(line: str) -> int | None:
    """Read what it printed; the function's own lines are JSON."""
    return int(line) if line.strip().isdecimal() else None


def main(first: int, end: int, keys: int) -> None:
    """Announce a part of the history, and have SQS deliver again what failed, before anything later."""
    from announce.handler import handler  # noqa: PLC0415 - it reads its environment as it is imported

    for start in range(first, end, _BATCH):
        events = [event_at(number, keys) for number in range(start, min(start + _BATCH, end))]
        while events:
            failed = set(failures(handler(batch_of(events), context())))
            events = [event for event in events if f"{event.key}-{event.revision}" in failed]
        sys.stdout.write(f"{min(start + _BATCH, end)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*map(int, sys.argv[3:]))
