"""A bucket that EventBridge tells of: which keys become jobs, and what doctor says of each part that is missing."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from darkroom.doctor.existing_buckets.eventbridge import check_eventbridge
from darkroom.doctor.findings import Level
from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.deployed_config import Scope, find_scope
from support.aws.deployments import deployed

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

BOTH = ("Object Created", "Object Deleted")
TOPIC = {"TopicArn": "arn:aws:sns:eu-west-1:123456789012:theirs", "Events": ["s3:ObjectCreated:*"]}


@dataclass
class Wiring:
    """A bucket, a queue, and what a test puts between them."""

    s3: "S3Client"
    sqs: "SQSClient"
    events: "EventBridgeClient"
    pipeline: Pipeline

    def configure(self, notifications: Any) -> None:
        self.s3.put_bucket_notification_configuration(
            Bucket="uploads", NotificationConfiguration=notifications, SkipDestinationValidation=True
        )
        if "EventBridgeConfiguration" in notifications:  # which moto keeps, and leaves out of its answer
            self.pipeline.session.events.register(
                "after-call.s3.GetBucketNotificationConfiguration",
                lambda parsed, **_: parsed.update(EventBridgeConfiguration={}),
            )

    def add_rule(
        self,
        *,
        bucket: str = "uploads",
        prefix: str | None = None,
        prefixes: Sequence[str] = (),
        changes: Sequence[str] = BOTH,
        state: Any = "ENABLED",
        allowed: bool = True,
    ) -> None:
        detail: dict[str, Any] = {"bucket": {"name": [bucket]}}
        if named := [*prefixes, *([] if prefix is None else [prefix])]:
            detail["object"] = {"key": [{"prefix": each} for each in named]}
        pattern = {"source": ["aws.s3"], "detail-type": [*changes], "detail": detail}
        rule = self.events.put_rule(Name="rule", EventPattern=json.dumps(pattern), State=state)["RuleArn"]
        url = self.pipeline.jobs_queue_url
        queue = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        self.events.put_targets(Rule="rule", Targets=[{"Id": "jobs", "Arn": queue}])
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": queue,
            "Condition": {"ArnEquals": {"aws:SourceArn": rule if allowed else "arn:another"}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})

    def told(self, *prefixes: str) -> list[tuple[Level, str]]:
        found = check_eventbridge(self.pipeline, prefixes or ("",))
        return [(each.level, f"{each.what} {each.advice}") for each in found]


@pytest.fixture
def wiring() -> Iterator[Wiring]:
    with mock_aws():
        session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="eu-west-1")
        s3, sqs, events = session.client("s3"), session.client("sqs"), session.client("events")
        s3.create_bucket(Bucket="uploads", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
        pipeline = replace(deployed(), session=session, jobs_queue_url=url, by_eventbridge=True)
        yield Wiring(s3=s3, sqs=sqs, events=events, pipeline=pipeline)


def test_nothing_is_wrong_where_all_is_there(wiring: Wiring) -> None:
    wiring.configure({"EventBridgeConfiguration": {}})
    wiring.add_rule(prefix="shop/")

    assert {level for level, _ in wiring.told("shop/")} == {Level.OK}


def test_a_switch_that_is_off_is_a_fault_and_the_command_keeps_what_others_have_configured(wiring: Wiring) -> None:
    wiring.configure({"TopicConfigurations": [TOPIC]})
    wiring.add_rule()

    (level, told), *_ = wiring.told()

    assert level is Level.FAULT
    assert "uploads does not send its events to EventBridge" in told
    command = told.split("--notification-configuration '")[1].split("'")[0]
    configuration = json.loads(command)
    assert configuration["EventBridgeConfiguration"] == {}
    (kept,) = configuration["TopicConfigurations"]
    assert kept["TopicArn"] == TOPIC["TopicArn"]
    wiring.configure(configuration)
    assert {level for level, _ in wiring.told()} == {Level.OK}


@pytest.mark.parametrize(
    "rule",
    [
        {"bucket": "another"},
        {"prefix": "elsewhere/"},
        {"changes": ("Object Created",)},
        {"state": "DISABLED"},
    ],
)
def test_a_rule_that_does_not_send_all_of_it_is_a_fault(wiring: Wiring, rule: dict[str, Any]) -> None:
    wiring.configure({"EventBridgeConfiguration": {}})
    wiring.add_rule(**rule)

    (_, _), (level, told) = wiring.told()

    assert level is Level.FAULT
    assert "No rule of EventBridge" in told
    assert "darkroom backfill" in told


def test_a_rule_of_several_prefixes_has_to_name_all_that_the_stack_resizes(wiring: Wiring) -> None:
    wiring.configure({"EventBridgeConfiguration": {}})
    wiring.add_rule(prefixes=("avatars/", "shop/"))

    assert {level for level, _ in wiring.told("shop/", "avatars/")} == {Level.OK}
    (_, _), (level, told) = wiring.told("avatars/", "docs/", "shop/")
    assert level is Level.FAULT
    assert "that start with 'avatars/' or 'docs/' or 'shop/' in uploads" in told


def test_a_rule_that_may_not_send_is_a_fault(wiring: Wiring) -> None:
    wiring.configure({"EventBridgeConfiguration": {}})
    wiring.add_rule(allowed=False)

    assert wiring.told()[-1][0] is Level.FAULT
    assert "policy does not let" in wiring.told()[-1][1]


@pytest.mark.parametrize(
    ("rule", "prefixes"),
    [
        ({}, ("",)),
        ({"prefix": "shop/"}, ("shop/",)),
        ({"prefixes": ("avatars/", "shop/")}, ("avatars/", "shop/")),
        ({"state": "DISABLED"}, ()),
        ({"changes": ("Object Deleted",)}, ()),
    ],
)
def test_the_scope_is_that_of_the_rule(wiring: Wiring, rule: dict[str, Any], prefixes: tuple[str, ...]) -> None:
    wiring.add_rule(**rule)

    assert find_scope(wiring.pipeline) == Scope(prefixes=prefixes)


def test_without_a_rule_no_key_becomes_a_job(wiring: Wiring) -> None:
    assert find_scope(wiring.pipeline) == Scope(prefixes=())
