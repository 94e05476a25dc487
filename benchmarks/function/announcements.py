"""What announcing outcomes adds to a job.

`PYTHONPATH=tests python -m benchmarks.function.announcements`. Jobs run in this process, S3 and SQS in its memory and
rendering left out: what differs is the function's own time. boto3 and the network add a request to SQS for each
message, one after the other.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from contract.events import ObjectEvent
from resize.events_queue import EventsQueue
from resize.settings import Events
from support.aws.memory_s3 import MemoryS3
from support.function.buckets import Buckets, settings

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sqs.client import SQSClient

_JOBS = 500
_EVENTS = Events(queue_url="https://sqs/1/events.fifo", source="/darkroom/123456789012/eu-west-1/Darkroom")


@dataclass(slots=True)
class CountedQueue:
    """A client of SQS that counts messages and takes no time."""

    sent: int = 0

    def send_message(self, **_: str) -> None:
        """Take a message."""
        self.sent += 1


@dataclass(frozen=True, slots=True)
class Measured:
    """How long the median job of a kind takes, in milliseconds.

    Each sends so many messages.
    """

    milliseconds: float
    messages: float


def measure(kind: str, *, announces: bool, jobs: int = _JOBS) -> Measured:
    """Measure jobs of a kind.

    `fresh` uploads of keys of their own, or uploads that `replaces` another's.
    """
    queue = CountedQueue()
    s3 = MemoryS3(frozenset({"uploads"}))
    world = Buckets(client=cast("S3Client", s3), settings=settings(), clock=lambda: s3.now)
    if announces:
        world.settings = replace(world.settings, events=_EVENTS)
        world.announce = EventsQueue(client=cast("SQSClient", queue), url=_EVENTS.queue_url).send
    keys = [f"{number}.jpg" if kind == "fresh" else "one.jpg" for number in range(jobs)]
    times = [_milliseconds(world.deliver, world.upload(key, key.encode() * 9)) for key in keys]
    return Measured(statistics.median(times), queue.sent / jobs)


def main() -> None:
    """Print what it adds, as a table."""
    print("| job | without events, ms | with events, ms | messages |")
    print("| --- | --- | --- | --- |")
    for kind in ("fresh", "replaces"):
        off, on = (measure(kind, announces=announces) for announces in (False, True))
        print(f"| {kind} | {off.milliseconds:.2f} | {on.milliseconds:.2f} | {on.messages:.1f} |")


def _milliseconds(deliver: Callable[[ObjectEvent], object], upload: ObjectEvent) -> float:
    started = time.perf_counter()
    deliver(upload)
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    main()
