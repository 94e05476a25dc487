"""A reader of a topic waits for brokers that are away."""

import pytest

from consumers import topic as topic_module
from consumers.topic import Topic
from darkroom.event_log.local import LogKind, local_log


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
