"""A reader of a topic waits for brokers that are away, and goes on where it was, or where it was set back to."""

import pytest

from consumers import topic as topic_module
from consumers.event import Record
from consumers.topic import Topic
from darkroom.event_log.local import LogKind, local_log
from support.events.event_log import Log
from support.events.outcome_events import event

pytestmark = pytest.mark.long


def test_a_reader_outlives_the_brokers_absence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topic_module, "_ANSWER_SECONDS", 1)
    with local_log(LogKind.MEMORY, lambda _step: None) as log:
        topic = Topic({"bootstrap.servers": log.bootstrap}, log.topic, "reader").start({}, None)
        while not topic.at_end:
            topic.poll(0.1)
    monkeypatch.setattr(topic_module, "_PARTITIONS_SECONDS", 0)

    with topic:
        found = topic.poll(0.1)
        topic.commit({0: 1})

    assert found == []


def test_a_group_that_was_set_back_is_read_again_from_there_and_one_that_lags_behind_its_file_no_further() -> None:
    with local_log(LogKind.MEMORY, lambda _step: None) as log:
        Log(bootstrap=log.bootstrap, topic=log.topic).write(event(revision=number) for number in range(3))
        with Topic({"bootstrap.servers": log.bootstrap}, log.topic, "reader").start({}, None) as topic:
            read = read_to_end(topic)
            (partition,) = {record.partition for record in read}
            topic.commit({partition: 1})
        with Topic({"bootstrap.servers": log.bootstrap}, log.topic, "reader").start({partition: 3}, None) as topic:
            again = read_to_end(topic)
            topic.commit({partition: 3})
        with Topic({"bootstrap.servers": log.bootstrap}, log.topic, "reader").start({partition: 2}, None) as topic:
            rest = read_to_end(topic)

    assert [[record.offset for record in each] for each in (read, again, rest)] == [[0, 1, 2], [1, 2], [2]]


def read_to_end(topic: Topic) -> list[Record]:
    """Read all that is there."""
    records: list[Record] = []
    while not topic.at_end:
        records += topic.poll(0.1)
    return records
