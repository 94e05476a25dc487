"""The jobs queue of a pipeline whose function takes nothing: a test hands out its messages, as Lambda does."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.sqs import queue_depth
from resize.imaging.engine import Engine
from support.command.polling import eventually
from support.function.lambda_function import LambdaFunction

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

# Of one request, and of one batch as configured.
_MOST_MESSAGES = 10


@dataclass(frozen=True)
class JobsQueue:
    """The queue of a pipeline."""

    pipeline: Pipeline

    @property
    def _sqs(self) -> "SQSClient":
        client: SQSClient = self.pipeline.client("sqs")
        return client

    def pause(self) -> None:
        """Keep Lambda from taking messages."""
        functions: LambdaClient = self.pipeline.client("lambda")
        [mapping] = functions.list_event_source_mappings()["EventSourceMappings"]
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)

    def receive(self, count: int) -> list["MessageTypeDef"]:
        """Wait until so many messages are there, one batch at most, and receive them."""
        sqs = self._sqs
        eventually(lambda: queue_depth(sqs, self.pipeline.jobs_queue_url).waiting == count)
        received: list[MessageTypeDef] = []
        while len(received) < count:
            received += sqs.receive_message(
                QueueUrl=self.pipeline.jobs_queue_url,
                MaxNumberOfMessages=_MOST_MESSAGES,
                MessageSystemAttributeNames=["All"],
                VisibilityTimeout=900,
            ).get("Messages", [])
        return received

    def deliver(self, messages: Sequence["MessageTypeDef"], function: LambdaFunction) -> list["MessageTypeDef"]:
        """Invoke a function with one batch, and delete what it did not hand back; what it did is returned."""
        answer = function.invoke({"Records": [self._record(message) for message in messages]})
        assert set(answer) == {"batchItemFailures"}, answer
        failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        for message in messages:
            if message["MessageId"] not in failed:
                self._sqs.delete_message(QueueUrl=self.pipeline.jobs_queue_url, ReceiptHandle=message["ReceiptHandle"])
        return [message for message in messages if message["MessageId"] in failed]

    def environment(self, engine: Engine) -> dict[str, str]:
        """Make what the stack tells the function, with an engine, and what Lambda tells it of its role and region."""
        keys = self.pipeline.session.get_credentials()
        assert keys is not None
        return {
            **self.pipeline.function_environment(),
            "DARKROOM_ENGINE": engine,
            "AWS_REGION": self.pipeline.region,
            "AWS_DEFAULT_REGION": self.pipeline.region,
            "AWS_ACCESS_KEY_ID": keys.access_key,
            "AWS_SECRET_ACCESS_KEY": keys.secret_key,
            "AWS_ENDPOINT_URL": self.pipeline.endpoint_url or "",
        }

    def empty(self) -> None:
        """Remove every message, whoever has received it."""
        self._sqs.purge_queue(QueueUrl=self.pipeline.jobs_queue_url)

    def _record(self, message: "MessageTypeDef") -> dict[str, Any]:
        """Write a message as Lambda does: docs.aws.amazon.com/lambda/latest/dg/with-sqs.html."""
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message["Attributes"],
            "messageAttributes": {},
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": self._sqs.get_queue_attributes(
                QueueUrl=self.pipeline.jobs_queue_url, AttributeNames=["QueueArn"]
            )["Attributes"]["QueueArn"],
            "awsRegion": self.pipeline.region,
        }
