"""The catalog has each image's newest outcome, whatever comes twice, late or broken, and can be searched."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from consumers import catalog, offsets
from consumers.catalog import apply, main, open_catalog, search
from consumers.event import Record
from support.events.outcome_events import SEQUENCER, event, invocation, records

LATER = "0055AED6DCD90281F0"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    opened = open_catalog(tmp_path / "catalog.sqlite3")
    yield opened
    opened.close()


def keys(database: sqlite3.Connection, **wanted: object) -> list[str]:
    return [row["key"] for row in search(database, wanted)]


def test_a_key_s_newest_outcome_is_its_row(database: sqlite3.Connection) -> None:
    apply(database, records(event(revision=1), event(revision=2, outcome="rejected", reason="corrupt")))

    (row,) = search(database, {})
    assert (row["outcome"], row["reason"]) == ("rejected", "corrupt")


def test_an_event_that_comes_again_or_late_changes_nothing(database: sqlite3.Connection) -> None:
    first, second = event(revision=1), event(revision=2, outcome="rejected", reason="corrupt")
    apply(database, records(first, second, second, first))

    (row,) = search(database, {})
    assert row["outcome"] == "rejected"
    assert offsets.read(database)[0] == {0: 4}


def test_a_removed_image_stays_removed_when_an_event_of_before_comes_again(database: sqlite3.Connection) -> None:
    first, removed = event(revision=1), event(revision=2, sequencer=LATER, outcome="removed")
    apply(database, records(first, removed, first))

    assert keys(database) == []
    assert keys(database, outcome="removed") == ["cat.jpg"]


def test_a_key_that_was_removed_and_expired_and_is_uploaded_again_is_there(database: sqlite3.Connection) -> None:
    removed = event(revision=9, sequencer=SEQUENCER, outcome="removed")
    apply(database, records(removed, event(revision=1, sequencer=LATER)))

    assert keys(database) == ["cat.jpg"]


def test_rows_and_place_are_written_together_or_not_at_all(
    database: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_database: sqlite3.Connection, _record: Record) -> None:
        raise RuntimeError

    monkeypatch.setattr(offsets, "note", fail)
    with pytest.raises(RuntimeError):
        apply(database, records(event()))

    assert (keys(database), offsets.read(database)[0]) == ([], {})


def test_what_is_no_event_is_noted_and_passed_over(database: sqlite3.Connection) -> None:
    broken = Record(partition=0, offset=1, value=b"not an event")
    apply(database, [*records(event("a")), broken, *records(event("b"), start=2)])

    noted = database.execute("SELECT * FROM unreadable").fetchall()
    assert sorted(keys(database)) == ["a", "b"]
    assert [tuple(row) for row in noted] == [(0, 1, "not JSON")]


@pytest.mark.parametrize(
    "data",
    [
        {"source": {"format": 1, "width": "wide", "height": -1, "size": 2**70}},
        {"dominant_colour": "url(x)", "renditions": {"a": 1}},
        {"dominant_colour": 7, "renditions": [1, {"variant": "thumb"}, {"variant": "t", "key": "k", "width": "w"}]},
        {"reason": ["corrupt"], "detail": {"a": 1}},
    ],
)
def test_data_of_another_shape_is_left_out(database: sqlite3.Connection, data: dict[str, Any]) -> None:
    apply(database, records(event(**data)))

    (row,) = search(database, {})
    assert (row["key"], row["renditions"] in ([], [["thumb", "thumb/cat.jpg.webp", 160]])) == ("cat.jpg", True)
    assert row["reason"] is None


def test_offsets_of_a_topic_that_was_made_anew_begin_again_and_rows_stay(database: sqlite3.Connection) -> None:
    offsets.of_topic(database, "first")
    apply(database, records(event()))
    offsets.of_topic(database, "first")
    kept = offsets.read(database)
    offsets.of_topic(database, "second")

    assert kept == ({0: 1}, "first")
    assert offsets.read(database) == ({}, "second")
    assert keys(database) == ["cat.jpg"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, ["new.png", "blue.jpg", "big.jpg", "bad.jpg"]),
        ({"format": "png"}, ["new.png"]),
        ({"color": "blue"}, ["blue.jpg"]),
        ({"min_width": 2_000}, ["big.jpg"]),
        ({"max_width": 100, "min_height": 50}, ["new.png"]),
        ({"max_height": 10}, []),
        ({"outcome": "rejected"}, ["bad.jpg"]),
        ({"reason": "corrupt"}, ["bad.jpg"]),
        ({"prefix": "b"}, ["blue.jpg", "big.jpg", "bad.jpg"]),
        ({"prefix": "%"}, []),
        ({"outcome": "removed"}, ["gone.jpg"]),
    ],
)
def test_search_finds_the_newest_first(database: sqlite3.Connection, wanted: dict[str, Any], found: list[str]) -> None:
    def upload(key: str, minute: int, **more: Any) -> dict[str, Any]:
        size = {"width": more.pop("width", 640), "height": more.pop("height", 480)}
        source = {"format": more.pop("format", "jpeg"), **size}
        color = more.pop("color", "#cc2222")
        return event(key, time=f"2026-11-26T08:{minute:02}:00.000Z", source=source, dominant_colour=color, **more)

    apply(
        database,
        records(
            upload("bad.jpg", 1, outcome="rejected", reason="corrupt"),
            upload("big.jpg", 2, width=4_000, height=3_000),
            upload("blue.jpg", 3, color="#2244cc"),
            upload("new.png", 4, format="png", width=64, height=64),
            upload("gone.jpg", 5, outcome="removed"),
        ),
    )

    assert keys(database, **wanted) == found


def test_lambda_s_records_are_taken_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CATALOG", str(tmp_path / "catalog.sqlite3"))
    given = invocation([*records(event("a")), *records(event("b"), partition=1)])

    catalog.handler(given, None)
    catalog.handler(given, None)

    database = open_catalog(tmp_path / "catalog.sqlite3", shared=True)
    assert sorted(keys(database)) == ["a", "b"]
    database.close()


def test_the_search_command_prints_a_line_for_each_with_nothing_that_a_terminal_obeys(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = open_catalog(tmp_path / "c")
    apply(database, records(event("\x1b[31mred.jpg")))
    database.close()

    status = main(["--catalog", str(tmp_path / "c"), "search", "--color", "blue"])
    plain = capsys.readouterr().out
    main(["--catalog", str(tmp_path / "c"), "search", "--json"])

    assert status == 0
    assert plain == "2026-11-26T08:00:00.000Z  resized  jpeg  640x480  #2255cc  \\x1b[31mred.jpg\n"
    assert json.loads(capsys.readouterr().out)["key"] == "\x1b[31mred.jpg"


def test_what_would_move_the_cursor_is_escaped_in_a_search_and_other_names_stay(
    database: sqlite3.Connection, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    apply(database, records(event("Café.jpg"), event("\x1b[2J\u202egpj.jpg", outcome="rejected", reason="\x07corrupt")))

    main(["--catalog", str(tmp_path / "catalog.sqlite3"), "search"])

    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[-1] for line in lines] == [r"\x1b[2J\u202egpj.jpg", "Café.jpg"]
    assert r"  \x07corrupt  " in lines[0]
