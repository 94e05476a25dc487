"""Reads a topic from offsets that the reader keeps, with `confluent-kafka`."""

import argparse
import signal
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient

from consumers.client import ClientError
from consumers.event import Record

TOPIC = "darkroom.images"

# librdkafka's mock calls itself so; it answers no question of an administrator.
_MOCK = "mockCluster"

_ANSWER_SECONDS = 30
_PARTITIONS_SECONDS = 60
_BATCH = 500
_POLL_SECONDS = 1.0


class Topic:
    """A reader of every partition.

    It keeps no offsets: whoever reads stores them with what it made of the records. `offsets` has the next offset of
    each partition that was read before. They are of the topic with `topic_id`: where a topic of the same name was made
    anew, it is read from its beginning.
    """

    def __init__(self, client: Mapping[str, str], name: str, group: str) -> None:
        self._name, self._group = name, group
        quiet: dict[str, str | int] = {"client.id": group, "log_level": 3}
        self._consumer = Consumer(
            {
                **client,
                **quiet,
                "group.id": group,
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "enable.partition.eof": True,
                # It joins no group; for so long it waits at its end for brokers that are away to take its last commit.
                "session.timeout.ms": 6_000,
            }
        )
        self._admin = AdminClient({**client, **quiet})
        self._assigned: set[int] = set()
        self._ended: set[int] = set()
        self._looked = 0.0
        self.id = self._topic_id()

    def start(self, offsets: Mapping[int, int], topic_id: str | None) -> Self:
        """Begin to read after what was read before, or where the group was set back to.

        `darkroom events replay` sets it back.
        """
        known = offsets if topic_id in {None, self.id} else {}
        told = self.committed() if known else {}
        first = {each: min(offset, told.get(each, offset)) for each, offset in known.items()}
        self._consumer.assign([TopicPartition(self._name, each, first[each]) for each in first])
        self._assigned = set(known)
        return self

    @property
    def at_end(self) -> bool:
        """Tell whether everything was read that was there a moment ago."""
        return bool(self._assigned) and self._ended == self._assigned

    def poll(self, seconds: float) -> list[Record]:
        """Wait for records and give them in each partition's order.

        None, if none came in that time.

        Raises:
            ClientError: the brokers refuse; what is out of order for a while only is waited for.
        """
        self._look_for_partitions()
        records = []
        for message in self._consumer.consume(_BATCH, seconds):
            partition, offset, error = message.partition(), message.offset(), message.error()
            if error is None and partition is not None and offset is not None:
                self._ended.discard(partition)
                records.append(Record(partition=partition, offset=offset, value=message.value()))
            elif error is not None and error.code() == KafkaError._PARTITION_EOF and partition is not None:  # noqa: SLF001
                self._ended.add(partition)
            elif error is not None and not error.retriable() and error.code() != KafkaError._ALL_BROKERS_DOWN:  # noqa: SLF001
                raise ClientError(f"The topic {self._name!r} cannot be read any more: {error.str()}")
        return records

    def commit(self, offsets: Mapping[int, int]) -> None:
        """Tell the brokers how far it is, for whoever looks at the group's lag.

        What counts is kept elsewhere.
        """
        wanted = [TopicPartition(self._name, partition, offset) for partition, offset in offsets.items()]
        if wanted:
            self._consumer.commit(offsets=wanted, asynchronous=True)  # while they are away, nobody waits for them

    def committed(self) -> dict[int, int]:
        """Give what was committed in this group's name, by partition."""
        asked = [TopicPartition(self._name, partition) for partition in self._partitions()]
        return {
            each.partition: each.offset for each in self._consumer.committed(asked, _ANSWER_SECONDS) if each.offset >= 0
        }

    def _partitions(self) -> list[int]:
        topic = self._consumer.list_topics(self._name, timeout=_ANSWER_SECONDS).topics[self._name]
        if topic.error is not None:
            raise ClientError(f"The topic {self._name!r} cannot be read: {topic.error.str()}")
        return list(topic.partitions)

    def _look_for_partitions(self) -> None:
        """Read those that were added meanwhile, too, from their beginning."""
        if self._looked and time.monotonic() - self._looked < _PARTITIONS_SECONDS:
            return
        self._looked = time.monotonic()
        try:
            new = set(self._partitions()) - self._assigned
        except KafkaException:  # they are away, and asked again in a minute
            return
        if new:
            self._consumer.incremental_assign([TopicPartition(self._name, each, OFFSET_BEGINNING) for each in new])
            self._assigned |= new

    def _topic_id(self) -> str:
        """Ask what tells the topic from another of its name, made before or later; empty where a mock cannot tell."""
        try:
            cluster = str(self._admin.list_topics(timeout=_ANSWER_SECONDS).cluster_id)
        except KafkaException as error:
            raise ClientError(f"The brokers do not answer: {error.args[0].str()}") from error
        if cluster.startswith(_MOCK):
            return ""
        described = self._admin.describe_topics(TopicCollection([self._name]), request_timeout=_ANSWER_SECONDS)
        try:
            return str(described[self._name].result().topic_id)
        except KafkaException as error:
            raise ClientError(f"The topic {self._name!r} cannot be read: {error.args[0].str()}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._consumer.close()


def stop_event() -> threading.Event:
    """From here on Ctrl-C and SIGTERM set an event, which is how a reader ends."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stopped.set())
    return stopped


def follow(topic: Topic, apply: Callable[[list[Record]], None], *, once: bool) -> int:
    """Apply whatever comes, until Ctrl-C or SIGTERM; count it.

    If only `once`, until the end of the log.
    """
    stopped, count = stop_event(), 0
    while not stopped.is_set() and not (once and topic.at_end):
        if records := topic.poll(_POLL_SECONDS):
            apply(records)
            count += len(records)
    return count


def add_reader_options(parser: argparse.ArgumentParser) -> None:
    """Add what each program that reads a topic must know."""
    parser.add_argument("--bootstrap", help="the brokers: host:port[,host:port]")
    parser.add_argument("--client", type=Path, help="a file of name=value lines: bootstrap.servers, sasl.username, ...")
    parser.add_argument("--topic", default=TOPIC)
    parser.add_argument("--once", action="store_true", help="end at the end of the log")
