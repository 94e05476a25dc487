"""Events in a Kafka topic, by librdkafka's mock of a cluster; tests/log has what only a real broker shows."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from confluent_kafka import Consumer as Reader
from confluent_kafka import Producer, TopicPartition

from announce import kafka
from announce.kafka import PRODUCER, KafkaTopic
from support.events.announcements import consumer_of, handle, image_event, message_of

pytestmark = pytest.mark.long

TOPIC = "darkroom.images"


@contextmanager
def mock_cluster(**settings: Any) -> Iterator[str]:
    """Brokers of a mock cluster, for as long as its producer lives."""
    cluster = Producer({"test.mock.num.brokers": 1, "log_level": 0, **settings})
    brokers = cluster.list_topics(TOPIC, timeout=30).brokers.values()
    yield ",".join(f"{broker.host}:{broker.port}" for broker in brokers)
    cluster.flush(0)


@pytest.fixture
def bootstrap() -> Iterator[str]:
    """The brokers of a mock cluster."""
    with mock_cluster() as brokers:
        yield brokers


def topic(bootstrap: str) -> KafkaTopic:
    return KafkaTopic(TOPIC, lambda: {"bootstrap.servers": bootstrap, "log_level": 0})


def read(bootstrap: str, count: int) -> list[tuple[str, bytes, str]]:
    quiet = {"enable.auto.commit": False, "log_level": 0}
    reader = Reader({"bootstrap.servers": bootstrap, "group.id": "test", **quiet})
    partitions = reader.list_topics(TOPIC, timeout=30).topics[TOPIC].partitions
    reader.assign([TopicPartition(TOPIC, each, 0) for each in partitions])
    found = [message for message in reader.consume(count, 30) if message.error() is None]
    reader.close()
    return [
        (
            (message.key() or b"").decode(),
            message.value() or b"",
            str(dict(message.headers() or [])["content-type"], "utf-8"),  # type: ignore[arg-type]
        )
        for message in found
    ]


def test_an_event_is_written_under_its_upload_s_key_as_a_structured_cloudevent(bootstrap: str) -> None:
    event = image_event("写真.jpg")

    failed = topic(bootstrap).publish([message_of(event)], 30)

    assert failed == {}
    assert read(bootstrap, 1) == [("写真.jpg", event.to_json().encode(), "application/cloudevents+json; charset=UTF-8")]


def test_a_key_goes_where_the_java_clients_put_it(bootstrap: str) -> None:
    """Kafka's own examples of murmur2 (UtilsTest.java): the partition is the hash's 31 bits, modulo their number."""
    hashes = {"21": -973932308, "foobar": -790332482, "a-little-bit-long-string": -985981536}
    topic(bootstrap).publish([message_of(image_event(key)) for key in hashes], 30)
    reader = Reader({"bootstrap.servers": bootstrap, "group.id": "test", "enable.auto.commit": False, "log_level": 0})
    partitions = len(reader.list_topics(TOPIC, timeout=30).topics[TOPIC].partitions)
    reader.assign([TopicPartition(TOPIC, each, 0) for each in range(partitions)])

    found = {(message.key() or b"").decode(): message.partition() for message in reader.consume(len(hashes), 30)}
    reader.close()

    assert found == {key: (number & 0x7FFFFFFF) % partitions for key, number in hashes.items()}


def test_brokers_that_do_not_answer_fail_every_event_in_the_time_that_there_is() -> None:
    consumer = consumer_of(topic("127.0.0.1:1"))

    failed = handle(consumer, [image_event("a", 1), image_event("b", 1), image_event("a", 2)], seconds=3.5)

    assert failed == ["a-1", "b-1", "a-2"]


def test_what_was_given_up_is_never_sent_even_when_the_brokers_answer_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQS delivers it again; sent late as well it would come after the newer event of its key."""
    kept: list[Producer] = []

    def keep(settings: dict[str, Any]) -> Producer:
        kept.append(Producer(settings))
        return kept[-1]

    monkeypatch.setattr(kafka, "Producer", keep)
    with mock_cluster(**{"test.mock.broker.rtt": 300}) as slow:
        failed = topic(slow).publish([message_of(image_event("a", 1))], 0.1)
        left = [producer.flush(30) for producer in kept]  # what it still has is sent now
        written = written_to(slow)

    assert list(failed) == ["a-1"]
    assert left == [0]
    assert written == 0


def written_to(bootstrap: str) -> int:
    """How many records the topic has."""
    reader = Reader({"bootstrap.servers": bootstrap, "group.id": "test", "log_level": 0})
    partitions = reader.list_topics(TOPIC, timeout=30).topics[TOPIC].partitions
    places = [reader.get_watermark_offsets(TopicPartition(TOPIC, each), timeout=30) for each in partitions]
    reader.close()
    return sum(high - low for low, high in places)


@pytest.mark.parametrize(
    ("brokers", "code"), [("127.0.0.1:1", "KafkaError._TRANSPORT"), ("no-host.invalid:9092", "KafkaError._RESOLVE")]
)
def test_brokers_that_are_not_reached_fail_an_event_with_the_reason(brokers: str, code: str) -> None:
    failed = topic(brokers).publish([message_of(image_event("a"))], 1.5)

    assert failed == {"a-1": code}


def test_after_a_failure_it_starts_anew_with_credentials_that_are_read_again(bootstrap: str) -> None:
    addresses = ["127.0.0.1:1", bootstrap]
    target = KafkaTopic(TOPIC, lambda: {"bootstrap.servers": addresses.pop(0), "log_level": 0})

    first = target.publish([message_of(image_event("a"))], 0.5)
    second = target.publish([message_of(image_event("a"))], 30)

    assert (list(first), second) == (["a-1"], {})


def test_one_that_is_too_large_for_the_client_fails_alone(bootstrap: str) -> None:
    large = image_event("large", detail="x" * int(PRODUCER["message.max.bytes"]))

    failed = topic(bootstrap).publish([message_of(large), message_of(image_event("small"))], 30)

    assert failed == {"large-1": "KafkaError.MSG_SIZE_TOO_LARGE"}
    assert [key for key, _, _ in read(bootstrap, 1)] == ["small"]


def test_librdkafka_drops_nothing_while_a_function_may_run() -> None:
    assert int(PRODUCER["delivery.timeout.ms"]) > 900_000
    assert (PRODUCER["enable.idempotence"], PRODUCER["acks"]) == (True, "all")
