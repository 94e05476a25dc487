"""The announce function: what it publishes of a batch, in which order, and what it has SQS deliver again."""

import json
from collections.abc import Sequence

import pytest
from botocore.exceptions import ClientError

from announce.message import Message
from support.events.announcements import MemoryTarget, consumer_of, context, failures, handle, image_event, record_of


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_batch_is_published_each_group_in_its_order_and_nothing_comes_again() -> None:
    target = MemoryTarget()
    events = [image_event("a", 1), image_event("b", 1), image_event("a", 2), image_event("a", 3)]

    failed = handle(consumer_of(target), events)

    assert failed == []
    assert target.published == ["a-1", "b-1", "a-2", "a-3"]


def test_once_a_message_of_a_group_has_failed_the_later_ones_are_neither_sent_nor_done() -> None:
    target = MemoryTarget(refused={"a-2": "Full"})
    events = [image_event("a", 1), image_event("a", 2), image_event("b", 1), image_event("a", 3), image_event("b", 2)]

    failed = handle(consumer_of(target), events)

    assert failed == ["a-2", "a-3"]
    assert target.published == ["a-1", "b-1", "b-2"]


@pytest.mark.parametrize(
    "body",
    [
        *("", "{", "[]", "1", "null", '{"id": "x"}', "[" * 100_000),
        '{"id": "x", "type": "t", "subject": "\\ud800", "time": "2026-11-26T08:00:00Z"}',
        '{"id": "x", "type": "t", "subject": "k", "time": "noon"}',
        '{"id": "x", "type": "t", "subject": "", "time": "2026-11-26T08:00:00Z"}',
    ],
)
def test_a_message_that_is_no_event_fails_with_its_group_and_no_other(body: str) -> None:
    target = MemoryTarget()
    records = [
        record_of(image_event("a", 1), body=body),
        record_of(image_event("a", 2)),
        record_of(image_event("b", 1)),
    ]

    answer = consumer_of(target).handle({"Records": records}, context())

    assert failures(answer) == ["a-1", "a-2"]
    assert target.published == ["b-1"]


def test_with_no_time_left_nothing_is_begun() -> None:
    target = MemoryTarget()

    failed = handle(consumer_of(target), [image_event("a", 1), image_event("b", 1)], seconds=2)

    assert failed == ["a-1", "b-1"]
    assert target.published == []


def test_a_target_that_cannot_be_reached_fails_the_batch_and_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    class NoSecret:
        def publish(self, _messages: Sequence[Message], _seconds: float) -> dict[str, str]:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "GetSecretValue")

    failed = handle(consumer_of(NoSecret()), [image_event("a", 1)])

    assert failed == ["a-1"]
    assert [line["message"] for line in lines(capsys) if "message" in line] == [
        *("target not reached", "event not announced")
    ]


def test_each_batch_counts_what_was_announced_and_what_was_not(capsys: pytest.CaptureFixture[str]) -> None:
    handle(consumer_of(MemoryTarget(refused={"b-1": "Full"})), [image_event("a", 1), image_event("b", 1)])

    counted = next(line for line in lines(capsys) if "_aws" in line)
    assert (counted["EventsAnnounced"], counted["EventsNotAnnounced"]) == ([1.0], [1.0])


def test_the_log_names_each_event_and_why_it_was_not_announced(capsys: pytest.CaptureFixture[str]) -> None:
    handle(consumer_of(MemoryTarget(refused={"b-1": "Full"})), [image_event("a", 1), image_event("b", 1)])

    told = [(line.get("message"), line.get("key"), line.get("error_code")) for line in lines(capsys)]
    assert told[:2] == [("event announced", "a", None), ("event not announced", "b", "Full")]


def test_the_body_is_published_byte_for_byte() -> None:
    event = image_event("Ünï/写真.jpg", 7)

    message = Message.from_record(record_of(event))

    assert message.body == event.to_json().encode()
    assert (message.key, message.event_id) == ("Ünï/写真.jpg".encode(), event.id)
