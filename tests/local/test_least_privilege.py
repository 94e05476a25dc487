"""The pipeline on an emulator that enforces every policy: it may do what it does, and nothing it may is to spare."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import HTTPClientError

from darkroom.local.deploy import deploy
from darkroom.local.emulator import emulator
from darkroom.pipeline.client import Pipeline
from support.command.certificates import certificate
from support.command.pipelines import by_hand, manifest_of, upload
from support.imaging.pictures import jpeg

pytestmark = pytest.mark.long

# What the function's own code asks for. The rest of its role is for Lambda: taking jobs, writing logs and traces.
NEEDED = [
    ("ReadUploads", "s3:GetObject"),
    ("KeepDerived", "s3:GetObject"),
    ("KeepDerived", "s3:PutObject"),
    ("KeepDerived", "s3:DeleteObject"),
]
# The same, but AWS alone asks for these: without the first two a missing key is 403, not 404, and without the last no
# object can be written with tags (docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html, API_PutObject.html).
NEEDED_ON_AWS = [
    ("SeeGoneUploads", "s3:ListBucket"),
    ("SeeGoneDerived", "s3:ListBucket"),
    ("KeepDerived", "s3:PutObjectTagging"),
]


@pytest.fixture(scope="module")
def enforcing(assembly: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """The pipeline, where policies count."""
    folder = tmp_path_factory.mktemp("enforcing")
    trusted = certificate(folder)
    with emulator(log=folder / "emulator.log", enforcing=trusted) as aws:
        yield deploy(assembly, aws.endpoint_url, aws.session())


def test_an_image_is_resized_where_every_policy_is_enforced(enforcing: Pipeline) -> None:
    upload(enforcing, "enforced.jpg", jpeg())

    assert manifest_of(enforcing, "enforced.jpg")["outcome"] == "resized"


@pytest.mark.parametrize(("statement", "action"), NEEDED)
def test_no_permission_of_the_function_is_to_spare(enforcing: Pipeline, statement: str, action: str) -> None:
    with by_hand(enforcing):
        key = f"{statement} {action}.jpg"
        assert failures_of_a_life(enforcing, f"with {key}") == 0

        with without(enforcing, statement, action):
            assert failures_of_a_life(enforcing, f"without {key}") > 0


@pytest.mark.parametrize(("statement", "action"), NEEDED_ON_AWS)
def test_differs_some_permissions_are_not_asked_for(enforcing: Pipeline, statement: str, action: str) -> None:
    with by_hand(enforcing), without(enforcing, statement, action):
        assert failures_of_a_life(enforcing, f"differs {statement} {action}.jpg") == 0


def test_differs_the_emulator_wants_a_permission_for_a_batch_of_changes_of_visibility(enforcing: Pipeline) -> None:
    """AWS has none: sqs:ChangeMessageVisibility, which the function has, is for its batches too.

    docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-batch-api-actions.html
    """
    with by_hand(enforcing):
        [told] = failure_that_tells(enforcing, "as it is")

        with having(enforcing, "RetryJobs", "sqs:ChangeMessageVisibilityBatch"):
            assert failure_that_tells(enforcing, "as the emulator wants it") == []

    assert told["error_code"] == "QueueError.AccessDenied"


def test_the_function_may_nothing_else_to_a_queue(enforcing: Pipeline) -> None:
    granted = [
        (str(statement["Sid"]), action, statement["Resource"].rpartition(":")[2])
        for statement in role_policy(enforcing)["Statement"]
        for action in actions(statement)
        if action.startswith("sqs:")
    ]

    jobs = enforcing.jobs_queue_url.rpartition("/")[2]
    taking = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
    assert sorted(granted) == sorted(
        [
            *(("TakeJobs", action, jobs) for action in taking),
            ("RetryJobs", "sqs:ChangeMessageVisibility", jobs),
        ]
    )


def test_the_function_may_nothing_else_in_a_bucket(enforcing: Pipeline) -> None:
    granted = [
        (str(statement["Sid"]), action)
        for statement in role_policy(enforcing)["Statement"]
        for action in actions(statement)
        if action.startswith("s3:")
    ]

    assert sorted(granted) == sorted(NEEDED + NEEDED_ON_AWS)


def test_plain_http_is_not_answered(enforcing: Pipeline) -> None:
    in_the_clear = str(enforcing.endpoint_url).replace("https:", "http:")
    once = Config(retries={"total_max_attempts": 1})

    with pytest.raises(HTTPClientError):
        enforcing.session.client("s3", endpoint_url=in_the_clear, config=once).list_buckets()


def failures_of_a_life(pipeline: Pipeline, key: str) -> int:
    """Upload, overwrite and delete an image, and count the jobs about it that fail."""
    s3 = pipeline.client("s3")
    upload(pipeline, key, jpeg())
    failed = deliver(pipeline)
    upload(pipeline, key, jpeg(color="navy"))
    failed += deliver(pipeline)
    s3.delete_object(Bucket=pipeline.uploads_bucket, Key=key)
    return failed + deliver(pipeline)


def failure_that_tells(pipeline: Pipeline, body: str) -> list[dict[str, Any]]:
    """Let a message that is no job fail; returns what the function says of the retry that it could not set."""
    sqs = pipeline.client("sqs")
    sqs.send_message(QueueUrl=pipeline.jobs_queue_url, MessageBody=body)
    before = len(retries_not_set(pipeline))
    assert deliver(pipeline, is_kept=True) == 1
    return retries_not_set(pipeline)[before:]


def retries_not_set(pipeline: Pipeline) -> list[dict[str, Any]]:
    """What the function has logged about retries that it could not set."""
    return [json.loads(line.text) for line in pipeline.function_log() if '"retry not set"' in line.text]


def deliver(pipeline: Pipeline, *, is_kept: bool = False) -> int:
    """Take one message from the jobs queue to the function, as Lambda would, and count its failures.

    It is deleted before, or after where it `is_kept`: whatever becomes of it, no other test meets it.
    """
    sqs = pipeline.client("sqs")
    [message] = sqs.receive_message(
        QueueUrl=pipeline.jobs_queue_url, WaitTimeSeconds=10, MessageSystemAttributeNames=["All"]
    )["Messages"]
    if not is_kept:
        sqs.delete_message(QueueUrl=pipeline.jobs_queue_url, ReceiptHandle=message["ReceiptHandle"])
    record = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:jobs",
        "awsRegion": pipeline.region,
    }
    answer = pipeline.client("lambda").invoke(
        FunctionName=pipeline.function_name, Payload=json.dumps({"Records": [record]})
    )
    if is_kept:
        sqs.delete_message(QueueUrl=pipeline.jobs_queue_url, ReceiptHandle=message["ReceiptHandle"])
    said = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, said
    return len(said["batchItemFailures"])


@contextmanager
def without(pipeline: Pipeline, statement: str, action: str) -> Iterator[None]:
    """Take one permission from the function's role."""
    with changed(pipeline, statement, lambda granted: [each for each in granted if each != action]):
        yield


@contextmanager
def having(pipeline: Pipeline, statement: str, action: str) -> Iterator[None]:
    """Give the function's role one permission more."""
    with changed(pipeline, statement, lambda granted: [*granted, action]):
        yield


@contextmanager
def changed(pipeline: Pipeline, statement: str, change: Callable[[list[str]], list[str]]) -> Iterator[None]:
    """Change the actions of one statement of the function's role."""
    whole = role_policy(pipeline)
    other = json.loads(json.dumps(whole))
    [found] = [each for each in other["Statement"] if each.get("Sid") == statement]
    found["Action"] = change(actions(found))
    other["Statement"] = [each for each in other["Statement"] if each["Action"]]
    put_role_policy(pipeline, other)
    try:
        yield
    finally:
        put_role_policy(pipeline, whole)


def actions(statement: dict[str, Any]) -> list[str]:
    """The actions of a statement, which holds a single one without a list."""
    action = statement["Action"]
    return [action] if isinstance(action, str) else list(action)


def role_policy(pipeline: Pipeline) -> dict[str, Any]:
    role, name = role_and_policy(pipeline)
    document: dict[str, Any] = pipeline.client("iam").get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    return document


def put_role_policy(pipeline: Pipeline, document: dict[str, Any]) -> None:
    role, name = role_and_policy(pipeline)
    pipeline.client("iam").put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))


def role_and_policy(pipeline: Pipeline) -> tuple[str, str]:
    arn = pipeline.client("lambda").get_function_configuration(FunctionName=pipeline.function_name)["Role"]
    role = arn.rpartition("/")[2]
    [name] = pipeline.client("iam").list_role_policies(RoleName=role)["PolicyNames"]
    return role, name
