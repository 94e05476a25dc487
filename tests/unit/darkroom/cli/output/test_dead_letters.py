"""Dead letters are grouped, chosen and told by what is known of them."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from darkroom.cli.output.dead_letters import dead_letter_json, dead_letter_lines, print_groups
from darkroom.dlq.attempts import Cause
from darkroom.dlq.dead_letters import DeadLetter, by_cause, choose, uploads_of
from darkroom.errors import UsageError
from darkroom.text import format_duration
from support.function.events import s3_body, s3_record

SENT = datetime(2026, 11, 24, 12, tzinfo=UTC)
NOW = SENT + timedelta(hours=3)


def message(message_id: str, code: str = "unknown", key: str = "cat.jpg", detail: str = "why") -> DeadLetter:
    body = s3_body(s3_record(key, version_id="v1"))
    return DeadLetter(
        message_id=message_id,
        body=body,
        uploads=uploads_of(body),
        sent=SENT,
        attempts=5,
        cause=Cause(code=code, detail=detail),
    )


LETTERS = (
    message("aa1", "MessageRefusedError"),
    message("aa2", "StorageError.GetObject.AccessDenied"),
    message("bb3", "StorageError.GetObject.SlowDown"),
    message("cc4", "StorageError.GetObject.AccessDenied"),
)


def ids(messages: tuple[DeadLetter, ...]) -> list[str]:
    return [each.message_id for each in messages]


def test_letters_are_grouped_by_reason_and_the_largest_group_comes_first() -> None:
    assert {code: ids(group) for code, group in by_cause(LETTERS).items()} == {
        "StorageError.GetObject.AccessDenied": ["aa2", "cc4"],
        "MessageRefusedError": ["aa1"],
        "StorageError.GetObject.SlowDown": ["bb3"],
    }
    assert next(iter(by_cause(LETTERS))) == "StorageError.GetObject.AccessDenied"


@pytest.mark.parametrize(
    ("code", "chosen"),
    [
        ("StorageError.GetObject.SlowDown", ["bb3"]),
        ("StorageError", ["aa2", "bb3", "cc4"]),
    ],
)
def test_a_reason_chooses_all_that_it_covers(code: str, chosen: list[str]) -> None:
    assert ids(choose(LETTERS, ids=(), code=code)) == chosen


@pytest.mark.parametrize("code", ["StorageError.Get", "unknown"])
def test_a_reason_that_no_letter_has_is_refused_with_those_that_they_have(code: str) -> None:
    with pytest.raises(UsageError, match=rf"{code!r}. They have: MessageRefusedError, StorageError.GetObject.Acc"):
        choose(LETTERS, ids=(), code=code)

    assert choose((), ids=(), code=code) == ()


def test_an_id_chooses_by_a_beginning_that_is_its_alone() -> None:
    assert ids(choose(LETTERS, ids=["bb", "cc4", "b"], code=None)) == ["bb3", "cc4"]


@pytest.mark.parametrize(("beginning", "found"), [("aa", "2 dead letters"), ("dd", "No dead letters"), ("", "No dead")])
def test_an_id_that_chooses_none_or_several_is_refused(beginning: str, found: str) -> None:
    with pytest.raises(UsageError, match=f"{found}.*begins with {beginning!r}"):
        choose(LETTERS, ids=[beginning], code=None)


def test_a_letter_is_one_line_of_json_for_another_program() -> None:
    line = json.loads(dead_letter_json(message("aa1", key="a\nb.jpg"), NOW))

    assert {name: line[name] for name in ("id", "reason", "detail", "age_seconds", "attempts")} == {
        "id": "aa1",
        "reason": "unknown",
        "detail": "why",
        "age_seconds": 10_800,
        "attempts": 5,
    }
    assert line["uploads"] == [{"key": "a\nb.jpg", "version_id": "v1", "event": "ObjectCreated"}]


def test_hostile_names_and_words_are_shown_and_not_obeyed(capsys: pytest.CaptureFixture[str]) -> None:
    hostile = message("aa1", key="\x1b[2J[red]x.jpg", detail="\x1b]0;title\x07")

    print_groups([hostile], NOW)
    lines = [*dead_letter_lines(hostile, NOW)]

    printed = capsys.readouterr().out
    assert "\x1b" not in printed
    assert r"\x1b[2J[red]x.jpg" in printed
    assert "\x1b" not in "".join(lines)


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (59, "59 s"), (60, "1 min"), (7_199, "1 h"), (86_400 * 3, "3 d"), (-5, "0 s")]
)
def test_a_length_of_time_is_told_in_its_largest_unit(seconds: int, words: str) -> None:
    assert format_duration(timedelta(seconds=seconds)) == words
