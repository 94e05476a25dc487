"""The log of `darkroom up --log memory`: a mock that any client can write to and read from, as long as it is up."""

import pytest

from darkroom.errors import DarkroomError
from darkroom.event_log import client
from darkroom.event_log.local import LogKind, local_log
from support.events.event_log import Log
from support.events.outcome_events import event


def test_a_log_in_memory_is_written_and_read() -> None:
    steps: list[str] = []
    with local_log(LogKind.MEMORY, steps.append) as running:
        log = Log(bootstrap=running.bootstrap, topic=running.topic)
        log.write([event("a.jpg"), event("a.jpg", revision=2)])
        found = log.read()

    assert [(each["subject"], each["sequence"][-1]) for each in found] == [("a.jpg", "1"), ("a.jpg", "2")]
    assert (running.what, running.is_alive()) == ("a mock in memory", True)
    assert steps == ["Starting a log in memory"]


def test_without_the_client_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "find_spec", lambda _name: None)

    with (
        pytest.raises(DarkroomError, match=r"pip install --require-hashes -r /.*/requirements/kafka_client\.txt"),
        local_log(LogKind.MEMORY, print),
    ):
        pass
