"""Who reaches the emulator: whoever has this start's keys, and no web page."""

import json
import logging
from datetime import UTC, datetime, timedelta

import pytest

from darkroom.local.access_keys import AccessKeys
from support.aws.guarded_application import HOST, KEYS, PORT, Asked, answer_to, presigned, signed

UNSIGNED = Asked()
QUERY = "application/x-www-form-urlencoded"


def test_who_has_the_keys_is_let_in_with_the_very_body() -> None:
    answer = answer_to(signed("PUT", body=b"an image"))

    assert (answer.status, answer.taken) == (200, [b"an image"])


@pytest.mark.parametrize("service", ["s3", "sqs", "lambda", "cloudformation"])
@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/uploads/a%20b%2Bc%C3%BC~%21%27%28%29%2A%26%3D%40%3A%2C%3B%24.jpg",
        "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A0%3Afunction%3Aa/invocations",
        "/uploads?list-type=2&prefix=a%20b%2F&delimiter=%2F&empty=&uploads",
        "/uploads/key?versionId=a%2Bb&partNumber=10&partNumber=9",
    ],
)
def test_whatever_is_asked_for_is_let_in_as_botocore_signs_it(target: str, service: str) -> None:
    asked = signed("POST", target, service=service, body=b"{}", headers={"Content-Type": "text/x", "X-Amz-Target": "a"})

    assert answer_to(asked).was_let_in


def test_a_key_with_dots_and_empty_parts_is_a_key_of_s3() -> None:
    assert answer_to(signed("PUT", "/uploads/a//../b/./c")).was_let_in


@pytest.mark.parametrize("target", ["/a//b", "/a/../b", "/a/.", "//a"])
def test_but_no_path_of_any_other_service(target: str) -> None:
    assert answer_to(signed("GET", target, service="lambda")).status == 403


@pytest.mark.parametrize(
    "host",
    [
        HOST,
        f"localhost:{PORT}",
        f"LOCALHOST:{PORT}",
        f"[::1]:{PORT}",
        f"uploads.s3.localhost:{PORT}",
        f"uploads.localhost:{PORT}",
    ],
)
def test_its_own_names_are_answered(host: str) -> None:
    assert answer_to(signed(host=host)).was_let_in


@pytest.mark.parametrize(
    "host",
    [
        "",
        f"rebound.evil.example:{PORT}",
        f"127.0.0.1.evil.example:{PORT}",
        f"localhost.evil.example:{PORT}",
        f"evillocalhost:{PORT}",
        f"localhost.:{PORT}",
        f"127.0.0.1.:{PORT}",
        f".localhost:{PORT}",
        f"evil.example@127.0.0.1:{PORT}",
        f"127.0.0.1:{PORT}@evil.example",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:80",
        "127.0.0.1:45660",
        f"127.0.0.1:{PORT}, evil.example",
        f"127.0.0.2:{PORT}",
        f"0.0.0.0:{PORT}",
        f"127.1:{PORT}",
        f"2130706433:{PORT}",
        f"::1:{PORT}",
        f"[::ffff:127.0.0.1]:{PORT}",
        f"[0:0:0:0:0:0:0:1]:{PORT}",
        f"localhost.localstack.cloud:{PORT}",
    ],
)
def test_no_other_host_is_even_for_whoever_has_the_keys(host: str) -> None:
    answer = answer_to(signed(host=host or "nobody").but(("Host", host)))

    assert (answer.status, answer.was_let_in) == (403, False)
    assert b"This is no address of the emulator." in answer.body


@pytest.mark.parametrize("extra", [HOST, f"evil.example:{PORT}"])
def test_two_hosts_are_none(extra: str) -> None:
    assert answer_to(signed().also(("Host", extra))).status == 403


def test_no_host_is_none() -> None:
    assert answer_to(signed().without("host")).status == 403


@pytest.mark.parametrize(("scheme", "port"), [("http", 80), ("https", 443)])
def test_where_its_port_is_the_usual_one_clients_leave_it_out(scheme: str, port: int) -> None:
    assert answer_to(signed(host="127.0.0.1"), scheme=scheme, port=port).was_let_in
    assert answer_to(signed(host="127.0.0.1"), scheme=scheme, port=port + 1).status == 403


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "", "http://127.0.0.1:3000", f"https://{HOST}", f"http://{HOST}/"]
)
def test_a_page_of_another_origin_is_refused_even_with_the_keys(origin: str) -> None:
    assert answer_to(signed().also(("Origin", origin))).status == 403
    assert answer_to(signed().also(("Origin", f"http://{HOST}"), ("Origin", origin))).status == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site", "", "unheard-of"])
def test_a_page_of_another_site_is_refused_even_with_the_keys(site: str) -> None:
    assert answer_to(signed().also(("Sec-Fetch-Site", site))).status == 403
    assert answer_to(signed().also(("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", site))).status == 403


def test_a_person_can_open_a_presigned_address() -> None:
    assert answer_to(presigned().also(("Sec-Fetch-Site", "none"))).was_let_in


def test_a_page_of_its_own_origin_needs_the_keys_as_everyone_does() -> None:
    own = (("Origin", f"http://{HOST}"), ("Sec-Fetch-Site", "same-origin"))

    assert answer_to(signed().also(*own)).was_let_in
    assert answer_to(UNSIGNED.also(*own)).status == 403


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "POST", "DELETE", "PATCH"])
@pytest.mark.parametrize(
    "target", ["/", "/uploads", "/uploads/a", "/?Action=CreateQueue&QueueName=a", "/_ministack/health", "/health"]
)
def test_nothing_is_answered_that_is_not_signed(method: str, target: str) -> None:
    answer = answer_to(Asked(method=method, target=target))

    assert (answer.status, answer.was_let_in) == (403, False)
    assert answer.body == b"" or b"<Code>MissingAuthenticationToken</Code>" in answer.body


@pytest.mark.parametrize(
    "keys",
    [
        AccessKeys("test", "test"),
        AccessKeys(KEYS.id, "test"),
        AccessKeys("test", KEYS.secret),
        AccessKeys("000000000000", "test"),
        AccessKeys(KEYS.id.lower(), KEYS.secret),
        AccessKeys.random(),
    ],
)
def test_no_other_keys_are_good(keys: AccessKeys) -> None:
    assert answer_to(signed(keys=keys)).status == 403
    assert answer_to(presigned(keys=keys)).status == 403


ANSWER = Asked(
    method="PUT", target="/_ministack/cfn-response/51af3dc0-da77-41e4-872e-1234567db123", body=b'{"Status": "SUCCESS"}'
)


def test_a_function_answers_cloudformation_at_an_address_that_nobody_can_guess() -> None:
    assert answer_to(ANSWER).taken == [ANSWER.body]


@pytest.mark.parametrize(
    "changed",
    [
        ANSWER.but(method="POST"),
        ANSWER.but(method="GET"),
        ANSWER.but(target=f"{ANSWER.target}?Action=CreateUser"),
        ANSWER.but(target=f"{ANSWER.target}/../../uploads/cat.jpg"),
        ANSWER.but(target=f"/uploads{ANSWER.target}"),
        ANSWER.but(target="/_ministack/cfn-response/1"),
        ANSWER.but(target=ANSWER.target.replace("cfn-response", "config")),
        ANSWER.but(("Host", f"uploads.localhost:{PORT}")),
        ANSWER.but(("Host", f"evil.example:{PORT}")),
        ANSWER.also(("Origin", "https://evil.example")),
        ANSWER.also(("Sec-Fetch-Site", "cross-site")),
        ANSWER.also(("X-Amz-Target", "AWSLambda.Invoke")),
        ANSWER.also(("Authorization", "AWS4-HMAC-SHA256 Credential=a/b/c/s3/aws4_request")),
    ],
)
def test_and_nothing_else_is_done_there(changed: Asked) -> None:
    assert answer_to(changed).status == 403


SIGNED = signed("PUT", "/uploads/cat.jpg?tagging", body=b"an image", headers={"X-Amz-Acl": "private"})


@pytest.mark.parametrize(
    "changed",
    [
        SIGNED.but(method="DELETE"),
        SIGNED.but(target="/uploads/dog.jpg?tagging"),
        SIGNED.but(target="/uploads/cat.jpg"),
        SIGNED.but(target="/uploads/cat.jpg?tagging&versionId=a"),
        SIGNED.but(body=b"another"),
        SIGNED.but(("X-Amz-Acl", "public-read")),
        SIGNED.also(("X-Amz-Acl", "public-read")),
        SIGNED.also(("X-Amz-Copy-Source", "/private/a")),
        SIGNED.also(("X-Amz-Target", "AWSLambda.Invoke")),
        SIGNED.also(("X-Ministack-Invoke-Depth", "0")),
        SIGNED.without("x-amz-date"),
        SIGNED.without("x-amz-content-sha256"),
        SIGNED.but(("Host", f"localhost:{PORT}")),
        SIGNED.also(("Authorization", "AWS4-HMAC-SHA256 Credential=a/b/c/s3/aws4_request")),
        SIGNED.but(("Authorization", "Basic dGVzdDp0ZXN0")),
        SIGNED.but(("Authorization", f"AWS {KEYS.id}:signature")),
        SIGNED.but(("Authorization", "AWS4-HMAC-SHA256")),
        SIGNED.but(("Authorization", "\u00e4")),
    ],
)
def test_a_signature_is_for_one_request_alone(changed: Asked) -> None:
    assert answer_to(SIGNED).was_let_in
    assert answer_to(changed).status == 403


@pytest.mark.parametrize("payload", ["UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"])
def test_a_body_that_its_sender_did_not_sign_is_taken_as_it_comes(payload: str) -> None:
    # botocore leaves the header's signature to whoever sets it before.
    asked = signed("PUT", service="sqs", headers={"X-Amz-Content-SHA256": payload}, body=b"in pieces")

    assert answer_to(asked).taken == [b"in pieces"]
    assert answer_to(asked.but(("X-Amz-Content-SHA256", "UNSIGNED"))).status == 403


def test_a_signature_is_for_a_quarter_of_an_hour() -> None:
    now = datetime.now(UTC)
    asked = signed()

    ages = [-16, -14, 0, 14, 16]
    assert [answer_to(asked, now=now + timedelta(minutes=age)).was_let_in for age in ages] == [
        False,
        True,
        True,
        True,
        False,
    ]


URL = presigned("GET", "/uploads/cat.jpg?versionId=a")


@pytest.mark.parametrize(
    "changed",
    [
        URL.but(method="PUT"),
        URL.but(method="DELETE"),
        URL.but(target=URL.target.replace("cat", "dog")),
        URL.but(target=URL.target.replace("/cat", "/x/../cat")),
        URL.but(target=URL.target.replace("cat.jpg", "cat.jpg%23")),
        URL.but(target=URL.target.replace("cat.jpg", "cat.jpg#")),
        URL.but(target=URL.target.replace("versionId=a", "versionId=b")),
        URL.but(target=URL.target.replace("versionId=a&", "")),
        URL.but(target=f"{URL.target}&Action=CreateUser"),
        URL.but(target=f"{URL.target}&acl"),
        URL.but(target=URL.target.replace("X-Amz-Expires=86400", "X-Amz-Expires=86401")),
        URL.but(target=f"{URL.target}&x-amz-credential=test"),
        URL.but(target=f"{URL.target}&X-Amz-Signature={'0' * 64}"),
        URL.also(("X-Amz-Target", "AmazonSQS.CreateQueue")),
        URL.also(("X-Amz-Copy-Source", "/private/a")),
        URL.also(("Authorization", f"AWS4-HMAC-SHA256 Credential={KEYS.id}/20260101/us-east-1/iam/aws4_request")),
        URL.also(("Content-Type", "application/x-www-form-urlencoded")).but(body=b"Action=CreateUser&UserName=a"),
    ],
)
def test_a_presigned_address_is_a_key_for_nothing_else(changed: Asked) -> None:
    assert answer_to(URL).was_let_in
    assert answer_to(changed).status == 403


def test_a_presigned_address_ends_when_it_says() -> None:
    now = datetime.now(UTC)
    asked = presigned(expires=3600)

    assert [answer_to(asked, now=now + timedelta(minutes=age)).was_let_in for age in (-16, 0, 59, 61)] == [
        False,
        True,
        True,
        False,
    ]
    assert answer_to(presigned(expires=604_801)).status == 403


def test_a_presigned_upload_takes_any_body() -> None:
    assert answer_to(presigned("PUT").but(("Content-Type", "image/jpeg"), body=b"an image")).taken == [b"an image"]


def test_an_older_signature_is_refused_and_told_which_is_not() -> None:
    answer = answer_to(Asked(target=f"/uploads/cat.jpg?AWSAccessKeyId={KEYS.id}&Signature=abc&Expires=1999999999"))

    assert answer.status == 403
    assert b"boto3 does with signature_version='s3v4'" in answer.body


@pytest.mark.parametrize(
    ("changed", "is_let_in"),
    [
        (signed(), True),
        (presigned(service="iotdevicegateway"), True),
        (UNSIGNED, False),
        (signed().also(("Origin", "https://evil.example")), False),
        (signed().also(("Sec-Fetch-Site", "same-site")), False),
        (signed().but(("Host", f"evil.example:{PORT}")), False),
    ],
)
def test_a_websocket_is_judged_alike(changed: Asked, *, is_let_in: bool) -> None:
    assert answer_to(changed.but(kind="websocket")).was_let_in is is_let_in


def test_the_servers_own_start_and_end_are_passed_on() -> None:
    assert answer_to(Asked(kind="lifespan")).was_let_in


@pytest.mark.parametrize(
    ("asked", "begins"),
    [
        (UNSIGNED, b"<?xml"),
        (signed(keys=AccessKeys.random()), b"<?xml"),
        (signed(service="lambda", keys=AccessKeys.random()), b"{"),
        (signed(service="iam", headers={"Content-Type": QUERY}).but(body=b"x"), b"<Error"),
        (Asked(method="HEAD"), b""),
    ],
)
def test_a_refusal_is_one_that_the_client_can_read(asked: Asked, begins: bytes) -> None:
    answer = answer_to(asked)

    assert (answer.status, answer.headers["content-length"]) == (403, str(len(answer.body)))
    assert answer.body.startswith(begins)
    assert "access-control-allow-origin" not in answer.headers
    if begins == b"{":
        assert json.loads(answer.body)["__type"] == answer.headers["x-amzn-errortype"] == "InvalidAccessKeyId"


def test_a_refusal_is_logged_on_one_line_without_what_could_be_a_key(caplog: pytest.LogCaptureFixture) -> None:
    url = presigned(target="/uploads/a%0Ab\u007f\u0000.jpg", keys=AccessKeys(KEYS.id, "another"))

    with caplog.at_level(logging.WARNING):
        answer_to(url.but(method="DELETE"))

    [line] = caplog.messages
    assert line.startswith("refused DELETE /uploads/a%0Ab??.jpg: SignatureDoesNotMatch: ")
    assert KEYS.id not in line
    assert "Signature=" not in line
