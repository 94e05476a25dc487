"""Who may send to the jobs queue, by its policy."""

from dataclasses import replace

import pytest

from darkroom.doctor.findings import Level
from darkroom.doctor.queue_policy import EVENTBRIDGE, check_queue_policy, lets_send
from darkroom.pipeline.sqs import Queue
from support.aws.deployments import deployed

ALLOW = {
    "Effect": "Allow",
    "Principal": {"Service": "s3.amazonaws.com"},
    "Action": "sqs:SendMessage",
    "Resource": "arn:jobs",
}


@pytest.mark.parametrize(
    ("change", "lets"),
    [
        ({}, True),
        ({"Action": ["SQS:SendMessage", "sqs:GetQueueUrl"]}, True),
        ({"Action": "sqs:*"}, True),
        ({"Principal": {"Service": ["sns.amazonaws.com", "s3.amazonaws.com"]}}, True),
        ({"Effect": "Deny"}, False),
        ({"Action": ["sqs:ReceiveMessage"]}, False),
        ({"Principal": "*"}, False),
        ({"Principal": {"Service": "sns.amazonaws.com"}}, False),
        ({"Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}}}, True),
        ({"Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:s3:::uploads"}}}, True),
        ({"Condition": {"ArnLike": {"AWS:SourceArn": ["arn:aws:s3:::other", "arn:aws:s3:::up*"]}}}, True),
        ({"Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:s3:::other"}}}, False),
        ({"Condition": {"StringLike": {"aws:SourceArn": []}}}, False),
        ({"Condition": {"ArnNotEquals": {"aws:SourceArn": "arn:aws:s3:::uploads"}}}, False),
        ({"Condition": {"StringNotLike": {"aws:SourceArn": "arn:aws:s3:::former-*"}}}, True),
    ],
)
def test_a_statement_lets_s3_send_or_not(change: dict[str, object], lets: bool) -> None:
    assert lets_send({**ALLOW, **change}, "s3.amazonaws.com", "arn:aws:s3:::uploads") is lets


@pytest.mark.parametrize(
    ("source", "levels"),
    [
        ("arn:aws:s3:::uploads", [Level.OK]),
        ("arn:aws:s3:::*", [Level.OK, Level.WARNING]),
        ("arn:aws:s3:::former-uploads", [Level.FAULT]),
    ],
)
def test_the_queue_is_to_take_from_the_uploads_bucket_and_from_no_other(source: str, levels: list[Level]) -> None:
    policy = {"Statement": [{**ALLOW, "Condition": {"ArnLike": {"aws:SourceArn": source}}}]}
    queue = Queue(arn="arn:aws:sqs:eu-west-1:123456789012:jobs", visibility=1, retention=1, policy=policy, redrive={})

    assert [finding.level for finding in check_queue_policy(queue, deployed())] == levels


def test_a_rule_of_eventbridge_may_send_or_not() -> None:
    statement = {**ALLOW, "Principal": {"Service": EVENTBRIDGE}, "Condition": {"ArnEquals": {"aws:SourceArn": "arn:r"}}}

    assert lets_send(statement, EVENTBRIDGE, "arn:r")
    assert not lets_send(statement, EVENTBRIDGE, "arn:another")
    assert not lets_send(statement, "s3.amazonaws.com", "arn:r")


def test_where_eventbridge_sends_s3_need_not() -> None:
    queue = Queue(arn="arn:aws:sqs:eu-west-1:123456789012:jobs", visibility=1, retention=1, policy={}, redrive={})

    assert [*check_queue_policy(queue, replace(deployed(), by_eventbridge=True))] == []
