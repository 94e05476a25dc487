"""`darkroom events` on a real log: what is in it, who is behind, and a replay that is planned before it is done."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from confluent_kafka import Consumer

from support.command.program import darkroom
from support.events.event_log import Log
from support.events.outcome_events import event
from support.events.reader_programs import at

MakeLog = Callable[..., Log]

_ANSWER_SECONDS = 30


@contextmanager
def group_of(log: Log, name: str) -> Iterator[Consumer]:
    """A reader that Kafka assigns partitions to, as most readers are."""
    consumer = Consumer(
        {"bootstrap.servers": log.bootstrap, "group.id": name, "auto.offset.reset": "earliest", "log_level": 0}
    )
    consumer.subscribe([log.topic])
    try:
        yield consumer
    finally:
        consumer.close()


def read(consumer: Consumer, count: int) -> list[str]:
    """Read so many records and commit them; the key of each."""
    found: list[str] = []
    while len(found) < count:
        messages = consumer.consume(count - len(found), _ANSWER_SECONDS)
        assert messages
        found += [(message.key() or b"").decode() for message in messages if message.error() is None]
    consumer.commit(asynchronous=False)
    return found


def events(log: Log, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return darkroom("events", *arguments, *at(log), folder=folder)


def test_tail_prints_what_is_there_and_says_what_is_no_event(make_log: MakeLog, tmp_path: Path) -> None:
    log = make_log(partitions=1)
    log.write([event("a.jpg"), event("\x1bb.jpg", outcome="rejected", reason="corrupt"), {"subject": "x"}])

    plain = events(log, tmp_path, "tail", "--from", "beginning", "--once")
    lines = events(log, tmp_path, "tail", "--from", "beginning", "--once", "--json").stdout.splitlines()
    one = events(log, tmp_path, "tail", "--from", "beginning", "--once", "--json", "--key", "a.jpg").stdout.splitlines()
    none = events(log, tmp_path, "tail", "--once")

    assert (plain.returncode, plain.stderr, none.stdout) == (0, "", "")
    assert plain.stdout.splitlines() == [
        "2026-11-26T08:00:00.000Z  resized  jpeg  a.jpg  (0:0)",
        "2026-11-26T08:00:00.000Z  rejected  corrupt  \\x1bb.jpg  (0:1)",
        f"{'-':24}  no event: no CloudEvent with data  (0:2)",
    ]
    assert [json.loads(line)["offset"] for line in lines] == [0, 1, 2]
    assert [json.loads(line)["event"]["subject"] for line in one] == ["a.jpg"]


def test_tail_from_a_time_on_leaves_out_what_was_before(make_log: MakeLog, tmp_path: Path) -> None:
    log = make_log(partitions=1)
    log.write([event("before.jpg")])
    time.sleep(0.01)  # the broker's time has milliseconds
    between = datetime.now(UTC).isoformat()
    log.write([event("after.jpg")])

    found = events(log, tmp_path, "tail", "--from", between, "--once", "--json").stdout.splitlines()

    assert [json.loads(line)["event"]["subject"] for line in found] == ["after.jpg"]


def test_lag_says_how_far_behind_each_group_is(log: Log, tmp_path: Path) -> None:
    log.write([event(f"{number}.jpg") for number in range(10)])
    empty = events(log, tmp_path, "lag").stdout
    with group_of(log, f"search-{log.topic}") as consumer:
        read(consumer, 10)
    log.write([event(f"{number}.jpg") for number in range(4)])

    told = json.loads(events(log, tmp_path, "lag", "--json").stdout)

    assert empty == f"No group has read {log.topic} yet. Records in it: 10.\n"
    assert (told["group"], told["lag"], told["members"]) == (f"search-{log.topic}", 4, 0)
    assert sum(told["partitions"].values()) == 4


def test_a_replay_is_planned_and_then_done_and_what_came_since_is_read_again(log: Log, tmp_path: Path) -> None:
    name = f"search-{log.topic}"
    log.write([event(f"{number}.jpg") for number in range(10)])
    with group_of(log, name) as consumer:
        first = read(consumer, 10)

    planned = events(log, tmp_path, "replay", "--group", name, "--to", "beginning", "--dry-run", "--json")
    unchanged = json.loads(events(log, tmp_path, "lag", "--json").stdout)["lag"]
    done = events(log, tmp_path, "replay", "--group", name, "--to", "beginning", "--yes")
    with group_of(log, name) as consumer:
        second = read(consumer, 10)
    again = events(log, tmp_path, "replay", "--group", name, "--to", "end", "--yes").stdout

    assert (json.loads(planned.stdout)["again"], unchanged) == (10, 0)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "10 are read again, 0 passed over.")
    assert sorted(second) == sorted(first)
    assert again == f"{name} is there already.\n"


def test_a_group_that_is_reading_is_not_moved(log: Log, tmp_path: Path) -> None:
    name = f"search-{log.topic}"
    log.write([event("a.jpg")])
    with group_of(log, name) as consumer:
        read(consumer, 1)
        refused = events(log, tmp_path, "replay", "--group", name, "--to", "beginning", "--yes")

    assert (refused.returncode, refused.stderr) == (
        2,
        f"darkroom: The group '{name}' has active members: 1. Stop them first.\n",
    )


def test_without_a_yes_nothing_is_moved(log: Log, tmp_path: Path) -> None:
    log.write([event("a.jpg")])

    refused = events(log, tmp_path, "replay", "--group", f"new-{log.topic}", "--to", "end")
    groups = events(log, tmp_path, "lag", "--json").stdout

    assert (refused.returncode, "There is nobody to ask: give --yes." in refused.stderr) == (2, True)
    assert groups == ""


def test_a_topic_that_is_not_there_is_named(log: Log, tmp_path: Path) -> None:
    failed = darkroom("events", "lag", "--bootstrap", log.bootstrap, "--topic", "nowhere", folder=tmp_path)

    assert (failed.returncode, failed.stderr) == (
        3,
        "darkroom: The topic 'nowhere' cannot be read: Broker: Unknown topic or partition\n",
    )
