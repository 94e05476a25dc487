"""A topic that tests write events to and read them from, as `announce` and readers do."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from confluent_kafka import Consumer, Producer, TopicPartition

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
