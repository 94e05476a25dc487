"""Why a letter failed, and how often it was tried, is read from the function's log: never guessed, and asked once."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from darkroom.dlq.attempts import Cause
from darkroom.dlq.causes import Failures, JobFailure
from darkroom.dlq.queue import DeadLetterMessage
from darkroom.errors import DarkroomError
from support.aws.function_log import SENT, FunctionLog, failed, received, report

REFUSED = Cause(code="MessageRefusedError", detail="not JSON")
LATER = SENT + timedelta(days=1)


def message(message_id: str, sent: datetime = SENT, first: datetime | None = None) -> DeadLetterMessage:
    received_at = {"ApproximateFirstReceiveTimestamp": str(round((first or sent).timestamp() * 1000))}
    return DeadLetterMessage(message_id=message_id, body="", sent=sent, attributes=received_at, handle="")


def uuid(number: int) -> str:
    return f"{number:08x}-{number % 65_536:04x}-4234-8234-123456789012"


def failures(log: FunctionLog, messages: Sequence[DeadLetterMessage], now: datetime = LATER) -> dict[str, JobFailure]:
    return dict(Failures(log.pipeline(), clock=lambda: now, sleep=lambda _: None).of(messages))


def of_one(*lines: dict[str, Any] | str, obeys: bool = True) -> JobFailure:
    """What is found of a letter m1 whose log has these lines."""
    log = FunctionLog(obeys=obeys)
    log.write(*lines)
    return failures(log, [message("m1")])["m1"]


def test_a_message_failed_for_what_its_last_failure_says_and_was_tried_as_often_as_the_log_tells() -> None:
    first = failed("r1", "m1", "StorageError.GetObject.SlowDown", "S3 is busy")

    assert of_one(received("r1", "m1"), first, received("r2", "m1"), failed("r2", "m1")) == JobFailure(
        cause=REFUSED, attempts=2
    )


def test_a_last_attempt_with_a_beginning_and_no_end_was_cut_short() -> None:
    assert of_one(received("r1", "m1"), failed("r1", "m1"), received("r2", "m1", "m2")) == JobFailure(
        cause=Cause(code="cut_short", detail="the function timed out or was killed"), attempts=2
    )


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (report("r2", "timeout"), "timeout"),
        (report("r2", "error", errorType="Runtime.ExitError"), "error: Runtime.ExitError"),
    ],
)
def test_an_attempt_that_was_cut_short_is_told_in_lambdas_own_words(said: dict[str, Any], told: str) -> None:
    assert of_one(received("r1", "m1"), failed("r1", "m1"), received("r2", "m1"), said).cause == Cause(
        code="cut_short", detail=f"the function timed out or was killed: {told}"
    )


def test_an_invocation_that_succeeded_was_not_cut_short() -> None:
    assert of_one(received("r1", "m1"), report("r1", "success")).cause.code == "unknown"


def test_a_message_of_which_the_log_says_nothing_failed_for_an_unknown_cause_after_unknown_attempts() -> None:
    assert of_one(received("r1", "m2"), failed("r1", "m2"), "START RequestId: r1") == JobFailure(
        cause=Cause(code="unknown", detail="the function's log has nothing about this message"), attempts=None
    )


def test_looks_at_a_letter_count_as_no_attempt() -> None:
    looked_at = DeadLetterMessage(
        message_id="m1", body="", sent=SENT, attributes={"ApproximateReceiveCount": "40"}, handle=""
    )
    log = FunctionLog()
    log.write(failed("r1", "m1"), failed("r2", "m1"))

    assert failures(log, [looked_at])["m1"].attempts == 2


@pytest.mark.parametrize("is_aws", [True, False])
def test_a_log_that_minds_no_patterns_tells_the_same(is_aws: bool) -> None:
    log = FunctionLog(is_aws=is_aws, obeys=False)
    log.write(received("r1", "m1", "m2"), failed("r1", "m1"), "r1 Task timed out after 20.00 seconds", "[1]", "{")

    found = failures(log, [message("m1"), message("m2")])

    assert found == {
        "m1": JobFailure(cause=REFUSED, attempts=1),
        "m2": JobFailure(
            cause=Cause(
                code="cut_short",
                detail="the function timed out or was killed: Task timed out after 20.00 seconds",
            ),
            attempts=1,
        ),
    }


def test_messages_whose_ids_begin_alike_are_told_apart() -> None:
    one, other = "12345678-1234-a", "12345678-1234-b"
    log = FunctionLog()
    log.write(failed("r1", one), failed("r2", one), failed("r3", other, "SandboxError", "no child"))

    found = failures(log, [message(one), message(other)])

    assert (found[one].cause, found[other].cause.code) == (REFUSED, "SandboxError")
    assert (found[one].attempts, found[other].attempts) == (2, 1)


def test_a_few_letters_are_asked_for_by_their_ids_in_one_scan() -> None:
    log = FunctionLog()
    log.write(*[failed(request, uuid(number)) for request in ("r1", "r2") for number in range(14)])

    failures(log, [message(uuid(number)) for number in range(14)])

    assert log.calls == {"GetQueueAttributes": 1, "FilterLogEvents": 1}


def test_letters_of_different_days_are_asked_for_on_their_days_alone() -> None:
    days = [SENT + timedelta(days=day) for day in (0, 3, 9)]
    log = FunctionLog()
    for number, day in enumerate(days):
        log.write(failed("r1", uuid(number)), failed("r2", uuid(number)), at=day)

    found = failures(
        log, [message(uuid(number), day) for number, day in enumerate(days)], now=SENT + timedelta(days=13)
    )

    assert {failure.attempts for failure in found.values()} == {2}
    assert log.calls["FilterLogEvents"] == 3
    # Two visibility timeouts after the first receive, and what clocks and logs may be late.
    assert {end - start for start, end in log.asked} == {timedelta(hours=1, minutes=10)}


def test_an_attempt_that_a_backlog_made_late_is_found_by_asking_further() -> None:
    log = FunctionLog()
    log.write(failed("r1", "m1", "SandboxError", "no child"))
    log.write(failed("r2", "m1"), at=SENT + timedelta(hours=20))

    found = failures(log, [message("m1")])

    assert found["m1"] == JobFailure(cause=REFUSED, attempts=2)
    assert log.calls["FilterLogEvents"] == 2


def test_attempts_are_found_of_a_letter_that_waited_for_days_before_its_first() -> None:
    first = SENT + timedelta(days=2)
    log = FunctionLog()
    log.write(failed("r1", "m1"), failed("r2", "m1"), at=first)

    found = failures(log, [message("m1", first=first)], now=SENT + timedelta(days=5))

    assert found["m1"].attempts == 2


# Ten thousand letters of an afternoon, in batches of ten, each tried twice.
TEN_THOUSAND = tuple(message(uuid(number), SENT + timedelta(seconds=number)) for number in range(10_000))


def ten_thousand_that_failed() -> FunctionLog:
    log = FunctionLog(visibility=60)
    for number, each in enumerate(TEN_THOUSAND):
        for attempt in ("a", "b"):
            log.write(failed(f"{uuid(number // 10)}{attempt}", each.message_id), at=each.sent)
    return log


def test_ten_thousand_letters_take_twenty_queries_and_no_scan_and_are_not_asked_for_again() -> None:
    log = ten_thousand_that_failed()
    known = Failures(log.pipeline(), clock=lambda: LATER, sleep=lambda _: None)

    found = known.of(TEN_THOUSAND)

    assert set(found.values()) == {JobFailure(cause=REFUSED, attempts=2)}
    assert len(found) == 10_000
    assert log.calls["FilterLogEvents"] == 0
    assert log.calls["StartQuery"] <= 20
    assert log.calls["GetQueryResults"] <= 40
    # Each query reads the time of its own letters: six hundred seconds of sendings, and their attempts.
    assert max(end - start for start, end in log.asked) < timedelta(minutes=25)

    log.calls.clear()
    assert known.of(TEN_THOUSAND) == found
    assert log.calls == {}


def test_letters_that_are_scattered_over_their_whole_retention_take_few_queries_too() -> None:
    scattered = [message(uuid(number), SENT + timedelta(hours=3 * number)) for number in range(112)]
    log = FunctionLog(visibility=60)
    for each in scattered:
        log.write(failed("r1", each.message_id), failed("r2", each.message_id), at=each.sent)

    found = failures(log, scattered, now=SENT + timedelta(days=14))

    assert set(found.values()) == {JobFailure(cause=REFUSED, attempts=2)}
    assert log.calls["StartQuery"] == 1


def test_ten_thousand_letters_that_were_all_cut_short_take_few_queries_more() -> None:
    log = FunctionLog(visibility=60)
    for first in range(0, 10_000, 10):
        ten = [each.message_id for each in TEN_THOUSAND[first : first + 10]]
        for attempt in range(2):
            request = uuid(1_000_000 + first + attempt)
            log.write(received(request, *ten), report(request, "timeout"), at=TEN_THOUSAND[first + 9].sent)

    found = failures(log, TEN_THOUSAND)

    assert {failure.cause.detail for failure in found.values()} == {"the function timed out or was killed: timeout"}
    assert {failure.attempts for failure in found.values()} == {2}
    assert log.calls["StartQuery"] <= 30


def many(log: FunctionLog) -> tuple[DeadLetterMessage, ...]:
    """So many letters that queries are made, each tried twice."""
    messages = [message(uuid(number)) for number in range(60)]
    log.write(*[failed(request, each.message_id) for request in ("r1", "r2") for each in messages], apart=0.1)
    return tuple(messages)


def test_a_query_is_waited_for_ever_less_often_and_all_its_pages_are_read() -> None:
    log = FunctionLog(rows_a_page=7, unfinished=["Scheduled", "Running", "Running", "Running", "Running", "Running"])
    messages = many(log)
    slept: list[float] = []

    found = Failures(log.pipeline(), clock=lambda: LATER, sleep=slept.append).of(messages)

    assert {failure.attempts for failure in found.values()} == {2}
    assert slept == [0.5, 1, 2, 4, 5, 5, 5]


@pytest.mark.parametrize("status", ["Failed", "Cancelled", "Timeout", "Unknown"])
def test_a_query_that_fails_is_an_error_with_its_status(status: str) -> None:
    log = FunctionLog(unfinished=["Running", status])
    messages = many(log)

    with pytest.raises(DarkroomError, match=f"ended as {status}"):
        failures(log, messages)


def test_a_query_that_nobody_waits_for_any_more_is_stopped() -> None:
    log = FunctionLog(unfinished=["Running"])
    messages = many(log)

    def stop(_: float) -> None:
        if log.calls["GetQueryResults"]:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Failures(log.pipeline(), clock=lambda: LATER, sleep=stop).of(messages)

    assert log.calls["StopQuery"] == 1


def test_an_emulator_is_never_asked_for_a_query_and_all_of_its_letters_are_found_in_one_scan() -> None:
    log = FunctionLog(is_aws=False, obeys=False)
    messages = many(log)

    found = failures(log, messages)

    assert {failure.attempts for failure in found.values()} == {2}
    assert log.calls == {"GetQueueAttributes": 1, "FilterLogEvents": 1}


def test_what_the_log_does_not_tell_yet_is_asked_for_again_ever_later_until_it_cannot_come_any_more() -> None:
    log = FunctionLog(visibility=1800)  # a letter can be late by an hour
    now = [SENT]
    known = Failures(log.pipeline(), clock=lambda: now[0], sleep=lambda _: None)
    asked: list[int] = []
    for minute in range(300):
        now[0] = SENT + timedelta(minutes=minute)
        before = log.calls["GetQueueAttributes"]
        known.of([message("m1")])
        asked += [minute] * (log.calls["GetQueueAttributes"] - before)

    assert asked == [0, 1, 2, 4, 8, 16, 32, 64, 128]


def test_what_comes_late_into_the_log_is_found() -> None:
    log = FunctionLog()
    now = [SENT + timedelta(seconds=5)]
    known = Failures(log.pipeline(), clock=lambda: now[0], sleep=lambda _: None)
    early = known.of([message("m1")])["m1"]
    log.write(failed("r1", "m1"), failed("r2", "m1"))
    now[0] += timedelta(minutes=2)

    assert (early.cause.code, known.of([message("m1")])["m1"]) == ("unknown", JobFailure(cause=REFUSED, attempts=2))


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "AccessDeniedException"])
@pytest.mark.parametrize("count", [1, 60])
def test_without_a_log_or_the_right_to_read_it_the_cause_is_unknown_until_there_is(code: str, count: int) -> None:
    log = FunctionLog(refusal=code)
    messages = many(log)[:count]
    known = Failures(log.pipeline(), clock=lambda: LATER, sleep=lambda _: None)

    refused = known.of(messages)
    log.refusal = None
    allowed = known.of(messages)

    assert {(failure.cause.code, failure.attempts) for failure in refused.values()} == {("unknown", None)}
    assert all(code in failure.cause.detail for failure in refused.values())
    assert {failure.cause for failure in allowed.values()} == {REFUSED}


def test_a_log_that_does_not_answer_is_an_error() -> None:
    with pytest.raises(DarkroomError, match="Reading the function's log failed"):
        failures(FunctionLog(refusal="ThrottlingException"), [message("m1")])


def test_without_letters_nothing_is_read() -> None:
    log = FunctionLog(refusal="ThrottlingException")

    assert failures(log, []) == {}
    assert log.calls == {}
