"""What doctor says of a stack's entries among the notifications of others: there, gone, or without room."""

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from bucket_notification.entries import entries_for
from darkroom.doctor.existing_buckets.bucket_notifications import check_room
from darkroom.doctor.findings import Level
from darkroom.doctor.wiring import check_notification
from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.deployed_config import find_scope
from stacks.config.existing_bucket import NOTIFICATION_TYPE
from stacks.config.parser import parse_config
from support.aws.deployments import deployed

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

TEMPLATE = {"Resources": {"Entries": {"Type": NOTIFICATION_TYPE, "Properties": {"Prefixes": ["a/", "shop/"]}}}}
TOPIC: dict[str, Any] = {
    "Id": "theirs",
    "TopicArn": "arn:aws:sns:eu-west-1:123456789012:theirs",
    "Events": ["s3:ObjectRemoved:*"],
}


@dataclass
class Notified:
    """A pipeline whose bucket others configure too."""

    s3: "S3Client"
    pipeline: Pipeline
    queue_arn: str

    def configure(self, notifications: Any) -> None:
        self.s3.put_bucket_notification_configuration(
            Bucket="uploads", NotificationConfiguration=notifications, SkipDestinationValidation=True
        )

    def entries(self, *prefixes: str) -> list[dict[str, Any]]:
        """Those of the stack."""
        return entries_for("Darkroom-jobs-1", self.queue_arn, prefixes)

    def told(self) -> list[tuple[Level, str]]:
        return [(each.level, f"{each.what} {each.advice}") for each in check_notification(self.pipeline, TEMPLATE)]


@pytest.fixture
def notified() -> Iterator[Notified]:
    with mock_aws():
        session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="eu-west-1")
        s3, sqs = session.client("s3"), session.client("sqs")
        s3.create_bucket(Bucket="uploads", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        url = sqs.create_queue(QueueName="Darkroom-jobs-1")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        pipeline = replace(deployed(), session=session, jobs_queue_url=url)
        yield Notified(s3=s3, pipeline=pipeline, queue_arn=arn)


def test_nothing_is_wrong_where_every_prefix_has_its_entry_and_those_are_the_keys_of_jobs(notified: Notified) -> None:
    notified.configure({"QueueConfigurations": notified.entries("a/", "shop/")})

    assert [level for level, _ in notified.told()] == [Level.OK]
    assert find_scope(notified.pipeline).prefixes == ("a/", "shop/")


def test_entries_that_somebody_has_replaced_are_a_fault_with_the_command_that_puts_them_back(
    notified: Notified,
) -> None:
    notified.configure({"TopicConfigurations": [TOPIC | {"Events": ["s3:ObjectTagging:*"]}]})

    told = notified.told()

    assert [level for level, _ in told] == [Level.FAULT, Level.FAULT]
    command = shlex.split(told[0][1].partition("'a/'. ")[2].partition(" Then `darkroom backfill`")[0])
    assert command[:4] == ["aws", "s3api", "put-bucket-notification-configuration", "--bucket"]
    configuration = json.loads(command[-1])
    assert configuration["TopicConfigurations"][0]["Id"] == "theirs"
    notified.configure(configuration)
    assert [level for level, _ in notified.told()] == [Level.OK]


def test_where_there_is_no_room_for_them_it_says_what_is_in_the_way(notified: Notified) -> None:
    notified.configure({"TopicConfigurations": [TOPIC]})

    (_, told), *_ = notified.told()

    assert "uploads sends s3:ObjectRemoved:* of every key to arn:aws:sns:eu-west-1:123456789012:theirs already" in told
    assert "Then run this again" in told


@pytest.mark.parametrize(("prefix", "level"), [("docs/", Level.OK), ("shop/", Level.FAULT)])
def test_what_would_be_deployed_next_is_held_against_those_of_others_alone(
    notified: Notified, prefix: str, level: Level
) -> None:
    rules = {"Key": {"FilterRules": [{"Name": "prefix", "Value": "shop/"}]}}
    notified.configure(
        {"TopicConfigurations": [TOPIC | {"Filter": rules}], "QueueConfigurations": notified.entries("a/")}
    )
    wanted = {"uploads_bucket": {"name": "uploads", "notified_by": "notification"}, "key_prefix": prefix}

    assert check_room(parse_config(wanted), notified.s3, owner="Darkroom-jobs-1").level is level


def test_a_stack_that_is_told_otherwise_needs_no_room(notified: Notified) -> None:
    for settings in ({}, {"uploads_bucket": {"name": "uploads"}}):
        assert check_room(parse_config(settings), notified.s3, owner=None).level is Level.OK
