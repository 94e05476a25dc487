"""Messages are sent until SQS has them, and in requests that it takes."""

from itertools import count
from unittest.mock import Mock

import pytest

from darkroom.errors import DarkroomError
from darkroom.pipeline.sqs import RateLimiter, send, send_all


def sqs_that_fails(*failures: dict[str, bool]) -> Mock:
    """An SQS that answers with these failed entries (whose fault is it?), one answer after the other."""
    answers = [
        {"Failed": [{"Id": name, "Code": "Busy", "SenderFault": fault} for name, fault in failed.items()]}
        for failed in failures
    ]
    sqs = Mock(spec=["send_message_batch"])
    sqs.send_message_batch.side_effect = [*answers, {}]
    return sqs


def sent(sqs: Mock) -> list[list[str]]:
    return [[entry["MessageBody"] for entry in call.kwargs["Entries"]] for call in sqs.send_message_batch.mock_calls]


def test_only_what_failed_is_sent_again() -> None:
    sqs = sqs_that_fails({"1": False, "2": False}, {"2": False})

    send(sqs, "jobs", ["a", "b", "c"], sleep=lambda _: None)

    assert sent(sqs) == [["a", "b", "c"], ["b", "c"], ["c"]]


def test_a_message_is_stamped_whenever_it_is_sent() -> None:
    sqs, sendings = sqs_that_fails({"1": False}), count(1)

    send(sqs, "jobs", ["a", "b"], stamp=lambda body: f"{body}{next(sendings)}", sleep=lambda _: None)

    assert sent(sqs) == [["a1", "b2"], ["b3"]]


def test_what_is_the_senders_fault_is_not_sent_again() -> None:
    sqs = sqs_that_fails({"1": True})

    with pytest.raises(DarkroomError, match="SQS does not take 1 messages: Busy"):
        send(sqs, "jobs", ["a", "b"], sleep=lambda _: None)

    assert len(sent(sqs)) == 1


def test_what_fails_every_time_is_an_error() -> None:
    sqs = sqs_that_fails(*[{"0": False}] * 5)

    with pytest.raises(DarkroomError, match="Run again"):
        send(sqs, "jobs", ["a"], sleep=lambda _: None)


def test_ten_large_messages_go_in_several_requests() -> None:
    sqs = Mock(spec=["send_message_batch"])
    sqs.send_message_batch.return_value = {}
    large = "x" * 100 * 1024

    send(sqs, "jobs", [large] * 5)

    assert [len(request) for request in sent(sqs)] == [2, 2, 1]


def test_messages_go_ten_in_a_request() -> None:
    sqs = Mock(spec=["send_message_batch"])
    sqs.send_message_batch.return_value = {}

    assert list(send_all(sqs, "jobs", map(str, range(23)), RateLimiter(1_000_000))) == [10, 10, 3]


def test_a_pace_has_no_burst_after_a_pause() -> None:
    now, slept = [0.0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    limiter = RateLimiter(10, clock=lambda: now[0], sleep=sleep)
    limiter.wait(10)
    now[0] = 60.0
    for _ in range(3):
        limiter.wait(10)

    assert slept == [1.0, 1.0]
