"""The webhook on a real log: killed between the callback and its note, stopped, and with a receiver that fails."""

import signal
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from consumers.event import Event
from support.events.event_log import Log
from support.events.histories import history, newest
from support.events.reader_programs import command, run, run_killed
from support.events.webhook_receiver import KEY, Receiver, receiver, secret

# A callback was taken, and the process ends before it has noted so.
KILLED_BEFORE_NOTE = """
from consumers import deliveries
noted, note = 0, deliveries._note
def noting(*arguments):
    global noted
    noted += 1
    if noted == 30:
        os.kill(os.getpid(), signal.SIGKILL)
    note(*arguments)
deliveries._note = noting
"""


@pytest.fixture
def other() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


def environment(other: Receiver) -> dict[str, str]:
    return {"WEBHOOK_URL": other.url, "WEBHOOK_SECRETS": secret(KEY)}


def follow(log: Log, path: Path, other: Receiver) -> None:
    arguments = [*command(log, "webhook", "--queue", str(path)), "--allow-private"]
    finished = run(arguments, **environment(other))
    assert (finished.returncode, finished.stderr) == (0, "")


def sequences(other: Receiver) -> dict[str, list[str]]:
    """What each key's callbacks were about, in the order in which they came, each named once."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for callback in other.callbacks:
        event = Event.from_json(callback.body)
        found[event.key][event.sequence] = None
    return {key: list(each) for key, each in found.items()}


def test_every_outcome_is_called_back_about_once_and_in_its_key_s_order(
    log: Log, tmp_path: Path, other: Receiver
) -> None:
    events = history(keys=50, outcomes=300)
    log.write(events)

    follow(log, tmp_path / "queue", other)

    assert sorted(other.ids) == sorted({each["id"] for each in events})
    assert all(each == sorted(each) for each in sequences(other).values())


def test_killed_between_a_callback_and_its_note_it_calls_again_under_the_same_id(
    log: Log, tmp_path: Path, other: Receiver
) -> None:
    events = history(keys=50, outcomes=300)
    log.write(events)

    patch = f"sys.argv.append('--allow-private')\n{KILLED_BEFORE_NOTE}"
    killed = run_killed(log, tmp_path / "queue", "--queue", "webhook", patch, **environment(other))
    follow(log, tmp_path / "queue", other)

    assert killed == -signal.SIGKILL
    assert set(other.ids) == {each["id"] for each in events}
    assert 0 < len(other.ids) - len(set(other.ids)) <= 4
    assert all(each == sorted(each) for each in sequences(other).values())


def test_a_receiver_that_fails_holds_up_no_other_reader_and_is_called_when_it_is_well(
    log: Log, tmp_path: Path, other: Receiver
) -> None:
    events = history(keys=20, outcomes=100)
    log.write(events)
    other.answer = lambda _callback: 500

    follow(log, tmp_path / "queue", other)
    catalog = run(command(log, "catalog", "--catalog", str(tmp_path / "catalog")))
    other.answer = lambda _callback: 204
    other.callbacks.clear()
    with sqlite3.connect(tmp_path / "queue") as database:
        database.execute("UPDATE pending SET due = 0")
    database.close()
    follow(log, tmp_path / "queue", other)

    assert catalog.returncode == 0
    assert sorted(other.ids) == sorted({each["id"] for each in events})
    assert {key: each[-1] for key, each in sequences(other).items()}.keys() == newest(events).keys()


def test_a_receiver_that_is_gone_ends_it_and_what_waits_stays(log: Log, tmp_path: Path, other: Receiver) -> None:
    log.write(history(keys=5, outcomes=5, again=0))
    other.answer = lambda _callback: 410

    arguments = [*command(log, "webhook", "--queue", str(tmp_path / "queue")), "--allow-private"]
    ended = run(arguments, **environment(other))
    other.answer = lambda _callback: 204
    follow(log, tmp_path / "queue", other)

    assert (ended.returncode, ended.stderr.startswith("webhook: The receiver answered 410")) == (2, True)
    assert len(set(other.ids)) == 5
