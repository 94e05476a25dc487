"""What the consumer asks of SQS about jobs that were not done, on moto's queue: when each is shown again."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from io import StringIO
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, NoRegionError

from resize.consumer import Consumer
from resize.jobs_queue import REQUEST_SECONDS, JobsQueue
from resize.settings import STORAGE_SECONDS
from stacks.config.config import Config
from support.function.buckets import Buckets
from support.function.consumers import context, new_consumer
from support.function.events import s3_body, s3_record
from support.imaging.pictures import jpeg

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

BACKOFF = Config().backoff
TOO_LITTLE_SECONDS = 20


@dataclass
class Queue:
    """A queue with messages in flight; `asked` has the entries of each request that changes their visibility."""

    client: "SQSClient"
    url: str
    asked: list[list[dict[str, Any]]] = field(default_factory=list)

    def receive(self, *bodies: str, receives: int = 1) -> dict[str, Any]:
        """Send messages and receive them; returns the event that Lambda makes of them, received so often."""
        for body in bodies:
            self.client.send_message(QueueUrl=self.url, MessageBody=body)
        messages: list[Any] = []
        while len(messages) < len(bodies):
            messages += self.client.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10)["Messages"]
        return {"Records": [_record(message, receives) for message in messages]}

    def seconds(self) -> list[int]:
        """After how many seconds from when it was asked each message is shown again."""
        return [entry["VisibilityTimeout"] for entries in self.asked for entry in entries]

    def handles(self) -> set[str]:
        """Which messages were asked about."""
        return {entry["ReceiptHandle"] for entries in self.asked for entry in entries}


def _record(message: Any, receives: int) -> dict[str, Any]:
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": {"ApproximateReceiveCount": str(receives), "SentTimestamp": "1795467000000"},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:jobs",
        "awsRegion": "eu-west-1",
    }


@pytest.fixture
def queue(world: Buckets) -> Queue:
    assert world
    client: SQSClient = boto3.client("sqs", region_name="eu-west-1")
    made = Queue(client, client.create_queue(QueueName="jobs", Attributes={"VisibilityTimeout": "1980"})["QueueUrl"])
    client.meta.events.register(
        "provide-client-params.sqs.ChangeMessageVisibilityBatch",
        lambda params, **_: made.asked.append(params["Entries"]),
    )
    return made


@pytest.fixture
def log() -> StringIO:
    return StringIO()


@pytest.fixture
def consumer(world: Buckets, log: StringIO, queue: Queue, request: pytest.FixtureRequest) -> Iterator[Consumer]:
    """A consumer whose waits are as long as they are on average."""
    world.settings = replace(world.settings, backoff=BACKOFF)
    with new_consumer(world, log, request.node.name) as made:
        yield replace(made, queue=JobsQueue(queue.url, lambda: queue.client), random=lambda: 0.5)


def body_of(world: Buckets, key: str) -> str:
    upload = world.upload(key, jpeg())
    return s3_body(s3_record(key, version_id=upload.version_id, sequencer=upload.sequencer, size=upload.size))


def failed_ids(answer: Any) -> list[str]:
    return [item["itemIdentifier"] for item in answer["batchItemFailures"]]


def lines_of(log: StringIO, message: str) -> list[dict[str, Any]]:
    lines = [json.loads(text) for text in log.getvalue().splitlines()]
    return [line for line in lines if line["message"] == message]


@pytest.mark.parametrize(("receives", "seconds"), [(1, [30]), (2, [120]), (3, [480]), (4, []), (8, [30])])
def test_a_job_that_fails_is_shown_again_ever_later(
    receives: int, seconds: list[int], consumer: Consumer, queue: Queue
) -> None:
    event = queue.receive("no JSON", receives=receives)

    consumer.handle(event, context())

    assert queue.seconds() == seconds


@pytest.mark.parametrize(("receives", "seconds"), [(1, [30]), (2, [60]), (7, [1920]), (8, [30])])
def test_a_job_that_is_handed_back_is_shown_again_ever_later(
    receives: int, seconds: list[int], world: Buckets, consumer: Consumer, queue: Queue
) -> None:
    event = queue.receive(body_of(world, "cat.jpg"), receives=receives)

    consumer.handle(event, context(TOO_LITTLE_SECONDS))

    assert queue.seconds() == seconds


def test_a_job_that_is_shown_again_at_once_can_be_received_again(consumer: Consumer, queue: Queue) -> None:
    """The first wait of a visibility timeout of one second is a second: the shortest."""
    settings = replace(consumer.settings, backoff=replace(BACKOFF, visibility_seconds=2))
    event = queue.receive("no JSON")

    replace(consumer, settings=settings).handle(event, context())

    again = queue.client.receive_message(QueueUrl=queue.url, WaitTimeSeconds=20)["Messages"]
    assert [message["Body"] for message in again] == ["no JSON"]


def test_only_jobs_that_were_not_done_are_shown_again(world: Buckets, consumer: Consumer, queue: Queue) -> None:
    event = queue.receive("no JSON", body_of(world, "cat.jpg"))

    answer = consumer.handle(event, context())

    assert queue.handles() == {
        record["receiptHandle"] for record in event["Records"] if record["messageId"] in failed_ids(answer)
    }
    assert len(queue.seconds()) == 1


def test_more_jobs_than_a_request_takes_are_shown_again_by_several(consumer: Consumer, queue: Queue) -> None:
    event = queue.receive(*["no JSON"] * 23)

    consumer.handle(event, context())

    assert [len(entries) for entries in queue.asked] == [10, 10, 3]
    assert len(queue.handles()) == 23


def test_jobs_that_failed_together_are_shown_again_apart(consumer: Consumer, queue: Queue) -> None:
    numbers = iter((0.0, 0.5, 1.0))
    event = queue.receive(*["no JSON"] * 3)

    replace(consumer, random=lambda: next(numbers)).handle(event, context())

    assert sorted(queue.seconds()) == [22, 30, 38]


def test_jobs_are_shown_again_only_when_the_whole_batch_has_ended(
    world: Buckets, consumer: Consumer, queue: Queue
) -> None:
    """The seconds count from the request: before, a job could be shown again while its batch is still at work."""
    requests: list[str] = []
    for client in (world.client, queue.client):
        client.meta.events.register("before-call", lambda model, **_: requests.append(model.name))
    event = queue.receive("no JSON", body_of(world, "cat.jpg"))
    requests.clear()

    consumer.handle(event, context())

    assert requests.count("PutObject") == 3
    assert requests.index("ChangeMessageVisibilityBatch") == len(requests) - 1


def failing_with(error: Exception) -> "SQSClient":
    """A client that raises this whatever it is asked."""
    client: SQSClient = boto3.client("sqs", region_name="eu-west-1")

    def fail(**_: object) -> None:
        raise error

    client.meta.events.register("before-call", fail)
    return client


ERRORS: dict[str, tuple[BotoCoreError | ClientError, str]] = {
    "refuses": (
        ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "ChangeMessageVisibilityBatch"),
        "QueueError.AccessDenied",
    ),
    "does not answer": (ConnectTimeoutError(endpoint_url="https://sqs"), "QueueError.ConnectTimeoutError"),
}


@pytest.mark.parametrize(("error", "code"), ERRORS.values(), ids=ERRORS)
def test_an_sqs_that_fails_changes_nothing_but_the_time(  # noqa: PLR0917 - fixtures
    error: Exception, code: str, world: Buckets, consumer: Consumer, queue: Queue, log: StringIO
) -> None:
    client = failing_with(error)
    event = queue.receive("no JSON", body_of(world, "cat.jpg"))

    answer = replace(consumer, queue=JobsQueue(queue.url, lambda: client)).handle(event, context())

    [failed] = [record["messageId"] for record in event["Records"] if record["body"] == "no JSON"]
    assert failed_ids(answer) == [failed]
    assert world.manifest("cat.jpg")["outcome"] == "resized"
    [line] = lines_of(log, "retry not set")
    assert (line["level"], line["error_code"]) == ("WARNING", code)


def test_a_client_that_cannot_be_made_changes_nothing_but_the_time(
    consumer: Consumer, queue: Queue, log: StringIO
) -> None:
    def make_client() -> "SQSClient":
        raise NoRegionError

    answer = replace(consumer, queue=JobsQueue(queue.url, make_client)).handle(queue.receive("no JSON"), context())

    assert len(failed_ids(answer)) == 1
    assert [line["error_code"] for line in lines_of(log, "retry not set")] == ["QueueError.NoRegionError"]


def test_a_message_that_sqs_does_not_know_any_more_is_told(consumer: Consumer, queue: Queue, log: StringIO) -> None:
    event = queue.receive("no JSON", "no JSON either")
    event["Records"][0]["receiptHandle"] = "of long ago"

    answer = consumer.handle(event, context())

    assert len(failed_ids(answer)) == 2
    [line] = lines_of(log, "retry not set")
    assert line["error_code"] == "QueueError.ReceiptHandleIsInvalid"
    assert "1 of 2 messages" in line["error"]


def test_sqs_is_not_asked_when_the_function_could_end_meanwhile(
    consumer: Consumer, queue: Queue, log: StringIO
) -> None:
    answer = consumer.handle(queue.receive("no JSON"), context(REQUEST_SECONDS - 1))

    assert len(failed_ids(answer)) == 1
    assert queue.asked == []
    assert [line["error_code"] for line in lines_of(log, "retry not set")] == ["QueueError.OutOfTime"]


def test_after_an_image_that_took_all_of_its_time_sqs_is_still_asked(consumer: Consumer, queue: Queue) -> None:
    consumer.handle(queue.receive("no JSON"), context(STORAGE_SECONDS - 0.5))

    assert len(queue.asked) == 1


def test_no_client_of_sqs_is_made_while_every_job_is_done(world: Buckets, consumer: Consumer, queue: Queue) -> None:
    made: list[str] = []

    def make_client() -> "SQSClient":
        made.append("sqs")
        return queue.client

    lazy = replace(consumer, queue=JobsQueue(queue.url, make_client))
    lazy.handle(queue.receive(body_of(world, "cat.jpg")), context())
    needless = list(made)
    for _ in range(2):
        lazy.handle(queue.receive("no JSON"), context())

    assert (needless, made) == ([], ["sqs"])
