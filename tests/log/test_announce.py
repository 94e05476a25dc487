"""The announce function on a real broker: killed, without a broker, with a record too large; and what readers have.

The queue is played here: what failed is delivered again before anything later of its group, as SQS FIFO does.
"""

import contextlib
import signal
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import pytest

from announce.consumer import Consumer
from announce.kafka import KafkaTopic
from contract.image_event import ImageEvent
from darkroom.event_log.broker import kafka_broker
from darkroom.event_log.installation import Installation
from darkroom.event_log.topic import create_topic
from support.command.polling import eventually
from support.events.announce_program import announcing, done_of, event_at
from support.events.announcements import consumer_of, handle, image_event, noise
from support.events.event_log import Log, first_occurrences, set_topic
from support.events.reader_programs import PROJECT, catalog_rows, command, follow

EVENTS, KEYS = 100_000, 20_000


def consumer(log: Log) -> Consumer:
    return consumer_of(KafkaTopic(log.topic, lambda: {"bootstrap.servers": log.bootstrap, "log_level": 0}))


def rows(path: Path) -> list[tuple[object, ...]]:
    return [tuple(row) for row in catalog_rows(path)]


def announce_all(consumer: Consumer, events: list[ImageEvent], *, tries: int = 20) -> None:
    """Deliver a batch, and again what failed of it, until all of it is announced."""
    left = events
    for _ in range(tries):
        failed = set(handle(consumer, left))
        left = [event for event in left if f"{event.key}-{event.revision}" in failed]
        if not left:
            return
    raise AssertionError(f"not announced: {left}")


@pytest.mark.timeout(480)
def test_announce_killed_three_times_loses_doubles_and_inverts_nothing_for_readers(
    make_log: Any, tmp_path: Path
) -> None:
    """100,000 events; the readers are catalogs: one from the start, one stopped for half the run, one that is last."""
    log = make_log(6)
    first, stopped = (
        command(log, "catalog", "--catalog", str(tmp_path / name), once=False) for name in ("first", "half")
    )
    with subprocess.Popen(first, cwd=PROJECT) as always:
        with subprocess.Popen(stopped, cwd=PROJECT) as reader:
            done = announce_until(log, 0, EVENTS // 8)
            done = announce_until(log, done, EVENTS // 4)
            reader.send_signal(signal.SIGTERM)
        done = announce_until(log, done, 3 * EVENTS // 4)
        with subprocess.Popen(stopped, cwd=PROJECT) as reader:
            done = announce_until(log, done, EVENTS)
            eventually(lambda: same(tmp_path, "first", "half") and is_whole(tmp_path / "half"), seconds=120)
            for each in (reader, always):
                each.send_signal(signal.SIGTERM)
    follow(log, "catalog", tmp_path / "last")

    written = log.read()
    assert done == EVENTS
    assert len({each["id"] for each in written}) == EVENTS
    assert set(map(tuple, first_occurrences(written).values())) == {tuple(range(1, EVENTS // KEYS + 1))}
    assert rows(tmp_path / "last") == rows(tmp_path / "first") == rows(tmp_path / "half")
    assert len(rows(tmp_path / "last")) == KEYS


def announce_until(log: Log, first: int, end: int) -> int:
    """Announce from `first` on, and kill the function when it has done as much, unless that was all."""
    with announcing(log, first, EVENTS, KEYS) as process:
        assert process.stdout is not None
        for line in process.stdout:
            done = done_of(line)
            if done is not None and done >= end:
                return done
    raise AssertionError(f"ended with {process.returncode} before {end}")


def is_whole(path: Path) -> bool:
    """Tell whether a catalog has the last event of the last key."""
    last = event_at(EVENTS - 1, KEYS)
    with contextlib.closing(sqlite3.connect(path, timeout=60)) as database:
        found = database.execute("SELECT sequence FROM images WHERE key = ?", (last.key,)).fetchone()
    return found is not None and str(found[0]).endswith(f"{last.revision:020}")


def same(folder: Path, one: str, other: str) -> bool:
    return rows(folder / one) == rows(folder / other)


def test_a_broker_that_is_gone_for_longer_than_announce_may_run_loses_and_doubles_nothing(
    kafka: Installation, tmp_path: Path
) -> None:
    events = [image_event(key, revision) for revision in (1, 2, 3) for key in ("a", "b", "c")]
    with kafka_broker(kafka, log=tmp_path / "kafka.log", data=tmp_path / "data") as broker:
        log = Log(bootstrap=broker.bootstrap, topic="images")
        create_topic({"bootstrap.servers": log.bootstrap}, log.topic)
        announce = consumer(log)
        announce_all(announce, events[:3])
        broker.kill()
        failed = [handle(announce, events[3:], seconds=5) for _ in range(3)]
    with kafka_broker(kafka, log=tmp_path / "kafka.log", data=tmp_path / "data", port=broker.port):
        announce_all(announce, events[3:])
        written = log.read()

    assert failed == [[f"{event.key}-{event.revision}" for event in events[3:]]] * 3
    assert len(written) == len(events)
    assert first_occurrences(written) == {key: [1, 2, 3] for key in ("a", "b", "c")}


def test_a_broker_that_is_killed_while_announce_runs_gets_all_in_order(kafka: Installation, tmp_path: Path) -> None:
    events = [image_event(f"{key}", revision) for revision in range(1, 101) for key in range(10)]
    with kafka_broker(kafka, log=tmp_path / "kafka.log", data=tmp_path / "data") as broker:
        log = Log(bootstrap=broker.bootstrap, topic="images")
        create_topic({"bootstrap.servers": log.bootstrap}, log.topic)
        announce = consumer(log)
        for start in range(0, 500, 10):
            announce_all(announce, events[start : start + 10])
        broker.kill()
        handle(announce, events[500:510], seconds=4)
    with kafka_broker(kafka, log=tmp_path / "kafka.log", data=tmp_path / "data", port=broker.port):
        for start in range(500, 1_000, 10):
            announce_all(announce, events[start : start + 10])
        written = log.read()

    assert first_occurrences(written) == {f"{key}": list(range(1, 101)) for key in range(10)}


def test_a_record_too_large_holds_up_its_own_group_alone_and_redriven_late_it_changes_nothing(
    log: Log, tmp_path: Path
) -> None:
    set_topic(log, "max.message.bytes", "20000")
    large, later = image_event("a", 1, detail=noise(100_000)), image_event("a", 2)
    others = [image_event(f"b{number}", 1) for number in range(8)]  # on their way at once, some in its partition
    announce = consumer(log)

    failed = handle(announce, [large, later, *others])
    before = sorted(each["subject"] for each in log.read())
    announce_all(announce, [later])  # SQS has moved the large one to the dead-letter queue
    set_topic(log, "max.message.bytes", "1048588")
    announce_all(announce, [large])  # and someone has redriven it
    follow(log, "catalog", tmp_path / "catalog")

    assert failed == ["a-1", "a-2"]
    assert before == [event.key for event in others]
    assert len(log.read()) == 2 + len(others)
    assert [str(row[1])[-1] for row in rows(tmp_path / "catalog") if row[0] == "a"] == ["2"]


def test_a_broker_that_comes_back_with_an_empty_disk_is_announced_to_again(kafka: Installation, tmp_path: Path) -> None:
    """What the disk had is gone; what is announced from then on is not, though the producer knew the old log."""
    with kafka_broker(kafka, log=tmp_path / "kafka.log", data=tmp_path / "data") as broker:
        log = Log(bootstrap=broker.bootstrap, topic="images")
        create_topic({"bootstrap.servers": log.bootstrap}, log.topic)
        announce = consumer(log)
        announce_all(announce, [image_event("a", 1), image_event("b", 1)])
        follow(log, "catalog", tmp_path / "catalog")
    with kafka_broker(kafka, log=tmp_path / "kafka.log", data=tmp_path / "empty", port=broker.port):
        without_topic = handle(announce, [image_event("a", 2)], seconds=5)
        create_topic({"bootstrap.servers": log.bootstrap}, log.topic)
        announce_all(announce, [image_event("a", 2)])
        follow(log, "catalog", tmp_path / "catalog")
        written = log.read()

    assert without_topic == ["a-2"]
    assert first_occurrences(written) == {"a": [2]}
    assert [(row[0], str(row[1])[-1]) for row in rows(tmp_path / "catalog")] == [("a", "2"), ("b", "1")]


def test_an_event_that_is_announced_again_after_a_day_changes_nothing(log: Log, tmp_path: Path) -> None:
    """SQS drops a repetition for five minutes only."""
    announce = consumer(log)
    announce_all(
        announce, [image_event("a", 1), image_event("a", 2, outcome="removed", sequencer="0055AED6DCD90281E6")]
    )
    follow(log, "catalog", tmp_path / "catalog")
    before = rows(tmp_path / "catalog")
    announce_all(announce, [image_event("a", 1)])
    follow(log, "catalog", tmp_path / "catalog")

    assert len(log.read()) == 3
    assert rows(tmp_path / "catalog") == before
