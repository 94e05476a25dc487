"""What doctor says of a distribution, on moto: that it delivers, or what keeps it from it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from moto import mock_aws

from darkroom.doctor.delivery import check_delivery
from darkroom.doctor.findings import Level
from darkroom.pipeline.client import Pipeline
from support.aws.deployments import deployed


@dataclass
class Delivered:
    """A bucket, a distribution, and what a test puts between them."""

    pipeline: Pipeline

    def policy(self, *, arn: str, effect: str = "Allow", action: Any = ("s3:GetObject", "s3:ListBucket")) -> None:
        statement = {
            "Effect": effect,
            "Principal": {"Service": "cloudfront.amazonaws.com"},
            "Action": action,
            "Resource": ["arn:aws:s3:::derived", "arn:aws:s3:::derived/*"],
            "Condition": {"StringEquals": {"AWS:SourceArn": arn}},
        }
        text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.pipeline.client("s3").put_bucket_policy(Bucket="derived", Policy=text)

    def findings(self) -> list[tuple[Level, str]]:
        return [(each.level, each.what) for each in check_delivery(self.pipeline)]


def config(*, enabled: bool) -> Any:
    return {
        "CallerReference": "test",
        "Comment": "",
        "Enabled": enabled,
        "Origins": {
            "Quantity": 1,
            "Items": [
                {
                    "Id": "derived",
                    "DomainName": "derived.s3.eu-west-1.amazonaws.com",
                    "S3OriginConfig": {"OriginAccessIdentity": ""},
                }
            ],
        },
        "DefaultCacheBehavior": {"TargetOriginId": "derived", "ViewerProtocolPolicy": "redirect-to-https"},
    }


@pytest.fixture(params=[True])
def delivered(request: pytest.FixtureRequest) -> Iterator[Delivered]:
    with mock_aws():
        pipeline = deployed()
        pipeline.client("s3").create_bucket(
            Bucket="derived", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        client = pipeline.client("cloudfront")
        made = client.create_distribution(DistributionConfig=config(enabled=request.param))["Distribution"]
        client.get_distribution(Id=made["Id"])  # moto has it deployed by the time of the next look
        arn = made["ARN"]
        yield Delivered(replace(pipeline, delivery_url="https://images.example.com", distribution_arn=arn))


def arn_of(delivered: Delivered) -> str:
    return str(delivered.pipeline.distribution_arn)


def test_without_a_distribution_nothing_is_looked_at() -> None:
    assert [*check_delivery(deployed())] == []


def test_one_that_delivers_and_may_read_is_healthy(delivered: Delivered) -> None:
    delivered.policy(arn=arn_of(delivered))

    findings = delivered.findings()

    assert [level for level, _ in findings] == [Level.OK, Level.OK]
    assert findings[0][1].endswith("delivers at https://images.example.com.")


@pytest.mark.parametrize("delivered", [False], indirect=True)
def test_one_that_is_disabled_answers_nobody(delivered: Delivered) -> None:
    delivered.policy(arn=arn_of(delivered))

    assert (delivered.findings()[0][0], "is disabled" in delivered.findings()[0][1]) == (Level.FAULT, True)


def test_one_that_is_gone_is_told(delivered: Delivered) -> None:
    delivered.pipeline = replace(delivered.pipeline, distribution_arn="arn:aws:cloudfront::1:distribution/E0")

    assert delivered.findings()[0] == (Level.FAULT, "There is no distribution E0.")


@pytest.mark.parametrize(
    "policy",
    [
        None,
        {"arn": "arn:aws:cloudfront::123456789012:distribution/ANOTHER"},
        {"effect": "Deny"},
        {"action": "s3:ListBucket"},
    ],
)
def test_one_that_may_not_read_the_bucket_is_told(delivered: Delivered, policy: dict[str, Any] | None) -> None:
    if policy is not None:
        delivered.policy(**{"arn": arn_of(delivered), **policy})

    level, what = delivered.findings()[-1]

    assert level is Level.FAULT
    assert what.startswith("The derived bucket's policy does not let the distribution read it")
