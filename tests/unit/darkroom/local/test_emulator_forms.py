"""The one request that any page may make the emulator: the form of `darkroom link`, and exactly that."""

from collections.abc import Mapping, Sequence

import boto3
import pytest
import urllib3
from botocore.config import Config

from support.aws.guarded_application import HOST, KEYS, PORT, Asked, answer_to

FORM = "multipart/form-data; boundary=frontier"


def form(
    fields: Mapping[str, str] | None = None,
    *,
    secret: str = KEYS.secret,
    target: str = "/uploads",
    content: bytes = b"an image",
    last: Sequence[tuple[str, str]] = (),
) -> Asked:
    """What a visitor's browser sends for a link that was signed with a secret, from a file that they opened."""
    session = boto3.Session(KEYS.id, secret, region_name="us-east-1")
    s3 = session.client("s3", endpoint_url=f"http://{HOST}", config=Config(signature_version="s3v4"))
    post = s3.generate_presigned_post("uploads", "cat.jpg")
    parts = [*{**post["fields"], **(fields or {})}.items(), ("file", ("cat.jpg", content)), *last]
    body, content_type = urllib3.encode_multipart_formdata(parts, "frontier")
    page = (("Origin", "null"), ("Sec-Fetch-Site", "cross-site"), ("Content-Type", content_type), ("Host", HOST))
    return Asked(method="POST", target=target, headers=page, body=body)


LARGE = bytes(1_000_000)


def test_a_large_form_is_taken_whole() -> None:
    asked = form(content=LARGE)

    assert answer_to(asked).taken == [asked.body]


def test_of_a_form_that_nobody_signed_little_is_read() -> None:
    answer = answer_to(form(secret="test", content=LARGE))

    assert answer.status == 403
    assert answer.unread > 900_000


@pytest.mark.parametrize("field", [("policy", "e30="), ("X-Amz-Credential", "test/20260101/us-east-1/s3/aws4_request")])
def test_fields_behind_the_file_are_not_passed_over(field: tuple[str, str]) -> None:
    assert answer_to(form(content=LARGE, last=[field])).status == 403


def preflight(*, method: str = "OPTIONS", target: str = "/uploads", asks: str = "POST", host: str = HOST) -> Asked:
    """What a browser asks before it sends a form that a script watches."""
    headers = (("Origin", "null"), ("Access-Control-Request-Method", asks), ("Host", host))
    return Asked(method=method, target=target, headers=headers, body=b"")


def test_a_browser_may_ask_the_bucket_before_it_sends_a_form() -> None:
    assert answer_to(preflight()).taken == [b""]


@pytest.mark.parametrize(
    "asked",
    [
        preflight(asks="PUT"),
        preflight(asks=""),
        preflight(method="GET"),
        preflight(target="/"),
        preflight(target="/uploads/cat.jpg"),
        preflight(target="/uploads?cors"),
        preflight(host=f"sqs.localhost:{PORT}"),
    ],
)
def test_nothing_else_may_be_asked_so(asked: Asked) -> None:
    answer = answer_to(asked)

    assert (answer.status, answer.taken) == (403, [])


def test_why_a_form_is_refused_may_be_read_by_its_page_and_nothing_else() -> None:
    refused, other = answer_to(form(secret="test")), answer_to(preflight(asks="PUT"))

    assert refused.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-origin" not in other.headers


@pytest.mark.parametrize("target", ["/uploads", "/uploads/"])
def test_a_form_with_a_signed_policy_comes_from_anywhere(target: str) -> None:
    asked = form(target=target)

    assert answer_to(asked).taken == [asked.body]


@pytest.mark.parametrize("target", ["/", "/uploads"])
@pytest.mark.parametrize("name", ["cloudformation.us-east-1.localhost", "lambda.s3.localhost", "uploads.s3.localhost"])
def test_a_form_reaches_no_service_by_its_name(name: str, target: str) -> None:
    """The emulator goes by the name before the path, and no other service holds a form to its policy."""
    assert answer_to(form(target=target).but(("Host", f"{name}:{PORT}"))).status == 403


@pytest.mark.parametrize(
    "changed",
    [
        form(secret="test"),
        form({"x-amz-signature": "0" * 64}),
        form({"x-amz-signature": "\u00e4"}),
        form({"x-amz-credential": "test/20260101/us-east-1/s3/aws4_request"}),
        form({"x-amz-credential": "test"}),
        form({"x-amz-algorithm": "AWS4-ECDSA-P256-SHA256"}),
        form({"policy": "e30="}),
        form({"policy": ""}),
        form().but(method="PUT"),
        form(target="/"),
        form().but(target="/uploads?acl"),
        form().but(target="/uploads/cat.jpg"),
        form().but(target="/2015-03-31/functions"),
        form().but(target="/Execute"),
        form().but(target="/_ministack/reset"),
        form().but(("Host", f"evil.example:{PORT}")),
        form().but(("Content-Type", FORM.replace("multipart/form-data", "text/plain"))),
        form().but(("Content-Type", FORM.replace("multipart/form-data", "multipart/mixed"))),
        form().but(("Content-Type", "application/x-www-form-urlencoded")),
        form().also(("Content-Type", "text/plain")),
        form().also(("X-Amz-Target", "AmazonSQS.CreateQueue")),
        form().also(("X-Ministack-Rds-Capability", "a")),
        form().also(("Authorization", "AWS4-HMAC-SHA256 Credential=a")),
        form().but(body=b"no form at all"),
        form().but(body=b""),
    ],
)
def test_a_form_is_let_in_for_that_alone(changed: Asked) -> None:
    answer = answer_to(changed)

    assert (answer.status, answer.was_let_in) == (403, False)
