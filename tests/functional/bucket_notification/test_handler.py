"""A stack's entries come to a bucket's notifications and go, and CloudFormation is always answered."""

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from moto import mock_aws

from bucket_notification.handler import NEVER_MADE, handler
from support.aws.cloudformation import Context, cloudformation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_s3 import S3Client

QUEUE = "arn:aws:sqs:eu-west-1:123456789012:Darkroom-jobs-1"
THEIRS: dict[str, Any] = {
    "TopicConfigurations": [
        {
            "Id": "theirs",
            "TopicArn": "arn:aws:sns:eu-west-1:123456789012:a-dead-one",
            "Events": ["s3:ObjectCreated:Put"],
            "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "docs/"}]}},
        }
    ],
    "QueueConfigurations": [{"Id": "b25l", "QueueArn": f"{QUEUE}-of-others", "Events": ["s3:ObjectTagging:*"]}],
}


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> "Iterator[S3Client]":
    """Two buckets, with something of others on each."""
    for name, value in {"ACCESS_KEY_ID": "test", "SECRET_ACCESS_KEY": "test", "DEFAULT_REGION": "eu-west-1"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    with mock_aws():
        client = boto3.client("s3", region_name="eu-west-1")
        for bucket in ("photos", "pictures"):
            client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
            configure(client, bucket, THEIRS)
        yield client


def configure(s3: "S3Client", bucket: str, notifications: Any) -> None:
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration=notifications, SkipDestinationValidation=True
    )


def configured(s3: "S3Client", bucket: str = "photos") -> dict[str, Any]:
    """All of a bucket's notifications."""
    answer: Any = s3.get_bucket_notification_configuration(Bucket=bucket)
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def ours(s3: "S3Client", bucket: str = "photos") -> dict[str, list[str]]:
    """The prefixes of the stack's entries, by their ids."""
    return {
        each["Id"]: [rule["Value"] for rule in each["Filter"]["Key"]["FilterRules"]]
        for each in configured(s3, bucket).get("QueueConfigurations", ())
        if each["QueueArn"] == QUEUE
    }


def ask(kind: str, *prefixes: str, bucket: str = "photos", **more: Any) -> dict[str, Any]:
    """Have CloudFormation ask, and give what it is answered."""
    properties = {
        "ServiceToken": "f",
        "Bucket": bucket,
        "Owner": "Darkroom-jobs-1",
        "QueueArn": QUEUE,
        "Prefixes": [*prefixes],
    }
    ids = {"StackId": "s", "RequestId": "r", "LogicalResourceId": "Entries"}
    with cloudformation() as (url, answers):
        handler({**ids, "RequestType": kind, "ResponseURL": url, "ResourceProperties": properties, **more}, Context())
    ((content_type, answer),) = answers
    assert content_type == ""
    assert {name: answer[name] for name in ids} == ids
    return answer


def delete(bucket: str = "photos", physical_id: str | None = None) -> dict[str, Any]:
    return ask("Delete", "shop/", bucket=bucket, PhysicalResourceId=physical_id or bucket)


def test_entries_come_beside_those_of_others_and_go_alone(s3: "S3Client") -> None:
    before = configured(s3)

    made = ask("Create", "avatars/", "shop/")

    assert (made["Status"], made["PhysicalResourceId"]) == ("SUCCESS", "photos")
    assert ours(s3) == {"Darkroom-jobs-1-0": ["avatars/"], "Darkroom-jobs-1-1": ["shop/"]}
    assert configured(s3)["TopicConfigurations"] == before["TopicConfigurations"]

    assert delete()["Status"] == "SUCCESS"
    assert configured(s3) == before


def test_other_prefixes_replace_all_that_was_there_of_the_stack(s3: "S3Client") -> None:
    before = configured(s3)
    ask("Create", "avatars/", "shop/")

    ask("Update", "new/", PhysicalResourceId="photos", OldResourceProperties={})

    assert ours(s3) == {"Darkroom-jobs-1-0": ["new/"]}
    delete()
    assert configured(s3) == before


def test_what_is_there_already_is_not_written_again(s3: "S3Client", monkeypatch: pytest.MonkeyPatch) -> None:
    ask("Create", "shop/")
    with_ours = configured(s3)
    written: list[str] = []
    monkeypatch.setattr("moto.s3.models.FakeBucket.set_notification_configuration", lambda *_: written.append("it"))

    assert ask("Create", "shop/")["Status"] == "SUCCESS"

    assert (written, configured(s3)) == ([], with_ours)


def test_a_bucket_of_another_name_is_another_resource_so_that_the_old_one_is_cleaned_up(s3: "S3Client") -> None:
    before = configured(s3)
    ask("Create", "shop/")

    moved = ask("Update", "shop/", bucket="pictures", PhysicalResourceId="photos")
    assert moved["PhysicalResourceId"] == "pictures"
    delete("photos")

    assert configured(s3) == before
    assert ours(s3, "pictures") == {"Darkroom-jobs-1-0": ["shop/"]}


def test_another_stack_on_the_same_bucket_is_one_of_the_others(s3: "S3Client") -> None:
    ask("Create", "shop/")
    another = {"Id": "Darkroom-jobs-12-0", "QueueArn": f"{QUEUE}2", "Events": ["s3:ObjectRestore:*"]}
    whole = configured(s3)
    configure(s3, "photos", whole | {"QueueConfigurations": [*whole["QueueConfigurations"], another]})

    delete()

    assert another in configured(s3)["QueueConfigurations"]


def test_an_overlap_is_refused_in_a_sentence_and_nothing_is_written(s3: "S3Client") -> None:
    before = configured(s3)

    answer = ask("Create", "docs/")

    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", NEVER_MADE)
    assert answer["Reason"].startswith("photos sends s3:ObjectCreated:Put of keys that start with 'docs/' to arn:aws:")
    assert configured(s3) == before


def test_what_was_refused_is_deleted_without_asking_anyone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bucket_notification.handler.boto3.client", lambda *_, **__: Refusing(AssertionError()))

    answer = delete(physical_id=NEVER_MADE)

    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", NEVER_MADE)


def test_an_update_that_is_refused_leaves_what_there_was(s3: "S3Client") -> None:
    ask("Create", "shop/")
    with_ours = configured(s3)

    answer = ask("Update", "", PhysicalResourceId="photos", OldResourceProperties={})

    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", "photos")
    assert configured(s3) == with_ours


def test_of_a_bucket_that_is_gone_nothing_is_left_to_delete(s3: "S3Client") -> None:
    ask("Create", "shop/")
    s3.delete_bucket(Bucket="photos")

    assert delete()["Status"] == "SUCCESS"


class Refusing:
    """An S3 that answers with an error."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def get_bucket_notification_configuration(self, **_: object) -> None:
        """As boto3's."""
        raise self._error


def refused(code: str, status: int) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "GetBucketNotificationConfiguration")


@pytest.mark.parametrize(
    ("error", "physical_id"),
    [
        (refused("AccessDenied", 403), NEVER_MADE),
        (refused("NoSuchBucket", 404), NEVER_MADE),
        (refused("InternalError", 500), "photos"),
        (EndpointConnectionError(endpoint_url="https://s3"), "photos"),
    ],
)
def test_an_error_fails_the_deployment_at_once_and_what_may_have_been_written_is_taken_back(
    error: Exception, physical_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bucket_notification.handler.boto3.client", lambda *_, **__: Refusing(error))

    answer = ask("Create", "shop/")

    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", physical_id)
    assert "2026/11/26" in answer["Reason"]


def test_a_deletion_that_s3_denies_fails_and_leaves_the_resource(monkeypatch: pytest.MonkeyPatch) -> None:
    denied = Refusing(refused("AccessDenied", 403))
    monkeypatch.setattr("bucket_notification.handler.boto3.client", lambda *_, **__: denied)

    answer = delete()

    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", "photos")


def test_what_others_have_configured_is_asked_nothing_and_the_owner_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    class Noting:
        def get_bucket_notification_configuration(self, **request: Any) -> dict[str, Any]:
            asked.append(request)
            return {**THEIRS, "ResponseMetadata": {}}

        def put_bucket_notification_configuration(self, **request: Any) -> None:
            asked.append(request)

    monkeypatch.setattr("bucket_notification.handler.boto3.client", lambda *_, **__: Noting())

    ask("Create", "shop/")

    read, written = asked
    assert (read["ExpectedBucketOwner"], written["ExpectedBucketOwner"]) == ("123456789012", "123456789012")
    assert written["SkipDestinationValidation"] is True


def test_a_reason_is_no_longer_than_cloudformation_takes(s3: "S3Client") -> None:
    long = {**THEIRS["TopicConfigurations"][0], "Id": "i" * 255, "Filter": filters("x" * 1000, "y" * 1000)}
    configure(s3, "photos", {"TopicConfigurations": [long]})

    answer = ask("Create", "")

    assert answer["Status"] == "FAILED"
    assert len(answer["Reason"]) <= 1500


def filters(prefix: str, suffix: str) -> dict[str, Any]:
    return {"Key": {"FilterRules": [{"Name": "prefix", "Value": prefix}, {"Name": "suffix", "Value": suffix}]}}
