"""The burst through SQS, as moto plays it in this process.

A queue for each reader, behind a topic of SNS.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import boto3
from moto import mock_aws

from benchmarks.queue_or_log.burst import BATCH, FAILING, QUICK, TRIES, Found, Message, number_of

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

_REGION = "us-east-1"
_BILLED = {"Publish", "PublishBatch", "SendMessageBatch", "ReceiveMessage", "DeleteMessageBatch"}


def through_queues(messages: Sequence[Message]) -> Found:
    """Send the burst, have it read, and try all that a log is praised for."""
    with mock_aws():
        session = boto3.Session("none", "none", region_name=_REGION)
        return _Queues(session).run(messages)


class _Queues:
    def __init__(self, session: boto3.Session) -> None:
        self._sqs: SQSClient = session.client("sqs")
        self._sns: Any = session.client("sns")
        self._requests: Counter[str] = Counter()
        for client in (self._sqs, self._sns):
            client.meta.events.register("before-call", self._count)

    def run(self, messages: Sequence[Message]) -> Found:
        shared = self._one_queue_for_two(messages)
        done, behind, aside = self._an_event_that_fails(messages)
        self._requests.clear()
        topic = self._sns.create_topic(Name="outcomes")["TopicArn"]
        quick, slow = (self._subscribed(topic, name) for name in ("quick", "slow"))
        for batch in _tens(messages):
            entries = [{"Id": str(each.number), "Message": each.body} for each in batch]
            self._sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
        slow_has = self._two_readers(quick, slow)[1]
        self._read(slow)
        requests = {name: count for name, count in self._requests.items() if name in _BILLED}
        replayed = sum(self._read(queue) for queue in (quick, slow))
        late = self._read(self._subscribed(topic, "late"))
        return Found(
            shared=shared,
            slow_has=slow_has,
            replayed=replayed,
            late=late,
            done=done,
            behind=behind,
            aside=aside,
            requests=requests,
        )

    def _one_queue_for_two(self, messages: Sequence[Message]) -> tuple[int, int]:
        queue = self._queue("shared")
        self._send(queue, messages)
        return self._two_readers(queue, queue)

    def _two_readers(self, quick: str, slow: str) -> tuple[int, int]:
        """Have both read in turn until the quick one finds nothing more."""
        seen = [0, 0]
        while True:
            took = [self._take(quick) for _ in range(QUICK)]
            seen[0] += sum(took)
            if took[-1] == 0:
                return seen[0], seen[1]
            seen[1] += self._take(slow)

    def _an_event_that_fails(self, messages: Sequence[Message]) -> tuple[int, int, int]:
        letters = self._queue("letters")
        arn = self._sqs.get_queue_attributes(QueueUrl=letters, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        policy = f'{{"deadLetterTargetArn": "{arn}", "maxReceiveCount": {TRIES}}}'
        queue = self._queue("jobs", RedrivePolicy=policy, VisibilityTimeout="0")
        self._send(queue, messages)
        done = 0
        while received := self._receive(queue):
            well = [each for each in received if number_of(each["Body"]) != FAILING]
            self._delete(queue, well)
            done += len(well)
        return done, len(messages) - done - 1, self._read(letters)

    def _queue(self, name: str, **attributes: str) -> str:
        given: Any = attributes
        return str(self._sqs.create_queue(QueueName=name, Attributes=given)["QueueUrl"])

    def _subscribed(self, topic: str, name: str) -> str:
        queue = self._queue(name)
        arn = self._sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        raw = {"RawMessageDelivery": "true"}
        self._sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=raw)
        return queue

    def _send(self, queue: str, messages: Sequence[Message]) -> None:
        for batch in _tens(messages):
            entries: Any = [{"Id": str(each.number), "MessageBody": each.body} for each in batch]
            self._sqs.send_message_batch(QueueUrl=queue, Entries=entries)

    def _read(self, queue: str) -> int:
        """Take all that is there, and count it."""
        total = 0
        while took := self._take(queue):
            total += took
        return total

    def _take(self, queue: str) -> int:
        received = self._receive(queue)
        self._delete(queue, received)
        return len(received)

    def _receive(self, queue: str) -> list[Any]:
        answer = self._sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=BATCH)
        return list(answer.get("Messages", ()))

    def _delete(self, queue: str, received: Sequence[Any]) -> None:
        if received:
            entries: Any = [{"Id": str(at), "ReceiptHandle": each["ReceiptHandle"]} for at, each in enumerate(received)]
            self._sqs.delete_message_batch(QueueUrl=queue, Entries=entries)

    def _count(self, model: Any, **_: object) -> None:
        self._requests[str(model.name)] += 1


def _tens(messages: Sequence[Message]) -> Iterator[Sequence[Message]]:
    return (messages[start : start + BATCH] for start in range(0, len(messages), BATCH))
