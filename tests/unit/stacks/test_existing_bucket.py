"""The setting `uploads_bucket`: what it may say, and that each mistake is answered with its place and its value."""

import pytest

from contract.errors import SettingsError
from stacks.config.existing_bucket import ExistingBucket, NotifiedBy
from stacks.config.parser import parse_config
from stacks.names import names_for

KEY_ARN = "arn:aws:kms:eu-west-1:123456789012:key/12345678-1234-1234-1234-123456789012"


def test_a_bucket_is_told_of_by_eventbridge_unless_said_otherwise() -> None:
    config = parse_config({"uploads_bucket": {"name": "photos"}})

    assert config.uploads_bucket == ExistingBucket(name="photos", notified_by=NotifiedBy.EVENTBRIDGE, kms_key_arn=None)


def test_a_key_and_a_notifier_may_be_named() -> None:
    given = {"name": "photos", "notified_by": "eventbridge", "kms_key_arn": KEY_ARN}

    assert parse_config({"uploads_bucket": given}).uploads_bucket == ExistingBucket(name="photos", kms_key_arn=KEY_ARN)


def test_null_is_a_bucket_of_the_stack_s_own() -> None:
    assert parse_config({"uploads_bucket": None}).uploads_bucket is None


def test_text_that_holds_json_is_read_as_the_command_line_hands_it_over() -> None:
    assert parse_config({"uploads_bucket": '{"name": "photos"}'}).uploads_bucket == ExistingBucket(name="photos")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            "photos",
            r"uploads_bucket: 'photos' is not allowed; expected null for a bucket of the stack's own",
        ),
        ({}, "my-bucket"),
        ({"name": "s3://photos"}, r"uploads_bucket\.name: 's3://photos' is .*without s3://"),
        ({"name": "Photos"}, "'Photos'"),
        ({"name": "ab"}, "'ab'"),
        ({"name": "arn:aws:s3:::photos"}, "arn:aws:s3:::photos"),
        ({"name": "photos--use1-az4--x-s3"}, "general purpose"),
        *(({"name": name}, f"'{name}'") for name in ("a..b", "a.-b", "a-.b", "192.168.0.1", "photos.mrap")),
        ({"name": 7}, "7"),
        ({"name": "photos", "notified_by": "sns"}, r"uploads_bucket\.notified_by: 'sns' is .*one of eventbridge"),
        ({"name": "photos", "notified_by": None}, "None"),
        ({"name": "photos", "kms_key_arn": "alias/photos"}, r"uploads_bucket\.kms_key_arn: 'alias/photos'"),
        ({"name": "photos", "kms_key": KEY_ARN}, r"uploads_bucket\.kms_key: .*nearest is 'kms_key_arn'"),
    ],
)
def test_a_mistake_is_answered_with_its_place_and_its_value(given: object, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        parse_config({"uploads_bucket": given})


def test_only_one_setting_may_name_the_uploads_bucket() -> None:
    with pytest.raises(SettingsError, match=r"legacy_uploads_bucket: 'old' .*null with an uploads_bucket"):
        parse_config({"uploads_bucket": {"name": "photos"}, "legacy_uploads_bucket": "old"})


def test_a_stack_may_have_a_name_that_a_bucket_may_not() -> None:
    assert parse_config({"uploads_bucket": {"name": "photos"}, "stack_name": "Sthree-photos"})


def test_the_uploads_bucket_has_its_own_name_and_the_queue_is_named_after_the_stack() -> None:
    names = names_for(parse_config({"uploads_bucket": {"name": "photos"}}), "0123456789abcdef0123")

    assert (names.uploads_bucket, names.jobs_queue) == ("photos", "Darkroom-jobs-0123456789abcdef0123")
