"""Make a presigned POST for uploads without credentials."""

import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.config import Config

from contract.keys import MAX_KEY_BYTES
from darkroom.errors import UsageError, aws_errors
from darkroom.pipeline.client import Pipeline

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

# S3 puts the name of the visitor's file in its place:
# docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTForms.html
FILE_NAME = "${filename}"

# Left to itself, boto3 signs some of them as S3 no longer takes it for new buckets, and sends them to the global
# address, which redirects: no form follows that with its file.
_SIGNATURE = Config(signature_version="s3v4")
_REGIONAL = Config(s3={"us_east_1_regional_endpoint": "regional", "addressing_style": "virtual"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Where a form is posted to, with which fields, until when.

    `key` may end with `${filename}`. `watched_fields` are for a script that goes to `redirect` itself: it could not see
    the end of an upload that S3 redirects.
    """

    url: str
    fields: dict[str, str]
    watched_fields: dict[str, str]
    key: str
    max_bytes: int
    expires: datetime
    dies_with_session: bool
    redirect: str | None = None

    def to_json(self) -> str:
        """Write what a program needs, on one line."""
        return json.dumps(
            {
                "url": self.url,
                "fields": self.fields,
                "key": self.key,
                "max_bytes": self.max_bytes,
                "expires": self.expires.isoformat(timespec="seconds"),
            }
        )


def key_pattern(key: str | None, prefix: str | None) -> str | None:
    """Say which key a link is to be for: one, or any file's name below a prefix.

    None where neither is given.

    Raises:
        UsageError: both are given, or it can be no key.
    """
    if key is not None and prefix is not None:
        raise UsageError(f"--key {key!r} and --prefix {prefix!r} say two things. Leave one out.")
    if key is not None:
        _check("--key", key, lowest=1, highest=MAX_KEY_BYTES)
        return key
    if prefix is not None:
        _check("--prefix", prefix, lowest=0, highest=MAX_KEY_BYTES - 1)  # leaves room for the shortest name
        return f"{prefix}{FILE_NAME}"
    return None


def new_key(prefix: str) -> str:
    """Make a key that nobody else has."""
    return f"{prefix}{uuid.uuid4().hex}"


def make_link(  # noqa: PLR0913 - a link says so much
    pipeline: Pipeline,
    key: str,
    *,
    max_bytes: int,
    valid_for: timedelta,
    redirect: str | None = None,
    now: datetime | None = None,
) -> Link:
    """Sign a link.

    No request is made, and S3 checks all of it when the form is posted.

    Raises:
        DarkroomError: the credentials could not be read.
    """
    # Made with the same clock as the signature, so never later than what S3 goes by.
    expires = (now or datetime.now(UTC)) + valid_for
    with aws_errors("Signing the link"):
        config = _SIGNATURE if pipeline.endpoint_url else _SIGNATURE.merge(_REGIONAL)
        s3: S3Client = pipeline.client("s3", config=config)

        def sign(fields: dict[str, str]) -> dict[str, Any]:
            return s3.generate_presigned_post(
                Bucket=pipeline.uploads_bucket,
                Key=key,
                Fields=dict(fields),
                Conditions=[["content-length-range", 1, max_bytes], *({name: fields[name]} for name in fields)],
                ExpiresIn=round(valid_for.total_seconds()),
            )

        watched = sign({})
        post = sign({"success_action_redirect": redirect}) if redirect else watched
        credentials = pipeline.session.get_credentials()
    return Link(
        url=post["url"],
        fields=dict(post["fields"]),
        watched_fields=dict(watched["fields"]),
        key=key,
        max_bytes=max_bytes,
        expires=expires,
        dies_with_session=credentials is not None and credentials.token is not None,
        redirect=redirect,
    )


def _check(option: str, text: str, *, lowest: int, highest: int) -> None:
    if FILE_NAME in text:
        raise UsageError(f"{option} {text!r} holds {FILE_NAME}. Use --prefix, which puts it at the end.")
    try:
        length = len(text.encode())
    except UnicodeEncodeError:
        raise UsageError(f"{option} {text!r} is not UTF-8, as every key is. Write it in UTF-8.") from None
    if not lowest <= length <= highest:
        raise UsageError(f"{option} {text!r} has {length} bytes. Give it {lowest} to {highest}.")
