"""What doctor says of a distribution, on moto: that it delivers, or what keeps it from it."""

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from moto import mock_aws

from darkroom.doctor.delivery import check_delivery
from darkroom.doctor.findings import Level
from darkroom.pipeline.client import Pipeline
from stacks.config.config import Config
from stacks.config.delivery import Delivery
from stacks.config.derived_bucket import ExistingDerivedBucket
from stacks.delivery.bucket_policy import reading_statements
from support.aws.deployments import deployed


@dataclass
class Delivered:
    """A bucket, a distribution, and what a test puts between them."""

    pipeline: Pipeline
    config: Config = field(default_factory=lambda: Config(delivery=Delivery(manifests=True)))

    def is_in_a_bucket_that_was_there(self, *, prefix: str, manifests: bool = False) -> None:
        self.pipeline = replace(self.pipeline, derived_prefix=prefix)
        self.config = Config(
            delivery=Delivery(manifests=manifests), derived_bucket=ExistingDerivedBucket(name="derived", prefix=prefix)
        )

    def put_policy(self, statements: list[dict[str, Any]]) -> None:
        text = json.dumps({"Version": "2012-10-17", "Statement": statements})
        self.pipeline.client("s3").put_bucket_policy(Bucket="derived", Policy=text)

    def run(self, command: str) -> None:
        """What `aws s3api put-bucket-policy` does."""
        *_, bucket, _, policy = words = shlex.split(command)
        assert words[:3] == ["aws", "s3api", "put-bucket-policy"]
        self.pipeline.client("s3").put_bucket_policy(Bucket=bucket, Policy=policy)

    def statements(self) -> list[dict[str, Any]]:
        answer = self.pipeline.client("s3").get_bucket_policy(Bucket="derived")
        statements: list[dict[str, Any]] = json.loads(answer["Policy"])["Statement"]
        return statements

    def policy(self, *, arn: str, effect: str = "Allow", action: Any = ("s3:GetObject", "s3:ListBucket")) -> None:
        statement = {
            "Effect": effect,
            "Principal": {"Service": "cloudfront.amazonaws.com"},
            "Action": action,
            "Resource": ["arn:aws:s3:::derived", "arn:aws:s3:::derived/*"],
            "Condition": {"StringEquals": {"AWS:SourceArn": arn}},
        }
        self.put_policy([statement])

    def findings(self) -> list[tuple[Level, str]]:
        return [(each.level, each.what) for each in check_delivery(self.pipeline, self.config)]

    def advice(self) -> str:
        return [*check_delivery(self.pipeline, self.config)][-1].advice


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
    assert [*check_delivery(deployed(), Config())] == []


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


TLS_ALONE = {
    "Sid": "TlsAlone",
    "Effect": "Deny",
    "Principal": {"AWS": "*"},
    "Action": "s3:*",
    "Resource": ["arn:aws:s3:::derived", "arn:aws:s3:::derived/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


@pytest.mark.parametrize("prefix", ["", "made/"])
@pytest.mark.parametrize("manifests", [False, True])
def test_in_a_bucket_that_was_there_the_command_adds_what_is_missing_and_keeps_what_is_not_ours(
    delivered: Delivered, prefix: str, *, manifests: bool
) -> None:
    delivered.is_in_a_bucket_that_was_there(prefix=prefix, manifests=manifests)
    of_another = [
        each | {"Sid": f"{each['Sid']}E0"}
        for each in reading_statements(
            "arn:aws:cloudfront::1:distribution/E0", "arn:aws:s3:::derived", prefix="other/", manifests=False
        )
    ]
    delivered.put_policy([TLS_ALONE, *of_another])

    assert delivered.findings()[-1][0] is Level.FAULT
    delivered.run(delivered.advice())

    assert [level for level, _ in delivered.findings()] == [Level.OK, Level.OK]
    ours = reading_statements(arn_of(delivered), "arn:aws:s3:::derived", prefix=prefix, manifests=manifests)
    standing = delivered.statements()
    assert standing[:4] == [TLS_ALONE, *of_another]
    assert [each | {"Sid": ""} for each in standing[4:]] == [each | {"Sid": ""} for each in ours]
    assert len({each["Sid"] for each in standing}) == len(standing)


def test_the_command_may_be_run_twice_and_then_takes_back_what_it_added(delivered: Delivered) -> None:
    delivered.is_in_a_bucket_that_was_there(prefix="made/", manifests=False)
    delivered.run(delivered.advice())
    delivered.is_in_a_bucket_that_was_there(prefix="other/", manifests=True)

    delivered.run(delivered.advice())

    assert [each["Resource"] for each in delivered.statements()] == [
        "arn:aws:s3:::derived/other/*",
        "arn:aws:s3:::derived",
    ]


def test_a_bucket_that_was_there_and_has_no_policy_is_given_one(delivered: Delivered) -> None:
    delivered.is_in_a_bucket_that_was_there(prefix="made/")

    delivered.run(delivered.advice())

    assert [level for level, _ in delivered.findings()] == [Level.OK, Level.OK]


def test_a_right_to_read_something_else_in_the_bucket_is_none(delivered: Delivered) -> None:
    delivered.is_in_a_bucket_that_was_there(prefix="made/")
    delivered.put_policy(reading_statements(arn_of(delivered), "arn:aws:s3:::derived", prefix="shop/", manifests=False))

    assert delivered.findings()[-1][1].startswith("The derived bucket's policy does not let the distribution read it")


def test_manifests_that_nobody_asked_for_and_a_list_that_is_missing_are_told(delivered: Delivered) -> None:
    delivered.is_in_a_bucket_that_was_there(prefix="made/")
    delivered.policy(arn=arn_of(delivered), action="s3:Get*")

    (_, _, manifests, missing) = delivered.findings()

    assert (manifests[0], "lets the distribution read manifests" in manifests[1]) == (Level.FAULT, True)
    assert (missing[0], "is answered with 403" in missing[1]) == (Level.WARNING, True)
