"""What the pipeline relies on in queues and functions, and the emulator gives."""

import json

import pytest

from support.aws.resources import Aws, refusal
from support.command.polling import eventually

pytestmark = pytest.mark.long

# Fails what says so, and finishes the rest.
FAILS_SOME = """
def handler(event, context):
    failed = [record["messageId"] for record in event["Records"] if record["body"] == "fails"]
    return {"batchItemFailures": [{"itemIdentifier": message} for message in failed]}
"""

# Its first call ends the way the message says; any later call finishes the message.
FAILS_FIRST = """
import os, time
def handler(event, context):
    record = event["Records"][0]
    if record["attributes"]["ApproximateReceiveCount"] == "1":
        {"dies": lambda: os._exit(9), "hangs": lambda: time.sleep(600)}[record["body"]]()
    return {"batchItemFailures": []}
"""

# Leaves a mark while it runs, and tells how many marks there are. It rests long enough for others to start beside it.
TELLS_HOW_MANY_RUN = """
import boto3, json, time, uuid
s3, sqs = boto3.client("s3"), boto3.client("sqs")
def handler(event, context):
    mark = str(uuid.uuid4())
    s3.put_object(Bucket="{bucket}", Key=mark)
    time.sleep(0.5)
    running = s3.list_objects_v2(Bucket="{bucket}")["KeyCount"]
    s3.delete_object(Bucket="{bucket}", Key=mark)
    sqs.send_message(QueueUrl="{queue}", MessageBody=json.dumps({{"running": running}}))
"""


def test_only_the_failed_messages_of_a_batch_come_back(aws: Aws) -> None:
    queue, dead_letters = _queue_with_dead_letters(aws, receives=2)
    aws.consume(queue, aws.function(FAILS_SOME, timeout=1), BatchSize=10)

    aws.sqs.send_message_batch(
        QueueUrl=queue,
        Entries=[{"Id": body, "MessageBody": body} for body in ("works", "fails", "works-too")],
    )

    eventually(lambda: aws.attribute(dead_letters, "ApproximateNumberOfMessages") == "1")
    assert aws.is_empty(queue)
    [dead] = aws.sqs.receive_message(QueueUrl=dead_letters)["Messages"]
    assert dead["Body"] == "fails"


def test_a_message_is_received_as_often_as_configured_before_it_is_dead(aws: Aws) -> None:
    queue, dead_letters = _queue_with_dead_letters(aws, receives=3)
    function = aws.function(FAILS_SOME, timeout=1)
    aws.consume(queue, function)

    aws.sqs.send_message(QueueUrl=queue, MessageBody="fails")

    eventually(lambda: aws.attribute(dead_letters, "ApproximateNumberOfMessages") == "1")
    received = aws.sqs.receive_message(QueueUrl=dead_letters, MessageSystemAttributeNames=["All"])["Messages"][0]
    # The emulator counts on in the dead-letter queue: three receives there, and this one.
    assert received["Attributes"]["ApproximateReceiveCount"] == "4"


def test_a_function_that_dies_costs_one_receive(aws: Aws) -> None:
    queue, dead_letters = _queue_with_dead_letters(aws, receives=2)
    aws.consume(queue, aws.function(FAILS_FIRST, timeout=1))

    aws.sqs.send_message(QueueUrl=queue, MessageBody="dies")

    eventually(lambda: aws.is_empty(queue))
    assert aws.is_empty(dead_letters)


def test_a_function_that_hangs_is_stopped_at_its_timeout(aws: Aws) -> None:
    queue, dead_letters = _queue_with_dead_letters(aws, receives=2)
    aws.consume(queue, aws.function(FAILS_FIRST, timeout=1))

    aws.sqs.send_message(QueueUrl=queue, MessageBody="hangs")

    eventually(lambda: aws.is_empty(queue))
    assert aws.is_empty(dead_letters)


def test_no_more_batches_run_at_once_than_allowed(aws: Aws) -> None:
    queue, told, bucket = aws.queue(), aws.queue(), aws.bucket()
    function = aws.function(TELLS_HOW_MANY_RUN.format(bucket=bucket, queue=told))
    for _ in range(8):
        aws.sqs.send_message(QueueUrl=queue, MessageBody="a job")

    aws.consume(queue, function, BatchSize=1, ScalingConfig={"MaximumConcurrency": 2})

    running = [aws.receive(told)["running"] for _ in range(8)]
    assert max(running) == 2


def test_a_retention_under_a_minute_is_refused(aws: Aws) -> None:
    # docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html: 60 to 1,209,600 seconds
    refused = refusal(aws.sqs.create_queue, QueueName="short", Attributes={"MessageRetentionPeriod": "59"})

    assert refused == (400, "InvalidAttributeValue")


def _queue_with_dead_letters(aws: Aws, *, receives: int) -> tuple[str, str]:
    """A queue that shows a failed message again after a second, and gives it up after so many receives."""
    dead_letters = aws.queue()
    redrive = json.dumps({"deadLetterTargetArn": aws.arn(dead_letters), "maxReceiveCount": receives})
    return aws.queue(VisibilityTimeout="1", RedrivePolicy=redrive), dead_letters
