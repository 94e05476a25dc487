"""A link is signed for one key, one size and one time; what strangers named is text in its form."""

import base64
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import boto3
import pytest

from darkroom.cli.output.html import upload_form
from darkroom.uploads.presigned_post import Link, key_pattern, make_link, new_key
from support.aws.deployments import deployed

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def link(key: str = "a.jpg", **session: str) -> Link:
    credentials = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "eu-central-1"}
    pipeline = replace(deployed(), session=boto3.Session(**(credentials | session)))  # type: ignore[arg-type]
    return make_link(pipeline, key, max_bytes=5000, valid_for=timedelta(hours=2), now=NOW)


def policy(made: Link) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(base64.b64decode(made.fields["policy"]))
    return content


def test_the_policy_allows_one_key_of_a_size_that_s3_checks() -> None:
    conditions = policy(link("pets/cat.jpg"))["conditions"]

    assert ["content-length-range", 1, 5000] in conditions
    assert {"key": "pets/cat.jpg"} in conditions
    assert {"bucket": "uploads"} in conditions


def test_the_policy_of_a_prefix_allows_what_starts_so() -> None:
    made = link("pets/${filename}")

    assert ["starts-with", "$key", "pets/"] in policy(made)["conditions"]
    assert made.fields["key"] == "pets/${filename}"


def test_the_form_goes_to_the_buckets_own_region_with_the_signature_that_every_region_takes() -> None:
    made = link()

    assert made.url == "https://uploads.s3.eu-central-1.amazonaws.com/"
    assert made.fields["x-amz-algorithm"] == "AWS4-HMAC-SHA256"


def test_a_link_of_temporary_credentials_is_known_to_die_with_them() -> None:
    assert not link().dies_with_session
    assert link(aws_session_token="token").dies_with_session


def test_the_json_has_exactly_the_members_promised() -> None:
    made = link()

    assert json.loads(made.to_json()) == {
        "url": made.url,
        "fields": made.fields,
        "key": "a.jpg",
        "max_bytes": 5000,
        "expires": "2026-11-24T14:00:00+00:00",
    }


@pytest.mark.parametrize("key", ['"><script>alert(1)</script>', "{{ 7 * 7 }}", "a&amp;b'c", "é\x1b[2J"])
def test_whatever_a_key_holds_it_is_one_fields_value(key: str) -> None:
    page = upload_form(link(key))

    values = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page))
    assert unescape(values["key"]) == key
    assert "<script" not in page
    assert page.rindex('type="hidden"') < page.index('type="file"')  # S3 ignores fields after the file


def test_a_new_key_is_nobody_elses() -> None:
    assert new_key("in/").startswith("in/")
    assert new_key("in/") != new_key("in/")


def test_a_pattern_is_the_key_or_the_prefix_with_the_visitors_file_name() -> None:
    assert key_pattern("a.jpg", None) == "a.jpg"
    assert key_pattern(None, "a/") == "a/${filename}"
    assert key_pattern(None, "") == "${filename}"
    assert key_pattern(None, None) is None
