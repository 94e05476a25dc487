"""What doctor, adopt and `make deploy` say of a derived bucket that is there: its encryption, versions and rules."""

import json
import shlex
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from darkroom.doctor.existing_buckets.derived_bucket import check_derived
from darkroom.doctor.findings import Finding, Level
from darkroom.errors import DarkroomError
from stacks.config.parser import parse_config

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_s3 import S3Client

CONFIG = parse_config({"derived_bucket": {"name": "pictures", "prefix": "made/"}})


@pytest.fixture
def s3() -> "Iterator[S3Client]":
    """Somebody's bucket as S3 makes it."""
    with mock_aws():
        client = boto3.client("s3", aws_access_key_id="test", aws_secret_access_key="test", region_name="eu-west-1")
        client.create_bucket(Bucket="pictures", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        yield client


def encrypt(s3: "S3Client", algorithm: Any) -> None:
    rule: Any = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": algorithm}}
    s3.put_bucket_encryption(Bucket="pictures", ServerSideEncryptionConfiguration={"Rules": [rule]})


def lifecycle_finding(s3: "S3Client") -> Finding:
    (found,) = [each for each in check_derived(CONFIG, s3) if "ifecycle rule of pictures" in each.what]
    return found


@pytest.mark.parametrize("algorithm", ["aws:kms", "aws:kms:dsse"])
def test_one_that_encrypts_with_kms_is_refused_and_told_why(s3: "S3Client", algorithm: str) -> None:
    encrypt(s3, algorithm)

    (refused,) = [each for each in check_derived(CONFIG, s3) if each.level is Level.FAULT]

    assert "pictures encrypts with KMS by default, and cannot be the derived bucket: ETags are no MD5" in refused.what
    assert "SSE-S3" in refused.advice


@pytest.mark.parametrize("algorithm", [None, "AES256"])
def test_one_that_encrypts_with_s3_s_own_keys_is_taken(s3: "S3Client", algorithm: str | None) -> None:
    if algorithm:
        encrypt(s3, algorithm)

    assert [each for each in check_derived(CONFIG, s3) if each.level is Level.FAULT] == []


def test_the_command_for_the_lifecycle_rule_keeps_those_that_there_are_and_then_all_is_right(s3: "S3Client") -> None:
    on = datetime(2030, 1, 1, tzinfo=UTC)
    theirs: Any = {"ID": "theirs", "Status": "Enabled", "Filter": {"Prefix": "tmp/"}, "Expiration": {"Date": on}}
    s3.put_bucket_lifecycle_configuration(Bucket="pictures", LifecycleConfiguration={"Rules": [theirs]})

    missing = lifecycle_finding(s3)

    assert missing.level is Level.WARNING
    command = shlex.split(missing.advice)
    assert command[:5] == ["aws", "s3api", "put-bucket-lifecycle-configuration", "--bucket", "pictures"]
    s3.put_bucket_lifecycle_configuration(Bucket="pictures", LifecycleConfiguration=json.loads(command[-1]))
    rules = s3.get_bucket_lifecycle_configuration(Bucket="pictures")["Rules"]
    assert [rule["ID"] for rule in rules] == ["theirs", "Manifests of removed uploads, made/"]
    assert rules[1]["Filter"]["And"]["Prefix"] == "made/manifests/"
    assert lifecycle_finding(s3).level is Level.OK


def test_the_rule_of_another_stack_s_prefix_is_none_and_stays(s3: "S3Client") -> None:
    tags: Any = [{"Key": "darkroom-outcome", "Value": "removed"}]
    of_other: Any = {"And": {"Prefix": "other/manifests/", "Tags": tags}}
    rule: Any = {"ID": "other", "Status": "Enabled", "Filter": of_other, "Expiration": {"Days": 1}}
    s3.put_bucket_lifecycle_configuration(Bucket="pictures", LifecycleConfiguration={"Rules": [rule]})

    missing = lifecycle_finding(s3)

    assert missing.level is Level.WARNING
    assert "other/manifests/" in missing.advice


def test_a_rule_that_is_off_is_none(s3: "S3Client") -> None:
    tag: Any = {"Key": "darkroom-outcome", "Value": "removed"}
    rule: Any = {"ID": "off", "Status": "Disabled", "Filter": {"Tag": tag}, "Expiration": {"Days": 1}}
    s3.put_bucket_lifecycle_configuration(Bucket="pictures", LifecycleConfiguration={"Rules": [rule]})

    assert lifecycle_finding(s3).level is Level.WARNING


@pytest.mark.parametrize(("key_prefix", "levels"), [("", [Level.FAULT]), ("made/in/", [Level.FAULT]), ("in/", [])])
def test_the_uploads_bucket_of_a_stack_takes_what_is_made_beside_the_uploads_alone(
    s3: "S3Client", key_prefix: str, levels: list[Level]
) -> None:
    config = parse_config({"derived_bucket": {"name": "pictures", "prefix": "made/"}, "key_prefix": key_prefix})

    found = [each for each in check_derived(config, s3, uploads="pictures") if "has the uploads, too" in each.what]

    assert [each.level for each in found] == levels
    assert all(f"key_prefix is {key_prefix!r}. It would be resized again" in each.what for each in found)


def test_one_that_keeps_versions_is_to_be_known(s3: "S3Client") -> None:
    s3.put_bucket_versioning(Bucket="pictures", VersioningConfiguration={"Status": "Enabled"})

    assert [each for each in check_derived(CONFIG, s3) if "keeps versions" in each.what]


def test_one_that_is_not_there_is_told(s3: "S3Client") -> None:
    nowhere = parse_config({"derived_bucket": {"name": "nowhere"}})

    with pytest.raises(DarkroomError, match="Looking at the derived bucket 'nowhere' failed"):
        list(check_derived(nowhere, s3))


def test_of_a_bucket_of_the_stack_s_own_there_is_nothing_to_tell(s3: "S3Client") -> None:
    assert list(check_derived(parse_config({}), s3)) == []
