"""The newest outcomes of a log, and those that come, read as nobody's group."""

from collections.abc import Iterator

import pytest
from confluent_kafka import Producer

from darkroom.event_log import client
from darkroom.event_log.client import LogError
from darkroom.event_log.local import LogKind, local_log
from darkroom.event_log.outcomes import LoggedOutcome, OutcomeReader
from support.events.event_log import Log
from support.events.outcome_events import event


@pytest.fixture
def log() -> Iterator[Log]:
    with local_log(LogKind.MEMORY, lambda _step: None) as running:
        yield Log(bootstrap=running.bootstrap, topic=running.topic)


@pytest.fixture
def reader(log: Log) -> Iterator[OutcomeReader]:
    made = OutcomeReader({"bootstrap.servers": log.bootstrap}, log.topic, newest=2)
    yield made
    made.close()


def next_outcomes(reader: OutcomeReader) -> tuple[LoggedOutcome, ...]:
    """Wait until there are some."""
    while not (found := reader.poll()):
        pass
    return found


def test_so_many_of_the_newest_are_told_first_and_then_what_comes(log: Log, reader: OutcomeReader) -> None:
    log.write(event(revision=number) for number in (1, 2, 3))

    first = next_outcomes(reader)
    log.write([event(revision=4, outcome="rejected", reason="corrupt", time="2026-11-26T09:00:00Z")])
    then = next_outcomes(reader)

    assert [(outcome.revision, outcome.offset) for outcome in first] == [(2, 1), (3, 2)]
    assert then == (
        LoggedOutcome(
            partition=first[0].partition,
            offset=3,
            time="2026-11-26T09:00:00Z",
            outcome="rejected",
            key="cat.jpg",
            revision=4,
            reason="corrupt",
        ),
    )


def test_what_is_no_event_is_left_out(log: Log, reader: OutcomeReader) -> None:
    producer = Producer({"bootstrap.servers": log.bootstrap, "log_level": 0})
    for value in (b"\xff", b"[]", b"", None):
        producer.produce(log.topic, value, b"cat.jpg", partition=0)
    producer.flush(30)
    log.write([event("a.jpg")])

    assert [outcome.key for outcome in next_outcomes(reader)] == ["a.jpg"]


def test_brokers_that_do_not_answer_are_an_error_and_asked_again_by_the_next_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client, "_ANSWER_SECONDS", 0.2)
    reader = OutcomeReader({"bootstrap.servers": "127.0.0.1:1"}, newest=2)

    for _ in range(2):
        with pytest.raises(LogError, match="Finding the topic failed"):
            reader.poll()
