"""Why a message failed is read from the function's log, and never guessed."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any
from unittest.mock import create_autospec

import pytest
from botocore.exceptions import ClientError

from darkroom.causes import Cause, find_causes
from darkroom.dead_letter_queue import Letter
from darkroom.deployment import LogLine, Pipeline
from darkroom.errors import DarkroomError

SENT = datetime(2026, 11, 24, 12, tzinfo=UTC)
REFUSED = Cause(code="MessageRefusedError", detail="not JSON")


def letter(message_id: str) -> Letter:
    return Letter(message_id=message_id, body="", sent=SENT, receives=2, attributes={}, handle="")


def received(request_id: str, *message_ids: str) -> dict[str, Any]:
    return {"message": "batch received", "message_ids": " ".join(message_ids), "function_request_id": request_id}


def failed(request_id: str, message_id: str, code: str = REFUSED.code, error: str = REFUSED.detail) -> dict[str, Any]:
    told = {"message": "job failed", "message_id": message_id, "error": error, "error_code": code}
    return told | {"function_request_id": request_id}


def report(request_id: str, status: str, **more: str) -> dict[str, Any]:
    return {"type": "platform.report", "record": {"requestId": request_id, "status": status} | more}


def causes(letters: list[Letter], *lines: dict[str, Any] | str) -> dict[str, Cause]:
    return dict(find_causes(letters, pipeline_that_logged(*lines), max_receives=2))


def pipeline_that_logged(*lines: dict[str, Any] | str, obeys: bool = True) -> Pipeline:
    """A pipeline whose log holds these lines, each a second after the one before."""

    def log(pattern: str, since: datetime) -> Iterator[LogLine]:
        assert since == SENT
        assert len(pattern) <= 1024
        for second, line in enumerate(lines):
            text = line if isinstance(line, str) else json.dumps(line)
            if not obeys or (isinstance(line, dict) and matches(line, pattern)):
                yield LogLine(milliseconds=second * 1000, text=text)

    pipeline = create_autospec(Pipeline, instance=True)
    pipeline.function_log.side_effect = log
    return pipeline  # type: ignore[no-any-return]


def matches(line: dict[str, Any], pattern: str) -> bool:
    """What CloudWatch's filter does with patterns of the form { $.a.b = "c*" || … }."""
    for selector, value in re.findall(r'\$\.([\w.]+) = "([^"]*)"', pattern):
        found: Any = line
        for name in selector.split("."):
            found = found.get(name) if isinstance(found, dict) else None
        if isinstance(found, str) and fnmatchcase(found, value):
            return True
    return False


def test_a_message_failed_for_what_its_last_failure_says() -> None:
    first = failed("r1", "m1", "StorageError.GetObject.SlowDown", "S3 is busy")

    assert causes([letter("m1")], received("r1", "m1"), first, received("r2", "m1"), failed("r2", "m1")) == {
        "m1": REFUSED
    }


def test_a_last_attempt_with_a_beginning_and_no_end_was_cut_short() -> None:
    lines = [received("r1", "m1"), failed("r1", "m1"), received("r2", "m1", "m2")]

    assert causes([letter("m1")], *lines)["m1"] == Cause(
        code="cut_short", detail="cut short (the function timed out or was killed)"
    )


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (report("r2", "timeout"), "timeout"),
        (report("r2", "error", errorType="Runtime.ExitError"), "error: Runtime.ExitError"),
    ],
)
def test_an_attempt_that_was_cut_short_is_told_in_lambdas_own_words(said: dict[str, Any], told: str) -> None:
    lines = [received("r1", "m1"), failed("r1", "m1"), received("r2", "m1"), said]

    assert causes([letter("m1")], *lines)["m1"] == Cause(
        code="cut_short", detail=f"cut short (the function timed out or was killed): {told}"
    )


def test_an_invocation_that_succeeded_was_not_cut_short() -> None:
    lines = [received("r1", "m1"), report("r1", "success")]

    assert causes([letter("m1")], *lines)["m1"].code == "unknown"


def test_a_message_of_which_the_log_says_nothing_failed_for_an_unknown_cause() -> None:
    assert causes([letter("m1")], received("r1", "m2"), failed("r1", "m2"), "START RequestId: r1") == {
        "m1": Cause(code="unknown", detail="the function's log has nothing about this message")
    }


def test_hundreds_of_messages_are_asked_for_in_few_patterns_that_are_short_enough() -> None:
    ids = [f"{number:08}-1234-1234-1234-123456789012" for number in range(200)]
    pipeline = pipeline_that_logged(*[received(f"r{name}", name) for name in ids])

    found = find_causes([letter(name) for name in ids], pipeline, max_receives=2)

    assert {cause.code for cause in found.values()} == {"cut_short"}
    assert pipeline.function_log.call_count <= 1 + 2 * 20  # type: ignore[attr-defined]


def test_messages_whose_every_failure_is_told_cost_one_reading() -> None:
    lines = [failed(request, name) for request in ("r1", "r2") for name in ("m1", "m2")]
    pipeline = pipeline_that_logged(*lines)

    find_causes([letter("m1"), letter("m2")], pipeline, max_receives=2)

    assert pipeline.function_log.call_count == 1  # type: ignore[attr-defined]


def test_a_log_that_knows_no_patterns_tells_the_same() -> None:
    told = [received("r1", "m1", "m2"), failed("r1", "m1")]
    pipeline = pipeline_that_logged(*told, "r1 Task timed out after 20.00 seconds", "[1]", "{", obeys=False)

    found = find_causes([letter("m1"), letter("m2")], pipeline, max_receives=2)

    assert found == {
        "m1": REFUSED,
        "m2": Cause(
            code="cut_short",
            detail="cut short (the function timed out or was killed): Task timed out after 20.00 seconds",
        ),
    }


def refused(code: str) -> Pipeline:
    pipeline = create_autospec(Pipeline, instance=True)
    error = ClientError({"Error": {"Code": code, "Message": "no"}}, "FilterLogEvents")
    pipeline.function_log.side_effect = error
    return pipeline  # type: ignore[no-any-return]


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "AccessDeniedException"])
def test_without_a_log_or_the_right_to_read_it_the_cause_is_unknown(code: str) -> None:
    found = find_causes([letter("m1")], refused(code), max_receives=2)["m1"]

    assert found.code == "unknown"
    assert code in found.detail


def test_a_log_that_does_not_answer_is_an_error() -> None:
    with pytest.raises(DarkroomError, match="Reading the function's log failed"):
        find_causes([letter("m1")], refused("ThrottlingException"), max_receives=2)


def test_without_letters_nothing_is_read() -> None:
    assert find_causes([], refused("ThrottlingException"), max_receives=2) == {}
