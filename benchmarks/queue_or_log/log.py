"""The burst through a topic of Apache Kafka on this machine.

Each reader has a group of its own.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.cimpl import Message as Record

from benchmarks.queue_or_log.burst import BATCH, FAILING, QUICK, Found, Message, number_of
from darkroom.event_log.broker import kafka_broker
from darkroom.event_log.client import LogClient
from darkroom.event_log.installation import install_kafka
from darkroom.event_log.offsets import LogPoint, plan_replay
from darkroom.event_log.topic import TOPIC, create_topic

_ANSWER_SECONDS = 120


def through_log(messages: Sequence[Message]) -> Found:
    """Write the burst, have it read, and try the same as with queues."""
    kafka = install_kafka(lambda _step: None)
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        kafka_broker(kafka, log=Path(folder) / "kafka.log") as broker,
    ):
        create_topic({"bootstrap.servers": broker.bootstrap})
        return _Log(broker.bootstrap).run(messages)


class _Log:
    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = {"bootstrap.servers": bootstrap}
        self._client = LogClient(self._bootstrap, TOPIC)
        self._groups: set[str] = set()

    def run(self, messages: Sequence[Message]) -> Found:
        self._write(messages)
        shared, slow_has = self._two_readers(len(messages))
        done, behind = self._an_event_that_fails(len(messages))
        return Found(
            shared=shared,
            slow_has=slow_has,
            replayed=self._replayed("quick", len(messages)),
            late=self._read_all("late", len(messages)),
            done=done,
            behind=behind,
            aside=0,
            requests={},
        )

    def _write(self, messages: Sequence[Message]) -> None:
        kept = {"enable.idempotence": True, "partitioner": "murmur2_random", "log_level": 0}
        producer = Producer({**self._bootstrap, **kept})
        for each in messages:
            producer.produce(TOPIC, each.body.encode(), each.key.encode())
        left = producer.flush(_ANSWER_SECONDS)
        if left:
            raise RuntimeError(f"The broker did not take {left} records.")

    def _two_readers(self, total: int) -> tuple[tuple[int, int], int]:
        """Have both read in turn until the quick one has all; then the slow one goes on by itself."""
        with self._group("quick") as quick, self._group("slow") as slow:
            has, slow_has = 0, 0
            while has < total:
                has += len(_take(quick, min(QUICK * BATCH, total - has)))
                slow_has += len(_take(slow, BATCH))
            rest = len(_take(slow, total - slow_has))
        return (has, slow_has + rest), slow_has

    def _replayed(self, group: str, total: int) -> int:
        """Set a group back to the beginning, as `darkroom events replay` does, and have it read again."""
        beginning = self._client.offsets(LogPoint("beginning"))
        self._client.move(group, plan_replay(self._client.group(group), beginning))
        return self._read_all(group, total)

    def _read_all(self, group: str, total: int) -> int:
        with self._group(group) as consumer:
            return len(_take(consumer, total))

    def _an_event_that_fails(self, total: int) -> tuple[int, int]:
        """Read in order, and do not go past the event that fails: what is done, and what waits behind it."""
        with self._group("strict") as consumer:
            records = _take(consumer, total)
        (stuck,) = (record for record in records if number_of(record.value() or b"") == FAILING)
        behind = [record for record in records if record.partition() == stuck.partition() and _is_after(record, stuck)]
        return total - len(behind) - 1, len(behind)

    @contextmanager
    def _group(self, name: str) -> Iterator[Consumer]:
        """A reader of a group: every partition, from where the group is, or from its beginning."""
        places = self._client.offsets(LogPoint("beginning"))
        if name in self._groups:
            places |= self._client.group(name).committed
        consumer = Consumer({**self._bootstrap, "group.id": name, "enable.auto.commit": False})
        consumer.assign([TopicPartition(TOPIC, partition, offset) for partition, offset in places.items()])
        try:
            yield consumer
            consumer.commit(asynchronous=False)
            self._groups.add(name)
        finally:
            consumer.close()


def _is_after(record: Record, other: Record) -> bool:
    return (record.offset() or 0) > (other.offset() or 0)


def _take(consumer: Consumer, count: int) -> list[Record]:
    """Take so many records, however many each answer has."""
    taken: list[Record] = []
    while len(taken) < count:
        answered = consumer.consume(count - len(taken), _ANSWER_SECONDS)
        if not answered:
            raise RuntimeError(f"{count - len(taken)} records did not come.")
        taken += [record for record in answered if record.error() is None]
    return taken
