"""Verify AWS Signature Version 4 of a request.

Source: docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html and, for what S3 does in its
own way, docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qsl, quote, unquote_to_bytes

ALGORITHM = "AWS4-HMAC-SHA256"
# What these say must be signed wherever they stand, or whoever has a presigned URL could make another request of it.
STEERING = ("x-amz-", "x-ministack-")

_TERMINATOR = "aws4_request"
_SCOPE_PARTS = 5
_TIMESTAMP = "%Y%m%dT%H%M%SZ"
_UNRESERVED = "-_.~"
_DIGEST = re.compile(r"[0-9a-f]{64}")
_UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
# A body in chunks, signed each or closed by a checksum. The headers' signature is the first of that chain, and the only
# one that is checked here: it tells who sends, and nobody stands between a client and loopback.
_STREAMED_PAYLOAD = re.compile(r"STREAMING-[A-Z0-9-]+")
# How far the clocks of client and server may be apart.
_SKEW = timedelta(minutes=15)
_LONGEST = timedelta(days=7)
_FORM = "application/x-www-form-urlencoded"
_QUERY_NAMES = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders")


class SignatureError(Exception):
    """A request is not signed as it must be; `code` is the one that AWS gives it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRequest:
    """What a signature is about.

    The path and the query as they were sent, and every header, in lower case.
    """

    method: str
    path: bytes
    query: str
    headers: tuple[tuple[str, str], ...]

    def values(self, name: str) -> list[str]:
        """Give what a header says, each time that it stands there."""
        return [value for each, value in self.headers if each == name]

    def value(self, name: str) -> str:
        """Give what a header says that may stand there once, or nothing.

        Raises:
            SignatureError: it stands there more than once.
        """
        values = self.values(name)
        if len(values) > 1:
            raise SignatureError("IncompleteSignature", f"The header {name} stands there {len(values)} times.")
        return values[0] if values else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What a request claims: who signed it, when, for what, and which headers.

    `token` is a session's.
    """

    access_key_id: str
    scope: tuple[str, str, str]  # date, region and service
    time: datetime
    signed_headers: tuple[str, ...]
    digest: str
    token: str
    lifetime: timedelta | None  # of a presigned URL

    @property
    def is_for_s3(self) -> bool:
        """Tell whether S3's own rules apply."""
        return self.scope[2] == "s3"

    def check_time(self, now: datetime) -> None:
        """Check that it is neither old nor of the future.

        Raises:
            SignatureError: it is.
        """
        if self.time > now + _SKEW or (self.lifetime is None and self.time < now - _SKEW):
            raise SignatureError("RequestTimeTooSkewed", "The request was signed at another time than now.")
        if self.lifetime is not None and self.time + self.lifetime <= now:
            raise SignatureError("AccessDenied", "Request has expired.")

    def payload(self, request: SignedRequest) -> str | None:
        """Say what was signed in place of the body.

        None where that is the body's own SHA-256, which is not told.
        """
        header = request.value("x-amz-content-sha256")
        if self.lifetime is not None and self.is_for_s3:
            return header or _UNSIGNED_PAYLOAD
        return header or None

    def check(self, request: SignedRequest, payload: str, secret: str) -> None:
        """Compute it anew.

        Raises:
            SignatureError: another secret made it, or it is of another request.
        """
        canonical = "\n".join(
            [
                request.method,
                _canonical_path(request.path, is_for_s3=self.is_for_s3),
                _canonical_query(request.query),
                *(f"{name}:{_canonical_values(request.values(name))}" for name in self.signed_headers),
                "",
                ";".join(self.signed_headers),
                payload,
            ]
        )
        text = "\n".join(
            [
                ALGORITHM,
                self.time.strftime(_TIMESTAMP),
                "/".join((*self.scope, _TERMINATOR)),
                hashlib.sha256(canonical.encode()).hexdigest(),
            ]
        )
        if not hmac.compare_digest(_digest(secret, self.scope, text).encode(), self.digest.encode()):
            raise SignatureError("SignatureDoesNotMatch", "The signature is not the one of this request and this key.")


def read_signature(request: SignedRequest) -> Signature:
    """Read what a request claims, in its headers or in its query string.

    Raises:
        SignatureError: it claims nothing, or not all that it must, or two things.
    """
    query = _query_fields(request.query)
    authorization = request.value("authorization")
    if authorization and query:
        raise SignatureError("InvalidRequest", "Only one way to sign a request can be used at once.")
    if query:
        signature = _from_query(query, request)
    elif authorization:
        signature = _from_headers(authorization, request)
    elif any(name == "AWSAccessKeyId" for name, _ in _pairs(request.query)):
        raise _other_algorithm()
    else:
        raise SignatureError("MissingAuthenticationToken", "The request is not signed.")
    _check_coverage(signature, request)
    return signature


def check_body(payload: str, digest: str) -> None:
    """Compare the SHA-256 of a body with the one that was signed for it.

    Raises:
        SignatureError: the body is another one.
    """
    if payload == _UNSIGNED_PAYLOAD or _STREAMED_PAYLOAD.fullmatch(payload):
        return
    if not _DIGEST.fullmatch(payload) or payload != digest:
        raise SignatureError("XAmzContentSHA256Mismatch", "The body is not the one that was signed.")


def is_body_signed(payload: str | None) -> bool:
    """Tell whether the body must be there for its signature to be checked."""
    return payload is None or _DIGEST.fullmatch(payload) is not None


def read_policy_signature(fields: Mapping[str, str]) -> tuple[str, str]:
    """Read who signed a form's policy: the access key id, and the token of a session.

    Raises:
        SignatureError: nobody did.
    """
    return _scope(fields.get("x-amz-credential", ""))[0], fields.get("x-amz-security-token", "")


def check_form_policy(fields: Mapping[str, str], secret: str) -> None:
    """Check the signature of a form's policy.

    What the policy says is checked by whoever takes the form.

    Source: docs.aws.amazon.com/AmazonS3/latest/API/sigv4-authentication-HTTPPOST.html

    Raises:
        SignatureError: another secret made it, or it is of another policy.
    """
    if fields.get("x-amz-algorithm") != ALGORITHM or not fields.get("policy"):
        raise SignatureError("InvalidArgument", "The form has no policy that is signed with version 4.")
    _, scope = _scope(fields.get("x-amz-credential", ""))
    digest = _digest(secret, scope, fields["policy"])
    if not hmac.compare_digest(digest.encode(), fields.get("x-amz-signature", "").encode()):
        raise SignatureError("SignatureDoesNotMatch", "The signature is not the one of this policy and this key.")


def _other_algorithm() -> SignatureError:
    # Left to itself, boto3 presigns for us-east-1 with version 2, which S3 does not take for new buckets.
    return SignatureError("InvalidRequest", f"Sign with {ALGORITHM}; boto3 does with signature_version='s3v4'.")


def _query_fields(query: str) -> dict[str, str]:
    """Find what a query string says of a signature, each thing once and spelled as AWS does."""
    pairs = [(name, value) for name, value in _pairs(query) if name.lower().startswith("x-amz-")]
    names = [name.lower() for name, _ in pairs]
    if "x-amz-signature" not in names and "x-amz-credential" not in names:
        return {}
    fields = dict(pairs)
    if len(set(names)) < len(names) or any(name not in fields for name in (*_QUERY_NAMES, "X-Amz-Signature")):
        raise SignatureError("AuthorizationQueryParametersError", "The query string is not signed as AWS does it.")
    return fields


def _from_query(fields: Mapping[str, str], request: SignedRequest) -> Signature:
    if fields["X-Amz-Algorithm"] != ALGORITHM:
        raise _other_algorithm()
    if not re.fullmatch(r"[0-9]{1,6}", fields["X-Amz-Expires"]):
        raise SignatureError("AuthorizationQueryParametersError", "X-Amz-Expires is no number of seconds.")
    if request.value("content-type").lower().startswith(_FORM):
        raise SignatureError("InvalidRequest", f"A presigned URL takes no body of the type {_FORM}.")
    lifetime = timedelta(seconds=int(fields["X-Amz-Expires"]))
    if not timedelta(0) < lifetime <= _LONGEST:
        raise SignatureError("AuthorizationQueryParametersError", "X-Amz-Expires is from one second to a week.")
    access_key_id, scope = _scope(fields["X-Amz-Credential"])
    return Signature(
        access_key_id=access_key_id,
        scope=scope,
        time=_time(fields["X-Amz-Date"], scope[0]),
        signed_headers=tuple(fields["X-Amz-SignedHeaders"].split(";")),
        digest=fields["X-Amz-Signature"],
        token=fields.get("X-Amz-Security-Token", ""),
        lifetime=lifetime,
    )


def _from_headers(authorization: str, request: SignedRequest) -> Signature:
    algorithm, _, rest = authorization.partition(" ")
    if algorithm != ALGORITHM:
        raise _other_algorithm()
    fields = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    if set(fields) != {"Credential", "SignedHeaders", "Signature"}:
        raise SignatureError("IncompleteSignature", "The header Authorization does not have what AWS asks for.")
    access_key_id, scope = _scope(fields["Credential"])
    header = request.value("x-amz-date")
    return Signature(
        access_key_id=access_key_id,
        scope=scope,
        time=_time(header or _of_date(request.value("date")), scope[0]),
        signed_headers=tuple(fields["SignedHeaders"].split(";")),
        digest=fields["Signature"],
        token=request.value("x-amz-security-token"),
        lifetime=None,
    )


def _check_coverage(signature: Signature, request: SignedRequest) -> None:
    """See that whatever steers a request was signed."""
    signed = set(signature.signed_headers)
    steering = {name for name, _ in request.headers if name.startswith(STEERING)}
    if signature.lifetime is None and not request.value("x-amz-date"):
        steering.add("date")
    if missing := sorted((steering | {"host"}) - signed):
        raise SignatureError("AccessDenied", f"Not signed, and must be: {', '.join(missing)}.")
    if list(signature.signed_headers) != sorted(signed):
        raise SignatureError("IncompleteSignature", "The signed headers are not in their order.")
    _, *parts = request.path.split(b"/")
    if not signature.is_for_s3 and (b"" in parts[:-1] or {b".", b".."} & set(parts)):
        raise SignatureError("AccessDenied", "A path of this service has no empty and no dotted parts.")


def _scope(credential: str) -> tuple[str, tuple[str, str, str]]:
    parts = credential.split("/")
    if len(parts) != _SCOPE_PARTS or not all(parts) or parts[-1] != _TERMINATOR:
        raise SignatureError("IncompleteSignature", "The credential is no key, date, region, service and aws4_request.")
    access_key_id, date, region, service, _ = parts
    return access_key_id, (date, region, service)


def _time(timestamp: str, date: str) -> datetime:
    try:
        time = datetime.strptime(timestamp, _TIMESTAMP).replace(tzinfo=UTC)
    except ValueError:
        raise SignatureError("IncompleteSignature", "The request does not say when it was signed.") from None
    if time.strftime(_TIMESTAMP) != timestamp or timestamp[:8] != date:
        raise SignatureError("IncompleteSignature", "The credential's date is not the one of the request.")
    return time


def _of_date(date: str) -> str:
    try:
        return parsedate_to_datetime(date).astimezone(UTC).strftime(_TIMESTAMP)
    except (TypeError, ValueError):
        return ""


def _canonical_path(path: bytes, *, is_for_s3: bool) -> str:
    """S3 takes a path as it is meant; every other service encodes what was sent once more."""
    return quote(unquote_to_bytes(path) if is_for_s3 else path, safe=f"/{_UNRESERVED}")


def _canonical_query(query: str) -> str:
    pairs = [(quote(name, safe=_UNRESERVED), quote(value, safe=_UNRESERVED)) for name, value in _pairs(query)]
    return "&".join(f"{name}={value}" for name, value in sorted(pairs) if name != "X-Amz-Signature")


def _pairs(query: str) -> list[tuple[str, str]]:
    return parse_qsl(query, keep_blank_values=True)


def _canonical_values(values: list[str]) -> str:
    return ",".join(" ".join(value.split()) for value in values)


def _digest(secret: str, scope: tuple[str, str, str], text: str) -> str:
    key = f"AWS4{secret}".encode()
    for part in (*scope, _TERMINATOR, text):
        key = hmac.digest(key, part.encode(), "sha256")
    return key.hex()
