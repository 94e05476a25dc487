"""The setting `derived_bucket`: what it may say, and what keeps uploads apart from what is made of them."""

from typing import Any

import pytest

from contract.errors import SettingsError
from stacks.config.derived_bucket import ExistingDerivedBucket
from stacks.config.parser import parse_config


@pytest.mark.parametrize(
    ("given", "bucket"),
    [
        (None, None),
        ({"name": "photos"}, ExistingDerivedBucket(name="photos")),
        ({"name": "photos", "prefix": "made/"}, ExistingDerivedBucket(name="photos", prefix="made/")),
        ({"name": "photos", "prefix": ".made/v1../"}, ExistingDerivedBucket(name="photos", prefix=".made/v1../")),
        ('{"name": "photos", "prefix": "a/b/"}', ExistingDerivedBucket(name="photos", prefix="a/b/")),
    ],
)
def test_a_bucket_may_be_named_and_a_folder_in_it(given: object, bucket: ExistingDerivedBucket | None) -> None:
    assert parse_config({"derived_bucket": given}).derived_bucket == bucket


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("photos", r"derived_bucket: 'photos' is not allowed; expected null for a bucket of the stack's own"),
        ({"prefix": "made/"}, "my-bucket"),
        ({"name": "s3://photos"}, r"derived_bucket\.name: 's3://photos'"),
        ({"name": "a..b"}, r"derived_bucket\.name: 'a\.\.b' is .*the name of a general purpose bucket"),
        ({"name": "photos", "prefix": "made"}, r"derived_bucket\.prefix: 'made' is .*a slash at the end"),
        ({"name": "photos", "prefix": "müde/"}, "'müde/'"),
        ({"name": "photos", "prefix": f"{'x' * 256}/"}, "at most 256"),
        ({"name": "photos", "prefix": None}, "None"),
        *(
            ({"name": "photos", "prefix": prefix}, r"no folder called \. or")
            for prefix in ("../", "./", "a/../b/", "a/./")
        ),
        ({"name": "photos", "folder": "made/"}, r"derived_bucket\.folder: .*nearest is"),
    ],
)
def test_a_mistake_is_answered_with_its_place_and_its_value(given: object, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        parse_config({"derived_bucket": given})


def in_one_bucket(key_prefix: str, prefix: str) -> dict[str, Any]:
    return {
        "uploads_bucket": {"name": "photos"},
        "key_prefix": key_prefix,
        "derived_bucket": {"name": "photos", "prefix": prefix},
    }


@pytest.mark.parametrize(("key_prefix", "prefix"), [("originals/", "made/"), ("a", "b/"), ("made-of/", "made/")])
def test_uploads_and_what_is_made_of_them_may_be_two_folders_of_one_bucket(key_prefix: str, prefix: str) -> None:
    assert parse_config(in_one_bucket(key_prefix, prefix)).derived_bucket


@pytest.mark.parametrize(
    ("key_prefix", "prefix"),
    [
        ("", ""),
        ("", "made/"),
        ("shop/", ""),
        ("shop/", "shop/"),
        ("shop/", "shop/made/"),
        ("ma", "made/"),
        ("made/in/", "made/"),
    ],
)
def test_but_what_is_made_must_be_no_upload(key_prefix: str, prefix: str) -> None:
    with pytest.raises(
        SettingsError, match=r"derived_bucket\.prefix: .*would be taken for uploads, and be resized again"
    ):
        parse_config(in_one_bucket(key_prefix, prefix))


def test_nor_of_a_stack_that_keeps_the_names_of_before() -> None:
    given = in_one_bucket("", "made/") | {"uploads_bucket": None, "legacy_uploads_bucket": "photos"}

    with pytest.raises(SettingsError, match=r"derived_bucket\.prefix: 'made/' .*would be taken for uploads"):
        parse_config(given)

    assert parse_config(given | {"key_prefix": "in/"}).derived_bucket


def test_in_two_buckets_prefixes_do_not_matter() -> None:
    assert parse_config({**in_one_bucket("", ""), "uploads_bucket": {"name": "uploads"}}).derived_bucket
    assert parse_config({"derived_bucket": {"name": "photos"}}).uploads_bucket is None


def test_a_distribution_may_stand_before_it() -> None:
    assert parse_config({"derived_bucket": {"name": "photos"}, "delivery": {}}).delivery
