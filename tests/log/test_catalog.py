"""The catalog on a real log: killed, stopped, late, and on a topic that was made anew."""

import contextlib
import json
import signal
import sqlite3
import subprocess
from functools import partial
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from darkroom.event_log.broker import Broker, kafka_broker
from darkroom.event_log.installation import Installation
from darkroom.event_log.topic import create_topic
from support.command.polling import eventually
from support.events.event_log import Log
from support.events.histories import history, newest
from support.events.outcome_events import event
from support.events.reader_programs import PROJECT, command, run, run_killed

# The process ends between the row of the 700th record and its place: neither may count.
KILLED_BETWEEN_ROW_AND_PLACE = """
from consumers import offsets
noted, note = 0, offsets.note
def noting(database, record):
    global noted
    noted += 1
    if noted == 700:
        os.kill(os.getpid(), signal.SIGKILL)
    note(database, record)
offsets.note = noting
"""

# The rows and their place are on the disk, and the brokers do not know yet.
KILLED_BEFORE_COMMIT = """
from consumers.topic import Topic
Topic.commit = lambda self, offsets: os.kill(os.getpid(), signal.SIGKILL)
"""


def rows(path: Path) -> list[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(path)) as database:
        return database.execute("SELECT * FROM images ORDER BY key").fetchall()


def outcomes(path: Path) -> dict[str, str]:
    with contextlib.closing(sqlite3.connect(path, timeout=30)) as database:
        return dict(database.execute("SELECT key, outcome FROM images").fetchall())


def follow(log: Log, path: Path) -> None:
    finished = run(command(log, "catalog", "--catalog", str(path)))
    assert (finished.returncode, finished.stderr) == (0, "")


def test_it_has_each_key_s_newest_outcome_though_some_were_announced_again(log: Log, tmp_path: Path) -> None:
    events = history(keys=200, outcomes=2_000)
    log.write(events)

    follow(log, tmp_path / "catalog")

    assert outcomes(tmp_path / "catalog") == newest(events)


@pytest.mark.parametrize("patch", [KILLED_BETWEEN_ROW_AND_PLACE, KILLED_BEFORE_COMMIT], ids=["rows", "commit"])
def test_killed_between_its_rows_and_its_offsets_it_goes_on_as_if_it_had_not_been(
    log: Log, tmp_path: Path, patch: str
) -> None:
    log.write(history(keys=200, outcomes=2_000))

    killed = run_killed(log, tmp_path / "killed", "--catalog", "catalog", patch)
    follow(log, tmp_path / "killed")
    follow(log, tmp_path / "whole")

    assert killed == -signal.SIGKILL
    assert rows(tmp_path / "killed") == rows(tmp_path / "whole")


def test_killed_again_and_again_at_whatever_it_does_it_has_all_in_the_end(log: Log, tmp_path: Path) -> None:
    events = history(keys=500, outcomes=6_000)
    for start in range(0, len(events), 1_000):
        log.write(events[start : start + 1_000])
        before = read_by(tmp_path / "killed")
        arguments = command(log, "catalog", "--catalog", str(tmp_path / "killed"), once=False)
        with subprocess.Popen(arguments, cwd=PROJECT) as reader:
            eventually(partial(has_read_more, tmp_path / "killed", before), every=0.001)
            reader.kill()

    follow(log, tmp_path / "killed")
    follow(log, tmp_path / "whole")

    assert rows(tmp_path / "killed") == rows(tmp_path / "whole")
    assert outcomes(tmp_path / "killed") == newest(events)


def read_by(path: Path) -> int:
    """How many records a catalog has read."""
    with contextlib.closing(sqlite3.connect(path, timeout=30)) as database:
        try:
            return int(database.execute("SELECT TOTAL(next) FROM places").fetchone()[0])
        except sqlite3.OperationalError:  # its tables are not made yet
            return 0


def has_read_more(path: Path, before: int) -> bool:
    return read_by(path) > before


def test_one_that_starts_last_equals_one_that_started_first(log: Log, tmp_path: Path) -> None:
    events = history(keys=100, outcomes=1_000)
    for start in range(0, len(events), 300):
        log.write(events[start : start + 300])
        follow(log, tmp_path / "first")

    follow(log, tmp_path / "last")

    assert rows(tmp_path / "last") == rows(tmp_path / "first")


def test_one_that_was_stopped_holds_up_no_other_and_catches_up(log: Log, tmp_path: Path) -> None:
    events = history(keys=100, outcomes=1_000)
    log.write(events[:300])
    for name in ("stopped", "other"):
        follow(log, tmp_path / name)
    log.write(events[300:])
    follow(log, tmp_path / "other")
    meanwhile = (outcomes(tmp_path / "other"), outcomes(tmp_path / "stopped"))
    follow(log, tmp_path / "stopped")

    assert meanwhile == (newest(events), newest(events[:300]))
    assert rows(tmp_path / "stopped") == rows(tmp_path / "other")


def test_a_topic_that_was_made_anew_is_read_from_its_beginning_and_rows_stay(log: Log, tmp_path: Path) -> None:
    log.write([event(f"old-{number}.jpg") for number in range(10)])
    follow(log, tmp_path / "catalog")
    admin = AdminClient({"bootstrap.servers": log.bootstrap})
    admin.delete_topics([log.topic])[log.topic].result()
    create_topic({"bootstrap.servers": log.bootstrap}, log.topic, partitions=3)
    log.write([event(f"new-{number}.jpg") for number in range(100)])

    follow(log, tmp_path / "catalog")

    assert len(outcomes(tmp_path / "catalog")) == 110


def test_it_waits_for_a_broker_that_was_killed_and_goes_on(kafka: Installation, tmp_path: Path) -> None:
    events = history(keys=50, outcomes=500)
    with kafka_broker(kafka, log=tmp_path / "kafka.log", data=tmp_path / "data") as broker:
        log = Log(bootstrap=broker.bootstrap, topic="images")
        create_topic({"bootstrap.servers": log.bootstrap}, log.topic)
        log.write(events[:250])
        arguments = command(log, "catalog", "--catalog", str(tmp_path / "catalog"), once=False)
        with subprocess.Popen(arguments, cwd=PROJECT) as reader:
            wait_for(tmp_path / "catalog", newest(events[:250]))
            broker.kill()
            with kafka_broker(kafka, log=tmp_path / "kafka.log", data=tmp_path / "data", port=broker.port):
                log.write(events[250:])
                wait_for(tmp_path / "catalog", newest(events))
                reader.send_signal(signal.SIGTERM)
                status = reader.wait(60)

    assert status == 0


def wait_for(path: Path, expected: dict[str, str]) -> None:
    """Wait until the catalog says what is expected."""

    def says_so() -> bool:
        try:
            return outcomes(path) == expected
        except sqlite3.OperationalError:  # its tables are not made yet
            return False

    eventually(says_so)


def test_its_search_and_its_faults_are_answered(log: Log, broker: Broker, tmp_path: Path) -> None:
    log.write([event("blue.jpg"), event("bad.jpg", outcome="rejected", reason="corrupt")])
    follow(log, tmp_path / "catalog")
    unknown = Log(bootstrap=broker.bootstrap, topic="nowhere")

    program = command(log, "catalog", "--catalog", str(tmp_path / "catalog"))[:5]
    found = run([*program, "search", "--reason", "corrupt", "--json"])
    failed = run(command(unknown, "catalog", "--catalog", str(tmp_path / "other")))

    assert json.loads(found.stdout)["key"] == "bad.jpg"
    assert (failed.returncode, failed.stderr.splitlines()[-1]) == (
        2,
        "catalog: The topic 'nowhere' cannot be read: Broker: Unknown topic or partition",
    )
