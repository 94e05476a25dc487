"""A topic that tests write events to and read them from, as `announce` and readers do, and a broker of its own."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource
from confluent_kafka.admin._resource import ResourceType

from darkroom.event_log.broker import Broker, kafka_broker
from darkroom.event_log.installation import Installation
from darkroom.event_log.topic import create_topic

TOPIC = "images"

_ANSWER_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """A topic at a broker."""

    bootstrap: str
    topic: str

    def write(self, events: Iterable[dict[str, Any]]) -> None:
        """Write events, each into its key's partition, and wait until the broker has all of them."""
        producer = Producer(
            {
                "bootstrap.servers": self.bootstrap,
                "enable.idempotence": True,
                "partitioner": "murmur2_random",
                "log_level": 0,
            }
        )
        for each in events:
            producer.produce(self.topic, json.dumps(each).encode(), each["subject"].encode())
        assert producer.flush(_ANSWER_SECONDS) == 0

    def read(self) -> list[dict[str, Any]]:
        """Read all that is in it, partition by partition."""
        quiet = {"enable.auto.commit": False, "log_level": 0}
        consumer = Consumer({"bootstrap.servers": self.bootstrap, "group.id": "test", **quiet})
        try:
            found = []
            for partition in consumer.list_topics(self.topic, timeout=_ANSWER_SECONDS).topics[self.topic].partitions:
                place = TopicPartition(self.topic, partition)
                low, high = consumer.get_watermark_offsets(place, timeout=_ANSWER_SECONDS)
                consumer.assign([TopicPartition(self.topic, partition, low)])
                left = high - low
                while left:
                    messages = consumer.consume(left, _ANSWER_SECONDS)
                    assert messages
                    found += [json.loads(message.value() or b"") for message in messages]
                    left -= len(messages)
            return found
        finally:
            consumer.close()


@contextmanager
def broker_with_topic(
    kafka: Installation, folder: Path, data: str, port: int | None = None
) -> Iterator[tuple[Broker, Log]]:
    """Run a broker whose storage is in a folder under this name, and make a topic unless it is there."""
    with kafka_broker(kafka, log=folder / "kafka.log", data=folder / data, port=port) as broker:
        create_topic({"bootstrap.servers": broker.bootstrap}, TOPIC, partitions=3)
        yield broker, Log(bootstrap=broker.bootstrap, topic=TOPIC)


def target(log: Log) -> str:
    """What the stack would tell the announce function of this log."""
    told = {"kind": "kafka", "bootstrap_servers": log.bootstrap, "topic": log.topic, "auth": "none"}
    return json.dumps(told)


def set_topic(log: Log, name: str, value: str) -> None:
    """Change how a topic is configured."""
    entry = ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, log.topic, incremental_configs=[entry])
    admin = AdminClient({"bootstrap.servers": log.bootstrap})
    admin.incremental_alter_configs([resource])[resource].result()


def first_occurrences(events: Iterable[dict[str, Any]]) -> dict[str, list[int]]:
    """Each key's revisions in the order in which a reader meets them, each once."""
    found: dict[str, dict[int, None]] = defaultdict(dict)
    for each in events:
        found[each["subject"]][int(each["sequence"])] = None
    return {key: list(revisions) for key, revisions in found.items()}
