"""Looking at dead letters leaves them as they were."""

from typing import TYPE_CHECKING, Any

import pytest

from darkroom.dlq.queue import DeadLetterQueue
from darkroom.pipeline.client import Pipeline

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


def send(pipeline: Pipeline, count: int) -> set[str]:
    """Put letters into the dead-letter queue; the answer is their ids."""
    sqs: SQSClient = pipeline.client("sqs")
    return {
        sqs.send_message(QueueUrl=pipeline.dead_letter_queue_url, MessageBody=f"letter {number}")["MessageId"]
        for number in range(count)
    }


def receive_all(pipeline: Pipeline) -> list[Any]:
    """Receive what anyone can receive now."""
    sqs: SQSClient = pipeline.client("sqs")
    received: list[Any] = []
    while messages := sqs.receive_message(
        QueueUrl=pipeline.dead_letter_queue_url, MaxNumberOfMessages=10, VisibilityTimeout=60, AttributeNames=["All"]
    ).get("Messages"):
        received += messages
    return received


@pytest.mark.long
def test_every_letter_that_was_looked_at_can_be_received_at_once_and_is_as_old_as_before(pipeline: Pipeline) -> None:
    sent = send(pipeline, 300)

    seen = DeadLetterQueue(pipeline).peek(1_000)

    received = receive_all(pipeline)
    assert {letter.message_id for letter in seen} == {message["MessageId"] for message in received} == sent
    assert {letter.message_id: int(letter.sent.timestamp() * 1000) for letter in seen} == {
        message["MessageId"]: int(message["Attributes"]["SentTimestamp"]) for message in received
    }


def look_and_be_stopped(queue: DeadLetterQueue) -> None:
    with queue.receiving() as letters:
        letters.receive(100)
        raise KeyboardInterrupt


def test_letters_are_handed_back_where_a_look_is_stopped(pipeline: Pipeline) -> None:
    sent = send(pipeline, 30)

    with pytest.raises(KeyboardInterrupt):
        look_and_be_stopped(DeadLetterQueue(pipeline))

    assert {message["MessageId"] for message in receive_all(pipeline)} == sent


def test_no_more_letters_are_read_than_were_asked_for(pipeline: Pipeline) -> None:
    send(pipeline, 150)

    assert len(DeadLetterQueue(pipeline).peek(20)) == 20
    assert len(receive_all(pipeline)) == 150


def test_what_is_deleted_while_it_is_held_is_not_handed_back(pipeline: Pipeline) -> None:
    send(pipeline, 12)

    with DeadLetterQueue(pipeline).receiving() as letters:
        gone = letters.receive_ten() or ()
        letters.delete(gone)

    assert {message["MessageId"] for message in receive_all(pipeline)}.isdisjoint(each.message_id for each in gone)
    assert len(gone) == 10


def test_an_empty_queue_has_no_letters(pipeline: Pipeline) -> None:
    assert DeadLetterQueue(pipeline).peek(10) == ()
