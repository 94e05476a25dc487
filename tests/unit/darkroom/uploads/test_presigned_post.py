"""A link is signed for one key, one size and one time; what strangers named is text in its form."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import boto3
import pytest

from darkroom.uploads.presigned_post import Link, key_pattern, make_link, new_key
from darkroom.uploads.upload_page import page_texts, upload_page
from support.aws.deployments import deployed

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def link(key: str = "a.jpg", redirect: str | None = None, **session: str) -> Link:
    credentials = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "eu-central-1"}
    pipeline = replace(deployed(), session=boto3.Session(**(credentials | session)))  # type: ignore[arg-type]
    return make_link(pipeline, key, max_bytes=5000, valid_for=timedelta(hours=2), redirect=redirect, now=NOW)


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
    page = upload_page(link(key))

    values = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page))
    (told,) = re.findall(r'<script type="application/json" id="page">(.*?)</script>', page, re.DOTALL)
    assert unescape(values["key"]) == key
    assert json.loads(told)["fields"]["key"] == key
    assert page.count("<script") == page.count("</script>") == 2
    assert page.rindex('type="hidden"') < page.index('type="file"')  # S3 ignores fields after the file


def test_a_redirect_is_signed_for_forms_and_left_to_the_script_of_the_page() -> None:
    made = link(redirect="https://www.example.com/thanks?a=1;b")

    assert made.fields["success_action_redirect"] == "https://www.example.com/thanks?a=1;b"
    assert {"success_action_redirect": "https://www.example.com/thanks?a=1;b"} in policy(made)["conditions"]
    assert "success_action_redirect" not in made.watched_fields
    assert made.watched_fields["policy"] != made.fields["policy"]


def test_the_page_may_run_its_own_script_alone_and_speak_to_the_bucket_alone() -> None:
    page = upload_page(link(redirect="https://me:secret@www.example.com/thanks;x"))

    (allowed,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    rules = dict(rule.split(" ", 1) for rule in unescape(allowed).split("; "))
    script = page.rpartition("<script>")[2].partition("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == f"'sha256-{digest}'"
    assert rules["connect-src"] == "https://uploads.s3.eu-central-1.amazonaws.com/"
    assert rules["form-action"] == "https://uploads.s3.eu-central-1.amazonaws.com/ https://www.example.com"


def test_every_language_says_the_same_with_the_same_values() -> None:
    english, *others = ({name: placeholders(text) for name, text in texts.items()} for texts in page_texts().values())

    assert set(page_texts()) >= {"en", "de"}
    assert [each for each in others if each != english] == []


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"{(\w+)}", text))


def test_what_a_file_may_weigh_is_never_rounded_up() -> None:
    made = replace(link(), max_bytes=1_999_999)

    assert "at most 1.9 MB" in upload_page(made)
    assert "at most 5 kB" in upload_page(link())


def test_a_new_key_is_nobody_elses() -> None:
    assert new_key("in/").startswith("in/")
    assert new_key("in/") != new_key("in/")


def test_a_pattern_is_the_key_or_the_prefix_with_the_visitors_file_name() -> None:
    assert key_pattern("a.jpg", None) == "a.jpg"
    assert key_pattern(None, "a/") == "a/${filename}"
    assert key_pattern(None, "") == "${filename}"
    assert key_pattern(None, None) is None
