"""The audit's file proves that nothing was removed, changed or added, and that no outcome of a key is missing."""

import json
from pathlib import Path
from typing import Any

import pytest

from consumers import audit as program
from consumers.audit import main
from consumers.chain import Audit, append, audit_file, open_audit
from consumers.event import Record
from support.events.outcome_events import SEQUENCER, event, invocation, records

LATER = "0055AED6DCD90281F0"


def write(path: Path, *events: dict[str, Any], start: int = 0) -> None:
    with open_audit(path) as file:
        append(file, audit_file(file), records(*events, start=start))


def findings(path: Path) -> list[str]:
    with open_audit(path) as file:
        return audit_file(file).findings


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of five outcomes of two keys."""
    made = tmp_path / "audit.jsonl"
    write(made, event("a", revision=1), event("b", revision=1), event("a", revision=2), event("b", revision=2))
    write(made, event("a", revision=3), start=4)
    return made


def change(path: Path, line: int, to: bytes | None) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    lines[line : line + 1] = [] if to is None else [to]
    path.write_bytes(b"".join(lines))


def test_a_file_that_nobody_touched_is_whole(path: Path) -> None:
    assert findings(path) == []
    assert len(path.read_bytes().splitlines()) == 5


def test_each_line_holds_the_event_as_it_came(path: Path) -> None:
    lines = [json.loads(line) for line in path.read_text().splitlines()]

    assert [json.loads(line["value"])["subject"] for line in lines] == ["a", "b", "a", "b", "a"]
    assert [line["offset"] for line in lines] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("line", [0, 2, 3])
def test_a_removed_line_is_found(path: Path, line: int) -> None:
    change(path, line, None)

    assert f"line {line + 1} does not follow the line before" in "\n".join(findings(path))
    assert f"has offset {line + 1} of partition 0, where {line} is next" in "\n".join(findings(path))


def test_a_changed_line_is_found(path: Path) -> None:
    entry = json.loads(path.read_bytes().splitlines()[2])
    entry["value"] = entry["value"].replace("resized", "removed")
    change(path, 2, json.dumps(entry).encode() + b"\n")

    assert findings(path)[0] == "line 3 was changed: its hash is another"


def test_lines_in_another_order_are_found(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[1], lines[0], *lines[2:]]))

    assert "line 1 does not follow the line before: one was removed, added or changed" in findings(path)


@pytest.mark.parametrize("text", [b"{}\n", b"[]\n", b"\xff\n", b"\n", b'{"partition": "x", "offset": 1, "value": 1}\n'])
def test_a_line_that_is_none_is_found(path: Path, text: bytes) -> None:
    change(path, 1, text)

    assert findings(path)[0] == "line 2 cannot be read"


def test_a_chain_that_was_written_anew_without_a_line_is_found_by_its_offsets_and_revisions(tmp_path: Path) -> None:
    forged = tmp_path / "forged"
    with open_audit(forged) as file:
        made = [*records(event("a", revision=1)), *records(event("a", revision=3), start=2)]
        append(file, Audit(), made)

    assert findings(forged) == [
        "line 2 has offset 2 of partition 0, where 1 is next",
        "line 2 has revision 3 of 'a', where 2 is next",
    ]


def test_a_cut_tail_is_found_by_what_the_brokers_were_told(path: Path) -> None:
    change(path, 4, None)
    with open_audit(path) as file:
        read = audit_file(file)
    read.compare({0: 5, 1: 0})

    assert read.findings == ["partition 0 ends before offset 4, and 5 was read: cut off"]


def test_an_outcome_that_was_never_announced_is_a_gap(tmp_path: Path) -> None:
    write(tmp_path / "audit", event("a", revision=1), event("a", revision=3))

    assert findings(tmp_path / "audit") == ["line 2 has revision 3 of 'a', where 2 is next"]


def test_events_that_come_again_or_late_leave_no_gap(tmp_path: Path) -> None:
    first, second = event("a", revision=1), event("a", revision=2)
    write(tmp_path / "audit", first, first, second, first, second)

    assert findings(tmp_path / "audit") == []


def test_revisions_begin_again_after_a_removal_and_only_then(tmp_path: Path) -> None:
    before = [event("a", revision=1), event("a", revision=2, outcome="removed"), event("b", revision=1)]
    after = [event("a", revision=1, sequencer=LATER), event("b", revision=1, sequencer=LATER)]
    write(tmp_path / "audit", *before, *after)

    assert findings(tmp_path / "audit") == ["line 5 has revision 1 of 'b', where 2 is next"]


def test_a_line_that_a_kill_left_half_written_is_written_again(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    write(path, event("a", revision=3), start=4)

    assert path.read_bytes() == whole


def test_what_a_kill_left_behind_the_last_whole_line_is_gone_however_long_it_is(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole + b"x" * 10_000)
    write(path, event("b", revision=3), start=5)

    assert findings(path) == []
    assert len(path.read_bytes()) < len(whole) + 10_000


def test_records_that_are_there_already_are_left_out(path: Path) -> None:
    before = path.read_bytes()
    write(path, event("b", revision=2), event("a", revision=3), start=3)

    assert path.read_bytes() == before


def test_a_topic_that_was_made_anew_begins_at_its_beginning(path: Path) -> None:
    with open_audit(path) as file:
        append(file, audit_file(file), records(event("c", revision=1)), topic="another")

    assert findings(path) == []


def test_bytes_that_are_no_text_are_kept(tmp_path: Path) -> None:
    with open_audit(tmp_path / "audit") as file:
        append(
            file,
            audit_file(file),
            [Record(partition=0, offset=0, value=b"\xff\xfe"), Record(partition=0, offset=1, value=None)],
        )

    values = [json.loads(line)["value"] for line in (tmp_path / "audit").read_text().splitlines()]
    assert [value and value.encode("utf-8", "surrogateescape") for value in values] == [b"\xff\xfe", None]
    assert findings(tmp_path / "audit") == []


def test_lambda_s_records_are_appended_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIT", str(tmp_path / "audit"))
    first, second = records(event("a", revision=1)), records(event("a", revision=2), start=1)

    program.handler(invocation(first), None)
    write(tmp_path / "audit", event("a", revision=2), start=1)  # another copy of the function was faster
    program.handler(invocation([*first, *second]), None)

    assert findings(tmp_path / "audit") == []
    assert len((tmp_path / "audit").read_bytes().splitlines()) == 2


def test_verify_says_what_it_found_and_ends_with_its_status(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = main(["--audit", str(path), "verify"])
    told = json.loads(capsys.readouterr().out)
    change(path, 1, None)
    bad = main(["--audit", str(path), "verify"])

    assert (good, told["lines"], told["keys"], told["findings"]) == (0, 5, 2, [])
    assert (bad, len(json.loads(capsys.readouterr().out)["findings"]) > 0) == (1, True)


def test_the_file_is_for_its_owner_alone(path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o600


def test_revisions_of_the_sequencer_s_own_digits_are_not_mixed_up(tmp_path: Path) -> None:
    write(tmp_path / "audit", event("a", revision=1, sequencer=SEQUENCER), event("a", revision=2, sequencer=LATER))

    assert findings(tmp_path / "audit") == []


def test_a_key_that_was_there_before_events_were_turned_on_begins_with_revision_0(tmp_path: Path) -> None:
    write(tmp_path / "audit", event("a", revision=0), event("a", revision=1), event("b", revision=1))
    write(tmp_path / "audit", event("b", revision=0, sequencer=LATER), start=3)

    assert findings(tmp_path / "audit") == ["line 4 has revision 0 of 'b', where 2 is next"]
