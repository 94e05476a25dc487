"""Buckets, queues and functions on an emulator, each of a name that nobody else has."""

import io
import json
import uuid
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from darkroom.local.emulator import Emulator

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

# Longer than anything here takes, as an answer that does not come must still fail the test.
_WAIT_SECONDS = 20


@dataclass(frozen=True, kw_only=True)
class Aws:
    """An endpoint that speaks AWS, and what tests make there."""

    endpoint_url: str
    s3: "S3Client"
    sqs: "SQSClient"
    functions: "LambdaClient"
    cloudformation: "CloudFormationClient"
    cloudwatch: "CloudWatchClient"
    iam: Any

    @classmethod
    def at(cls, emulator: Emulator) -> "Aws":
        def client(service: str) -> Any:
            return emulator.session().client(service, endpoint_url=emulator.endpoint_url)

        return cls(
            endpoint_url=emulator.endpoint_url,
            s3=client("s3"),
            sqs=client("sqs"),
            functions=client("lambda"),
            cloudformation=client("cloudformation"),
            cloudwatch=client("cloudwatch"),
            iam=client("iam"),
        )

    def bucket(self, *, versioned: bool = False) -> str:
        name = _unique("bucket")
        self.s3.create_bucket(Bucket=name)
        if versioned:
            self.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return name

    def queue(self, **attributes: str) -> str:
        return self.sqs.create_queue(QueueName=_unique("queue"), Attributes=attributes)["QueueUrl"]  # type: ignore[arg-type]

    def arn(self, queue: str) -> str:
        return self.attribute(queue, "QueueArn")

    def attribute(self, queue: str, name: str) -> str:
        return self.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"][name]  # type: ignore[index]

    def is_empty(self, queue: str) -> bool:
        """Whether no message waits in the queue, or is hidden while someone works on it."""
        attributes = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        return all(self.attribute(queue, name) == "0" for name in attributes)

    def bucket_that_tells(self, queue: str) -> str:
        """A versioned bucket whose creations and removals go to a queue, from which S3's test event is gone."""
        bucket = self.bucket(versioned=True)
        self.s3.put_bucket_notification_configuration(
            Bucket=bucket,
            NotificationConfiguration={
                "QueueConfigurations": [
                    {"QueueArn": self.arn(queue), "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]}
                ]
            },
        )
        self.receive(queue)
        return bucket

    def receive(self, queue: str) -> dict[str, Any]:
        """Wait for the next message, delete it, and return its JSON body."""
        message = self.sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=_WAIT_SECONDS)["Messages"][0]
        self.sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        body: dict[str, Any] = json.loads(message["Body"])
        return body

    def event(self, queue: str) -> dict[str, Any]:
        """Wait for S3's next event."""
        [record] = self.receive(queue)["Records"]
        return dict(record)

    def function(self, source: str, *, timeout: int = 30, memory: int = 128, runtime: str = "python3.13") -> str:
        """A function of the Python source of its module, which defines `handler(event, context)`."""
        name = _unique("function")
        self.functions.create_function(
            FunctionName=name,
            Runtime=runtime,  # type: ignore[arg-type]
            Handler="index.handler",
            Role=self._role(),
            Timeout=timeout,
            MemorySize=memory,
            Code={"ZipFile": _archive({"index.py": source})},
        )
        return name

    def call(self, function: str) -> Any:
        answer = self.functions.invoke(FunctionName=function)
        assert "FunctionError" not in answer, answer["Payload"].read()
        return json.loads(answer["Payload"].read())

    def consume(self, queue: str, function: str, **options: Any) -> None:
        """Let a function consume a queue, and say itself which messages failed."""
        self.functions.create_event_source_mapping(
            EventSourceArn=self.arn(queue),
            FunctionName=function,
            FunctionResponseTypes=["ReportBatchItemFailures"],
            **options,
        )

    def _role(self) -> str:
        trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        role: str = self.iam.create_role(RoleName=_unique("role"), AssumeRolePolicyDocument=document)["Role"]["Arn"]
        return role


def refusal(call: Callable[..., object], **parameters: Any) -> tuple[int, str]:
    """The HTTP status and the code that a call is refused with."""
    try:
        call(**parameters)
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"]
    raise AssertionError(f"not refused: {parameters}")


def _unique(kind: str) -> str:
    return f"{kind}-{uuid.uuid4().hex[:20]}"


def _archive(files: dict[str, str]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as writer:
        for name, content in files.items():
            writer.writestr(name, content)
    return stream.getvalue()
