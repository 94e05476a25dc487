"""What of the wiring can be judged without asking AWS."""

import pytest

from darkroom.doctor.findings import Level
from darkroom.doctor.wiring import check_queue_policy, check_visibility, expected_prefixes, lets_s3_send
from darkroom.pipeline.deployed_config import prefix_of
from darkroom.pipeline.sqs import Queue
from support.aws.deployments import deployed

ALLOW = {
    "Effect": "Allow",
    "Principal": {"Service": "s3.amazonaws.com"},
    "Action": "sqs:SendMessage",
    "Resource": "arn:jobs",
}


@pytest.mark.parametrize(
    ("visibility", "timeout", "is_aws", "level"),
    [
        (1801, 300, True, Level.OK),
        (1799, 300, True, Level.WARNING),
        (299, 300, True, Level.FAULT),
        (120, 120, False, Level.OK),
        (119, 120, False, Level.FAULT),
    ],
)
def test_a_job_must_stay_hidden_for_as_long_as_it_may_be_worked_on(
    visibility: int, timeout: int, is_aws: bool, level: Level
) -> None:
    assert check_visibility(visibility, timeout, is_aws=is_aws).level is level


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
    assert lets_s3_send({**ALLOW, **change}, "arn:aws:s3:::uploads") is lets


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


def test_the_prefix_of_a_template_and_of_a_bucket_are_told_alike() -> None:
    template = {
        "Resources": {
            "Queue": {"Type": "AWS::SQS::Queue"},
            "Uploads": {
                "Properties": {
                    "NotificationConfiguration": {
                        "QueueConfigurations": [
                            *[{"Filter": {"S3Key": {"Rules": [{"Name": "prefix", "Value": "photos/"}]}}}] * 3,
                            {"Filter": {"S3Key": {"Rules": [{"Name": "prefix", "Value": "avatars/"}]}}},
                        ]
                    }
                }
            },
        }
    }

    assert expected_prefixes(template) == ("photos/", "avatars/")
    assert prefix_of({"Filter": {"Key": {"FilterRules": [{"Name": "Prefix", "Value": "photos/"}]}}}) == "photos/"
    assert expected_prefixes({"Resources": {}}) == (prefix_of({}),) == ("",)
