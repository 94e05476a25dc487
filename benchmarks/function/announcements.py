"""What events cost a job, in time and money.

`PYTHONPATH=tests python -m benchmarks.function.announcements`. Jobs run in this process, S3 and SQS in its memory and
rendering left out: what differs is the function's own time. boto3 and the network add a request to SQS for each
message, one after the other. The announce function writes to librdkafka's mock of a cluster, in this process too:
brokers elsewhere add what the network takes.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from confluent_kafka import Producer

from announce.kafka import KafkaTopic
from resize.events_queue import EventsQueue
from resize.settings import Events
from stacks.announce_function import MEMORY_MEGABYTES
from support.aws.memory_s3 import MemoryS3
from support.events.announcements import image_event, message_of
from support.function.buckets import Buckets, settings

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sqs.client import SQSClient

_JOBS = 500
_BATCHES, _TOPIC = 200, "darkroom.images"
# USD: docs/cost.md has the sources.
_FIFO_REQUEST, _INVOCATION, _GIGABYTE_SECOND = 0.50 / 1e6, 0.20 / 1e6, 0.0000133334
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


def announce(size: int) -> float:
    """Measure how long the median batch of so many events takes, in milliseconds.

    Each is of another key.
    """
    cluster = Producer({"test.mock.num.brokers": 3, "log_level": 0})
    brokers = cluster.list_topics(_TOPIC, timeout=30).brokers.values()
    bootstrap = ",".join(f"{broker.host}:{broker.port}" for broker in brokers)
    topic = KafkaTopic(_TOPIC, lambda: {"bootstrap.servers": bootstrap, "log_level": 0})
    batches = [
        [message_of(image_event(f"{number}.jpg", batch)) for number in range(size)] for batch in range(_BATCHES + 1)
    ]
    topic.publish(batches.pop(), 30)  # connects
    refused: list[dict[str, str]] = []
    times = [_milliseconds(lambda each=batch: refused.append(topic.publish(each, 30))) for batch in batches]
    if any(refused):
        raise RuntimeError(f"the mock did not take {sum(map(len, refused))} events")
    cluster.flush(0)  # it lives as long as this name
    return statistics.median(times)


def dollars(messages: float, batch: int, milliseconds: float) -> float:
    """What a million jobs of so many messages cost.

    They are sent one by one, and announced in batches of a size.
    """
    invocation = _INVOCATION + milliseconds / 1000 * MEMORY_MEGABYTES / 1024 * _GIGABYTE_SECOND
    return 1e6 * messages * (_FIFO_REQUEST + (2 * _FIFO_REQUEST + invocation) / batch)


def main() -> None:
    """Print what events add, as two tables."""
    print("| job | without events, ms | with events, ms | messages |")
    print("| --- | --- | --- | --- |")
    for kind in ("fresh", "replaces"):
        off, on = (measure(kind, announces=announces) for announces in (False, True))
        print(f"| {kind} | {off.milliseconds:.2f} | {on.milliseconds:.2f} | {on.messages:.1f} |")
    print("\n| events a batch | announced in, ms | USD a million events |")
    print("| --- | --- | --- |")
    for size in (1, 10):
        milliseconds = announce(size)
        print(f"| {size} | {milliseconds:.2f} | {dollars(1, size, milliseconds):.2f} |")


def _milliseconds(work: Callable[..., object], *given: object) -> float:
    started = time.perf_counter()
    work(*given)
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    main()
