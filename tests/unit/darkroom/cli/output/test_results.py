"""What a person and what a program are told."""

import io
import json
import os
from pathlib import Path

import pytest
from rich.text import Text

from contract.errors import Reason
from darkroom.cli.output.results import TIMES, print_table, result_json, summary
from darkroom.cli.progress import steps
from support.command.uploads import collected, failed, uploaded


def test_a_json_line_has_exactly_the_members_promised() -> None:
    line = result_json(collected(uploaded("photo.jpg"), out=Path("out")))

    assert "\n" not in line
    assert json.loads(line) == {
        "file": "album/photo.jpg",
        "key": "photo.jpg",
        "outcome": "resized",
        "reason": None,
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
        "variants": {},
        "ms": None,
    }


def test_a_json_line_gives_back_the_very_name_of_a_file_that_is_not_utf8() -> None:
    name = os.fsdecode(b"caf\xe9\n.jpg")

    line = result_json(collected(uploaded("caf%E9\n.jpg", path=name)))

    assert line.isascii()
    assert os.fsencode(json.loads(line)["file"]) == b"caf\xe9\n.jpg"


def test_the_table_says_of_each_upload_how_it_ended_and_how_large_each_variant_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_table([collected(), collected(uploaded("notes.txt"), reason=Reason.UNKNOWN_FORMAT), failed(uploaded("x"))])

    header, *rows, last = capsys.readouterr().out.splitlines()
    assert header.split() == ["file", "outcome", "large", "thumb", "ms"]
    assert [row.split() for row in rows] == [
        ["album/photo.jpg", "resized", f"1600{TIMES}1200", "0.1", "kB", f"320{TIMES}240", "0.1", "kB", "250"],
        ["album/notes.txt", "rejected:", "unknown_format", "-", "-", "250"],
        ["album/x", "failed:", "dead_letter", "-", "-", "-"],
    ]
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
        ("caf\udce9.jpg", "caf\\udce9.jpg"),
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
