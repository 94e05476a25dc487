"""How long an upload takes until a reader has its event.

From its beginning on, on the pipeline on this machine.
"""

import time
from collections.abc import Callable, Iterator

from confluent_kafka import OFFSET_END, Consumer, TopicPartition

from darkroom.event_log.local import LocalLog
from darkroom.local.local_pipeline import local_pipeline
from support.command.pipelines import upload
from support.imaging.pictures import jpeg

_WARM_UPS = 5
_ANSWER_SECONDS = 120


def measure_arrivals(log: LocalLog, uploads: int, tell: Callable[[str], None]) -> tuple[float, ...]:
    """Upload small photographs one after another.

    The seconds of each until it was read, those to warm up left out.

    Raises:
        DarkroomError: the pipeline could not be brought up.
        RuntimeError: an event did not come.
    """
    with local_pipeline({"events": log.events}, begin=tell) as local:
        tell(f"{uploads} uploads, one after another")
        consumer = _at_the_end(log)
        try:
            seconds = []
            for number in range(_WARM_UPS + uploads):
                begin, key = time.perf_counter(), f"{number:05}.jpg"
                upload(local.pipeline, key, jpeg(640, 480))
                _wait_for(consumer, key)
                seconds.append(time.perf_counter() - begin)
            return tuple(seconds[_WARM_UPS:])
        finally:
            consumer.close()


def _at_the_end(log: LocalLog) -> Consumer:
    quiet: dict[str, str | int | bool] = {"group.id": "arrivals", "enable.auto.commit": False, "log_level": 0}
    consumer = Consumer({"bootstrap.servers": log.bootstrap, **quiet})
    partitions = consumer.list_topics(log.topic, timeout=_ANSWER_SECONDS).topics[log.topic].partitions
    consumer.assign([TopicPartition(log.topic, each, OFFSET_END) for each in partitions])
    return consumer


def _wait_for(consumer: Consumer, key: str) -> None:
    if key not in _keys(consumer):
        raise RuntimeError(f"the event of {key} did not come within {_ANSWER_SECONDS} seconds")


def _keys(consumer: Consumer) -> Iterator[str]:
    while message := consumer.poll(_ANSWER_SECONDS):
        if message.error() is None:
            yield (message.key() or b"").decode()
