"""CloudFront's functions, in Node: what an answer may stay for, and that CloudFront's own JavaScript runs them."""

import re
from typing import Any

import pytest

from stacks.delivery.distribution import edge_function
from support.aws.edge_functions import run

ACCEPT, VERSION, OF_AUTO = (
    edge_function("accept.js"),
    edge_function("version.js"),
    edge_function("version.js", is_of_auto=True),
)
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
    result = run(VERSION, event)
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

    request = {"uri": "/thumb/cat.jpg.webp", "querystring": {"v": {"value": ETAG}}, "headers": {}}

    result = run(VERSION, {"request": request, "response": response})

    assert result == response | {"headers": headers | {"cache-control": {"value": FOR_GOOD}}}


def test_a_url_of_several_files_names_the_versions_of_all_and_any_of_them_stays() -> None:
    assert answered({"value": f"avif.{ETAG}.jpeg"}, {"etag": f'"{ETAG}"', "cache-control": SHORT}) == FOR_GOOD
    assert answered({"value": "avif.webp.jpeg"}, {"etag": f'"{ETAG}"', "cache-control": SHORT}) == SHORT


def test_an_empty_etag_is_no_version() -> None:
    assert answered({"value": "."}, {"etag": '""', "cache-control": SHORT}) == SHORT


@pytest.mark.parametrize(
    ("code", "vary", "told"),
    [
        (OF_AUTO, None, "Accept"),
        (OF_AUTO, "Origin", "Origin, Accept"),
        (VERSION, None, None),
        (VERSION, "Origin", "Origin"),
    ],
)
def test_only_what_accept_has_chosen_varies_by_it(code: str, vary: str | None, told: str | None) -> None:
    answer = {"vary": {"value": vary}} if vary else {}
    event = {"request": {"querystring": {}}, "response": {"statusCode": 200, "headers": answer}}

    assert run(code, event)["headers"].get("vary", {}).get("value") == told


def test_an_answer_to_a_url_of_several_files_stays_like_any_other() -> None:
    headers = {"etag": {"value": f'"{ETAG}"'}}
    event = {"request": {"querystring": {"v": {"value": f"{ETAG}.b.c"}}}, "response": {"headers": headers}}

    assert run(OF_AUTO, event)["headers"]["cache-control"] == {"value": FOR_GOOD}


def asked_for(accept: dict[str, Any] | None, uri: str = "/thumb/cat.jpg.auto") -> str:
    """The path that the bucket is asked for."""
    headers = {"accept": accept} if accept else {}
    result = run(ACCEPT, {"request": {"method": "GET", "uri": uri, "querystring": {}, "headers": headers}})
    return str(result["uri"])


@pytest.mark.parametrize(
    ("accept", "extension"),
    [
        # What Chrome, Firefox, Safari before 14, curl and a crawler send for a picture.
        ("image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8", "avif"),
        ("image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5", "avif"),
        ("image/png,image/svg+xml,image/*;q=0.8,video/*;q=0.8,*/*;q=0.5", "jpeg"),
        ("*/*", "jpeg"),
        ("image/jpeg", "jpeg"),
        ("image/webp", "webp"),
        ("IMAGE/WEBP ; Q=0.9 , image/avif;q=0", "webp"),
        ("image/avif;q=0.1, image/webp;q=0.9", "webp"),
        ("image/avif;q=nonsense", "jpeg"),
        ("image/avifx, xximage/webp", "jpeg"),
        (",;,=", "jpeg"),
        ("", "jpeg"),
    ],
)
def test_the_file_is_chosen_by_what_the_client_reads(accept: str, extension: str) -> None:
    assert asked_for({"value": accept}) == f"/thumb/cat.jpg.{extension}"


def test_a_client_that_says_nothing_gets_what_is_read_everywhere() -> None:
    assert asked_for(None) == "/thumb/cat.jpg.jpeg"


def test_a_header_that_came_in_pieces_is_read_whole() -> None:
    pieces = {"value": "image/png", "multiValue": [{"value": "image/png"}, {"value": "image/webp"}]}

    assert asked_for(pieces) == "/thumb/cat.jpg.webp"


@pytest.mark.parametrize(
    ("uri", "rewritten"),
    [
        ("/thumb/a%20b+c%25.auto.auto", "/thumb/a%20b+c%25.auto.webp"),
        ("/auto/auto.jpg.auto", "/auto/auto.jpg.webp"),
    ],
)
def test_only_the_end_of_the_path_is_rewritten(uri: str, rewritten: str) -> None:
    assert asked_for({"value": "image/webp"}, uri) == rewritten


@pytest.mark.parametrize("code", [ACCEPT, VERSION, OF_AUTO])
def test_a_function_is_small_enough_and_asks_for_nothing_that_cloudfront_has_not(code: str) -> None:
    """docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-javascript-runtime-20.html."""
    without_comments = re.sub(r"//.*", "", code)

    assert len(code.encode()) < 10_000
    assert "function handler(event)" in code
    for missing in (r"\bimport\b", r"\brequire\b", r"\beval\b", r"\bclass\b", r"\?\.", r"(const|let|var)\s*[\[{]"):
        assert not re.search(missing, without_comments), missing
