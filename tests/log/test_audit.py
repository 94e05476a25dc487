"""The audit on a real log: whole after a kill, and what was cut off is found by what the brokers were told."""

import signal
from pathlib import Path

import pytest

from support.events.event_log import Log
from support.events.histories import history
from support.events.outcome_events import event
from support.events.reader_programs import command, run, run_killed, verify_audit

# Half a line is on the disk: nothing of it counts.
KILLED_IN_A_LINE = """
from consumers import chain
def torn(descriptor):
    os.ftruncate(descriptor, os.fstat(descriptor).st_size - 100)
    os.kill(os.getpid(), signal.SIGKILL)
chain.os.fsync = torn
"""

KILLED_BEFORE_COMMIT = """
from consumers.topic import Topic
Topic.commit = lambda self, offsets: os.kill(os.getpid(), signal.SIGKILL)
"""


def follow(log: Log, path: Path) -> None:
    finished = run(command(log, "audit", "--audit", str(path)))
    assert (finished.returncode, finished.stderr) == (0, "")


def test_every_record_has_its_line_and_no_outcome_is_missing(log: Log, tmp_path: Path) -> None:
    events = history(keys=100, outcomes=1_000)
    log.write(events)

    follow(log, tmp_path / "audit")

    status, told = verify_audit(log, tmp_path / "audit")
    assert (status, told["lines"], told["findings"]) == (0, len(events), [])


@pytest.mark.parametrize("patch", [KILLED_IN_A_LINE, KILLED_BEFORE_COMMIT], ids=["line", "commit"])
def test_killed_while_it_writes_it_has_every_record_once_in_the_end(log: Log, tmp_path: Path, patch: str) -> None:
    events = history(keys=100, outcomes=1_000)
    log.write(events)

    killed = run_killed(log, tmp_path / "audit", "--audit", "audit", patch)
    follow(log, tmp_path / "audit")

    status, told = verify_audit(log, tmp_path / "audit")
    assert killed == -signal.SIGKILL
    assert (status, told["lines"], told["findings"]) == (0, len(events), [])


def test_an_event_that_was_never_announced_is_found(log: Log, tmp_path: Path) -> None:
    log.write([event("a", revision=1), event("a", revision=3)])
    follow(log, tmp_path / "audit")

    assert verify_audit(log, tmp_path / "audit")[1]["findings"] == ["line 2 has revision 3 of 'a', where 2 is next"]


def test_a_cut_tail_is_found_though_the_rest_is_whole(log: Log, tmp_path: Path) -> None:
    log.write(history(keys=20, outcomes=200))
    follow(log, tmp_path / "audit")
    lines = (tmp_path / "audit").read_bytes().splitlines(keepends=True)
    (tmp_path / "audit").write_bytes(b"".join(lines[:-3]))

    status, told = verify_audit(log, tmp_path / "audit")

    assert status == 1
    assert all(finding.endswith("cut off") for finding in told["findings"])
    assert told["findings"]
