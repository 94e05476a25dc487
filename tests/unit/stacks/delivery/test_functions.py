"""CloudFront's functions, in Node: what an answer may stay for, and that CloudFront's own JavaScript runs them."""

import re
from pathlib import Path
from typing import Any

import pytest

from support.aws.edge_functions import FUNCTIONS, run

ETAG = "5d41402abc4b2a76b9719d911017c592"
SHORT = "public, max-age=3600"
FOR_GOOD = "public, max-age=31536000, immutable"


def answered(version: dict[str, Any] | None, headers: dict[str, str], status: int = 200) -> str | None:
    """The `Cache-Control` of an answer with these headers to a URL with this `v`."""
    event = {
        "request": {
            "method": "GET",
            "uri": "/thumb/cat.jpg.webp",
            "querystring": {"v": version} if version else {},
            "headers": {},
        },
        "response": {"statusCode": status, "headers": {name: {"value": value} for name, value in headers.items()}},
    }
    result = run("version.js", event)
    kept = result["headers"].get("cache-control")
    return kept["value"] if kept else None


@pytest.mark.parametrize("etag", [f'"{ETAG}"', f'W/"{ETAG}"', ETAG])
@pytest.mark.parametrize("status", [200, 206, 304])
def test_what_is_answered_with_the_version_that_its_url_names_stays_for_a_year(etag: str, status: int) -> None:
    assert answered({"value": ETAG}, {"etag": etag, "cache-control": SHORT}, status) == FOR_GOOD


@pytest.mark.parametrize(
    "version",
    [
        None,
        {"value": ""},
        {"value": "an-older-one"},
        {"value": ETAG.upper()},
        {"value": ETAG[:-1]},
        {"value": f'"{ETAG}"'},
        {"value": ETAG, "multiValue": [{"value": "an-older-one"}, {"value": ETAG}]},
    ],
)
def test_the_plain_url_and_any_other_version_keep_their_short_age(version: dict[str, Any] | None) -> None:
    assert answered(version, {"etag": f'"{ETAG}"', "cache-control": SHORT}) == SHORT


def test_an_answer_without_an_etag_never_stays() -> None:
    assert answered({"value": ""}, {"cache-control": SHORT}) == SHORT
    assert answered({"value": ETAG}, {}) is None


@pytest.mark.parametrize("kept", ["no-store", "no-cache", "private, max-age=60", "Max-Age=0, No-Store"])
def test_what_is_not_to_be_kept_by_everybody_does_not_stay_whatever_its_url_names(kept: str) -> None:
    assert answered({"value": ETAG}, {"etag": f'"{ETAG}"', "cache-control": kept}) == kept


def test_what_has_no_age_of_its_own_stays_where_its_version_is_named() -> None:
    assert answered({"value": ETAG}, {"etag": f'"{ETAG}"'}) == FOR_GOOD


def test_nothing_else_of_an_answer_changes() -> None:
    headers = {name: {"value": "as it was"} for name in ("content-type", "content-length", "last-modified")}
    headers["etag"] = {"value": ETAG}
    response = {"statusCode": 200, "headers": headers, "cookies": {}}

    result = run("version.js", {"request": {"querystring": {"v": {"value": ETAG}}}, "response": response})

    assert result == response | {"headers": headers | {"cache-control": {"value": FOR_GOOD}}}


@pytest.mark.parametrize("file", sorted(FUNCTIONS.glob("*.js")), ids=lambda file: file.name)
def test_a_function_is_small_enough_and_asks_for_nothing_that_cloudfront_has_not(file: Path) -> None:
    """docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-javascript-runtime-20.html."""
    code = file.read_text(encoding="utf-8")
    without_comments = re.sub(r"//.*", "", code)

    assert len(code.encode()) < 10_000
    assert "function handler(event)" in code
    for missing in (r"\bimport\b", r"\brequire\b", r"\beval\b", r"\bclass\b", r"\?\.", r"(const|let|var)\s*[\[{]"):
        assert not re.search(missing, without_comments), missing
