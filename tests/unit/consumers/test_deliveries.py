"""What is to be delivered is delivered once or more, in each key's order, or becomes a dead letter; nothing is lost."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from consumers import offsets
from consumers.deliveries import SCHEDULE, apply, count, deliver, open_queue, redrive
from consumers.endpoint import Endpoint, GoneError
from consumers.event import Record
from support.events.outcome_events import event, records
from support.events.webhook_receiver import Callback, Receiver, endpoint, receiver


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    opened = open_queue(tmp_path / "webhook.sqlite3")
    yield opened
    opened.close()


@pytest.fixture
def other() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


class Clock:
    """A time that a test moves."""

    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def subject(callback: Callback) -> str:
    return str(json.loads(callback.body)["subject"])


def deliver_all(database: sqlite3.Connection, to: Endpoint, clock: Clock) -> None:
    while deliver(database, to, clock):
        pass


def dead(database: sqlite3.Connection) -> list[tuple[str, str]]:
    return [(row["key"], row["reason"]) for row in database.execute("SELECT * FROM dead ORDER BY number")]


def test_each_event_is_delivered_as_it_came(database: sqlite3.Connection, other: Receiver) -> None:
    apply(database, records(event("a"), event("b")))
    deliver_all(database, endpoint(other.url), Clock())

    assert sorted(json.loads(each.body)["subject"] for each in other.callbacks) == ["a", "b"]
    assert sorted(other.ids) == sorted([event("a")["id"], event("b")["id"]])
    assert count(database) == 0


def test_an_event_that_is_announced_again_is_not_delivered_again(database: sqlite3.Connection, other: Receiver) -> None:
    apply(database, records(event("a"), event("a")))
    deliver_all(database, endpoint(other.url), Clock())
    apply(database, records(event("a"), start=2))
    deliver_all(database, endpoint(other.url), Clock())

    assert len(other.callbacks) == 1
    assert offsets.read(database)[0] == {0: 3}


def test_a_key_s_events_wait_for_the_first_of_them_and_others_do_not(
    database: sqlite3.Connection, other: Receiver
) -> None:
    other.answer = lambda callback: 500 if subject(callback) == "a" else 204
    clock = Clock()
    apply(database, records(event("a"), event("a", revision=2), event("b")))
    deliver_all(database, endpoint(other.url), clock)
    during = [subject(callback) for callback in other.callbacks]
    other.answer = lambda _callback: 204
    clock.now += SCHEDULE[0] * 2
    deliver_all(database, endpoint(other.url), clock)

    assert sorted(during) == ["a", "b"]
    assert [json.loads(callback.body)["sequence"][-1] for callback in other.callbacks[2:]] == ["1", "2"]
    assert count(database) == 0


def test_a_callback_is_tried_again_ever_later_and_then_is_a_dead_letter(
    database: sqlite3.Connection, other: Receiver
) -> None:
    other.answer = lambda _callback: 500
    clock = Clock()
    apply(database, records(event("a")))
    waits = []
    while deliver(database, endpoint(other.url), clock):
        due = database.execute("SELECT due FROM pending").fetchone()
        if due:
            waits.append(due["due"] - clock.now)
            clock.now = due["due"]

    assert len(other.callbacks) == len(SCHEDULE) + 1
    assert all(least <= wait <= least * 1.2 for least, wait in zip(SCHEDULE, waits, strict=True))
    assert dead(database) == [("a", "It answered with status 500.")]
    assert len(set(other.ids)) == 1


def test_a_receiver_that_asks_for_time_is_given_it(database: sqlite3.Connection, other: Receiver) -> None:
    other.answer, other.headers = lambda _callback: 503, {"Retry-After": "3600"}
    clock = Clock()
    apply(database, records(event("a")))
    deliver(database, endpoint(other.url), clock)

    clock.now += 3_599
    assert deliver(database, endpoint(other.url), clock) == 0
    clock.now += 1 + SCHEDULE[0] * 2
    assert deliver(database, endpoint(other.url), clock) == 1


def test_dead_letters_are_delivered_again_when_asked(database: sqlite3.Connection, other: Receiver) -> None:
    apply(database, records(event("a"), event("b")))
    with database:
        database.execute("INSERT INTO dead SELECT number, id, key, body, 'status 500' FROM pending")
        database.execute("DELETE FROM pending")
    redriven = redrive(database)
    deliver_all(database, endpoint(other.url), Clock())

    assert (redriven, len(other.callbacks), dead(database)) == (2, 2, [])


def test_a_receiver_that_is_gone_costs_nothing_that_waits(database: sqlite3.Connection, other: Receiver) -> None:
    other.answer = lambda _callback: 410
    apply(database, records(event("a"), event("b")))
    with pytest.raises(GoneError):
        deliver(database, endpoint(other.url), Clock())

    assert count(database) == 2


def test_events_and_place_are_written_together_or_not_at_all(
    database: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_database: sqlite3.Connection, _record: Record) -> None:
        raise RuntimeError

    monkeypatch.setattr(offsets, "note", fail)
    with pytest.raises(RuntimeError):
        apply(database, records(event("a")))
    monkeypatch.undo()
    apply(database, records(event("a")))

    assert count(database) == 1


def test_what_is_no_event_is_passed_over(database: sqlite3.Connection) -> None:
    apply(database, [Record(partition=0, offset=0, value=b"?"), Record(partition=0, offset=1, value=None)])

    assert (count(database), offsets.read(database)[0]) == (0, {0: 2})
