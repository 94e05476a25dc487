"""Letters are redriven and discarded without a way to lose one."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import create_autospec

import boto3
import pytest
from botocore.stub import ANY, Stubber

from darkroom.dlq.archive import discard
from darkroom.dlq.queue import DeadLetterQueue
from darkroom.dlq.redrive import redrive, redrive_all, redrive_saved
from darkroom.errors import DarkroomError, UsageError
from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.sqs import RateLimiter

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

FAST = RateLimiter(1_000_000)


def send(pipeline: Pipeline, count: int) -> list[str]:
    """Put letters into the dead-letter queue; the answer is their ids."""
    sqs: SQSClient = pipeline.client("sqs")
    return [
        sqs.send_message(QueueUrl=pipeline.dead_letter_queue_url, MessageBody=f"letter {number}")["MessageId"]
        for number in range(count)
    ]


def bodies(pipeline: Pipeline, queue_url: str) -> list[str]:
    """What anyone can receive from a queue now."""
    sqs: SQSClient = pipeline.client("sqs")
    found: list[str] = []
    while messages := sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10, VisibilityTimeout=60).get(
        "Messages"
    ):
        found += [message["Body"] for message in messages]
    return sorted(found)


def letters(*numbers: int) -> list[str]:
    return sorted(f"letter {number}" for number in numbers)


def test_the_letters_that_are_chosen_are_sent_again_and_the_others_stay(pipeline: Pipeline) -> None:
    ids = send(pipeline, 40)

    moved = sum(redrive(pipeline, [ids[3], ids[17], ids[39], "gone"], FAST))

    assert moved == 3
    assert bodies(pipeline, pipeline.jobs_queue_url) == letters(3, 17, 39)
    assert bodies(pipeline, pipeline.dead_letter_queue_url) == letters(*{*range(40)} - {3, 17, 39})


def test_a_letter_that_cannot_be_sent_stays(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = send(pipeline, 3)

    def refuse(*_: object) -> None:
        raise DarkroomError("refused")

    monkeypatch.setattr("darkroom.dlq.redrive.send", refuse)
    with pytest.raises(DarkroomError, match="refused"):
        list(redrive(pipeline, ids, FAST))

    assert bodies(pipeline, pipeline.dead_letter_queue_url) == letters(0, 1, 2)


def test_a_letter_that_is_cut_off_between_sending_and_deleting_is_in_both_queues(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = send(pipeline, 3)

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("darkroom.dlq.queue.ReceivedMessages.delete", stop)
    with pytest.raises(KeyboardInterrupt):
        list(redrive(pipeline, ids, FAST))

    assert bodies(pipeline, pipeline.dead_letter_queue_url) == letters(0, 1, 2)
    assert bodies(pipeline, pipeline.jobs_queue_url) == letters(0, 1, 2)


def test_letters_are_sent_no_faster_than_is_asked(pipeline: Pipeline) -> None:
    ids = send(pipeline, 30)
    now = [0.0]
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    assert sum(redrive(pipeline, ids, RateLimiter(5, clock=lambda: now[0], sleep=sleep))) == 30

    assert sum(slept) == pytest.approx(4)  # 30 at 5 a second: the last ten begin after four


class Tasks:
    """An SQS whose answers about message move tasks a test writes."""

    def __init__(self) -> None:
        self.sqs = boto3.client("sqs", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
        self.answers = Stubber(self.sqs)
        self.pipeline: Any = create_autospec(Pipeline, instance=True)
        self.pipeline.client.return_value = self.sqs
        self.pipeline.dead_letter_queue_url = "https://sqs/dead"
        self.pipeline.jobs_queue_url = "https://sqs/jobs"
        for name in ("dead", "jobs"):
            self.answers.add_response("get_queue_attributes", {"Attributes": {"QueueArn": f"arn:{name}"}})
        self.tell("COMPLETED", 99, started=1)  # one from before
        self.answers.add_response(
            "start_message_move_task",
            {"TaskHandle": "t1"},
            {"SourceArn": "arn:dead", "DestinationArn": "arn:jobs", "MaxNumberOfMessagesPerSecond": 7},
        )

    def tell(self, status: str, moved: int, reason: str = "", started: int = 2) -> None:
        told = {"Status": status, "ApproximateNumberOfMessagesMoved": moved, "StartedTimestamp": started}
        self.answers.add_response(
            "list_message_move_tasks", {"Results": [told | ({"FailureReason": reason} if reason else {})]}
        )


@pytest.fixture
def tasks() -> Iterator[Tasks]:
    made = Tasks()
    with made.answers:
        yield made
        made.answers.assert_no_pending_responses()


def test_all_letters_are_moved_by_sqs_itself_at_the_rate_that_is_asked(tasks: Tasks) -> None:
    for status, moved in (("RUNNING", 0), ("RUNNING", 7), ("COMPLETED", 12)):
        tasks.tell(status, moved)
    slept: list[float] = []

    assert list(redrive_all(tasks.pipeline, 12, FAST, rate=7, sleep=slept.append)) == [0, 7, 5]
    assert len(slept) == 2


def test_a_task_from_before_is_not_taken_for_the_one_that_was_started(tasks: Tasks) -> None:
    tasks.tell("COMPLETED", 99, started=1)
    tasks.tell("COMPLETED", 12)

    assert sum(redrive_all(tasks.pipeline, 12, FAST, rate=7, sleep=lambda _: None)) == 12


def test_a_task_that_fails_is_an_error_with_its_reason(tasks: Tasks) -> None:
    tasks.tell("FAILED", 3, "AccessDenied")

    with pytest.raises(DarkroomError, match="ended as FAILED after 3 letters: AccessDenied"):
        list(redrive_all(tasks.pipeline, 12, FAST, rate=7))


def test_a_task_is_cancelled_when_nobody_waits_for_it_any_more(tasks: Tasks) -> None:
    tasks.tell("RUNNING", 3)
    tasks.answers.add_response("cancel_message_move_task", {"ApproximateNumberOfMessagesMoved": 3}, {"TaskHandle": ANY})

    def stop(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(redrive_all(tasks.pipeline, 12, FAST, rate=7, sleep=stop))


def test_what_is_discarded_is_saved_whole_and_can_be_sent_again(pipeline: Pipeline, tmp_path: Path) -> None:
    ids = send(pipeline, 25)
    file = tmp_path / "saved.jsonl"

    gone = sum(discard(pipeline, ids[:12], file))
    again = sum(redrive_saved(pipeline, file, FAST))

    saved = [json.loads(line) for line in file.read_text().splitlines()]
    assert {letter["message_id"] for letter in saved} == set(ids[:12])
    assert all("SentTimestamp" in letter["attributes"] for letter in saved)
    assert (gone, again) == (12, 12)
    assert bodies(pipeline, pipeline.jobs_queue_url) == letters(*range(12))
    assert bodies(pipeline, pipeline.dead_letter_queue_url) == letters(*range(12, 25))


def test_nothing_is_discarded_before_it_is_on_the_disk(
    pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = send(pipeline, 3)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(DarkroomError, match="No space left on device"):
        list(discard(pipeline, ids, tmp_path / "saved.jsonl"))

    assert bodies(pipeline, pipeline.dead_letter_queue_url) == letters(0, 1, 2)


def test_a_file_that_is_there_is_not_written_over(pipeline: Pipeline, tmp_path: Path) -> None:
    ids = send(pipeline, 1)
    (tmp_path / "saved.jsonl").write_text("precious")

    with pytest.raises(UsageError, match="is there already"):
        list(discard(pipeline, ids, tmp_path / "saved.jsonl"))

    assert (tmp_path / "saved.jsonl").read_text() == "precious"
    assert DeadLetterQueue(pipeline).count() == 1


def test_a_file_that_holds_something_else_is_refused_with_the_line(pipeline: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "saved.jsonl").write_text('{"body": "a"}\n{"bod": "b"}\n')

    with pytest.raises(UsageError, match=r"line 2, is no saved letter"):
        list(redrive_saved(pipeline, tmp_path / "saved.jsonl", FAST))
