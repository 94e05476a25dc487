"""What a person and what a program are told."""

import io
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from rich.text import Text

from contract.errors import Reason
from darkroom.cli.output.results import (
    TIMES,
    exit_status,
    failure_lines,
    print_skipped,
    print_table,
    result_json,
    summary,
    upload_json,
)
from darkroom.cli.progress import steps
from darkroom.uploads.local_files import LocalFile, Selection, Skipped
from darkroom.uploads.outcomes import Failure, ManifestFile, Result
from support.command.uploads import collected, failed, uploaded


def test_a_json_line_has_exactly_the_members_promised() -> None:
    line = result_json(collected(uploaded("photo.jpg"), out=Path("out")))

    assert "\n" not in line
    assert json.loads(line) == {
        "file": "album/photo.jpg",
        "key": "photo.jpg",
        "outcome": "resized",
        "reason": None,
        "detail": None,
        "variants": {
            "large": {"file": "out/large/photo.jpg.webp", "width": 1600, "height": 1200, "bytes": 100},
            "thumb": {"file": "out/thumb/photo.jpg.webp", "width": 320, "height": 240, "bytes": 100},
        },
        "ms": 250,
    }


def test_a_failure_has_the_same_members_with_what_is_known() -> None:
    assert json.loads(result_json(failed(uploaded("photo.jpg")))) == {
        "file": "album/photo.jpg",
        "key": "photo.jpg",
        "outcome": "failed",
        "reason": "dead_letter",
        "detail": None,
        "variants": {},
        "ms": None,
    }


def test_a_name_that_is_not_utf8_is_readable_in_json_that_every_reader_takes() -> None:
    name = os.fsdecode(b"caf\xe9\n.jpg")
    upload = uploaded("caf%E9\n.jpg", path=name)

    for line in (result_json(collected(upload, out=Path(os.fsdecode(b"o\xff")))), upload_json(upload)):
        found = json.loads(line)
        json.dumps(found, ensure_ascii=False).encode()  # a lone surrogate would be refused
        assert (found["file"], found["key"]) == ("caf\\xe9\n.jpg", "caf%E9\n.jpg")


def test_the_key_of_a_name_that_is_not_utf8_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    named = [LocalFile(Path(os.fsdecode(b"caf\xe9 %d.jpg" % number)), f"caf%E9 {number}.jpg") for number in range(22)]

    print_skipped(Selection((*named, LocalFile(Path("é.jpg"), "é.jpg"))))

    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "'caf\\xe9 0.jpg' is not UTF-8, as keys are: its key is 'caf%E9 0.jpg'"
    assert (len(lines), lines[-1]) == (21, "and 2 more such files; --json tells of each")


def test_the_table_says_of_each_rejected_file_what_was_found_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    row = collected(uploaded("cut.jpg"), reason=Reason.CORRUPT)
    assert row.result.manifest is not None
    manifest = replace(row.result.manifest, detail="12 rows are missing")
    found = replace(row, result=replace(row.result, recorded=ManifestFile(manifest=manifest, text=b"")))

    print_table([found] * 22)

    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("album/cut.jpg: ")]
    assert told == ["album/cut.jpg: corrupt: 12 rows are missing; upload it again, from the original"] * 20


def test_the_table_says_of_each_upload_how_it_ended_and_how_large_each_variant_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_table([collected(), collected(uploaded("notes.txt"), reason=Reason.UNKNOWN_FORMAT), failed(uploaded("x"))])

    header, *rows, why, last = capsys.readouterr().out.splitlines()
    assert header.split() == ["file", "outcome", "large", "thumb", "ms"]
    assert [row.split() for row in rows] == [
        ["album/photo.jpg", "resized", f"1600{TIMES}1200", "0.1", "kB", f"320{TIMES}240", "0.1", "kB", "250"],
        ["album/notes.txt", "rejected:", "unknown_format", "-", "-", "250"],
        ["album/x", "failed:", "dead_letter", "-", "-", "-"],
    ]
    assert why == "album/notes.txt: unknown_format; convert it to one of them"
    assert last == "1 resized, 1 rejected, 1 failed"


def test_on_a_narrow_terminal_nothing_of_the_table_is_cut_off(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "60")

    print_table([collected(), collected(uploaded("notes.txt"), reason=Reason.UNKNOWN_FORMAT)])

    lines = [Text.from_ansi(line).plain for line in capsys.readouterr().out.splitlines()]
    assert max(len(line) for line in lines) <= 60
    shown = " ".join(lines).split()
    assert {"album/photo.jpg", f"1600{TIMES}1200", f"320{TIMES}240", "rejected:", "unknown_format", "250"} <= set(shown)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("[red]x[/red].jpg", "[red]x[/red].jpg"),
        ("[link=x]y[/]:smile:.jpg", "[link=x]y[/]:smile:.jpg"),
        ("\x1b[2J\x07.jpg", "\\x1b[2J\\x07.jpg"),
        ("a\nb\r.jpg", "a\\nb\\r.jpg"),
        ("caf\udce9.jpg", "caf\\xe9.jpg"),
    ],
)
def test_a_name_is_shown_as_text_whatever_it_would_do(
    name: str, shown: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # as on a terminal, where names could do harm
    monkeypatch.setenv("COLUMNS", "200")

    print_table([collected(uploaded("k", path=name))])

    assert shown in capsys.readouterr().out


def test_the_summary_counts_each_outcome_once() -> None:
    assert summary([row.result for row in (collected(), failed(), collected())]) == "2 resized, 1 failed"


def test_outcomes_are_counted_in_one_order_whatever_came_first() -> None:
    rows = [failed(), collected(reason=Reason.EMPTY), collected()]

    assert summary([row.result for row in rows]) == summary([row.result for row in reversed(rows)])
    assert summary([row.result for row in rows]) == "1 resized, 1 rejected, 1 failed"


def test_no_progress_is_written_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    with steps(shown=False) as progress:
        assert list(progress.follow("Uploading", 3, range(3))) == [0, 1, 2]

    assert capsys.readouterr() == ("", "")


def test_progress_never_goes_to_standard_output(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr("sys.stdin", io.StringIO())

    with steps(shown=True) as progress:
        for number in progress.follow("Resizing [b]", 3, range(3)):
            print(number)  # noqa: T201 - as the command prints its lines

    captured = capsys.readouterr()
    assert captured.out == "0\n1\n2\n"
    assert "Resizing [b]" in captured.err


def test_a_json_line_of_what_was_rejected_says_what_the_pipeline_recorded() -> None:
    rejected = collected(reason=Reason.CORRUPT)
    recorded = rejected.result.recorded
    assert recorded
    told = replace(recorded, manifest=replace(recorded.manifest, detail="cut off after 9 bytes"))

    line = result_json(replace(rejected, result=replace(rejected.result, recorded=told)))

    assert json.loads(line)["detail"] == "cut off after 9 bytes"


def test_what_is_skipped_is_listed_and_counted_and_fails_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    skipped = (Skipped(Path("a\x1b.jpg"), "is a link to nothing"), Skipped(Path("b"), "is neither a file nor a folder"))

    print_skipped(Selection((), skipped, (Path("out"),)))

    first, second, count, results = capsys.readouterr().err.splitlines()
    assert first.isprintable()
    assert first.endswith("is a link to nothing")
    assert second == "skipped: 'b' is neither a file nor a folder"
    assert (count, results) == ("2 skipped", "left out: 'out' is a result of an earlier run")
    assert exit_status([collected().result]) == 0
    assert exit_status([collected().result], skipped) == 1


def test_a_long_path_is_cut_in_its_middle_and_pads_no_other_row(capsys: pytest.CaptureFixture[str]) -> None:
    print_table([collected(), collected(uploaded("k", path=f"start/{'x' * 1000}/end.jpg"))])

    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) < 180
    assert "start/" in lines[2]
    assert "/end.jpg" in lines[2]


def test_what_is_only_late_is_not_said_to_be_in_the_log() -> None:
    late = Result(upload=uploaded(), failure=Failure.NO_OUTCOME)

    assert list(failure_lines([collected().result], Path("log"))) == []
    assert list(failure_lines([late], Path("log"))) == [
        "1 had no outcome within the time given. Wait for longer with --timeout."
    ]
    outside = Result(upload=uploaded(), failure=Failure.OUTSIDE_PREFIX)
    assert not outside.is_in_the_log
    assert [line.partition(":")[0] for line in failure_lines([outside], Path("log"))] == [
        "1 have keys that are not resized"
    ]
    assert list(failure_lines([failed().result], Path("log"))) == ["1 failed. The function's log says why: log"]
