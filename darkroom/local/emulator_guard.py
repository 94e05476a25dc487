"""Authenticate requests to the emulator, and refuse web pages.

On loopback the emulator is reached by every page that its user's browser shows, and whoever reaches it can have code
run: it runs functions. So each request must name this machine, must not come from a page of another origin, and must be
signed. Each of the three is enough to be refused.
"""

import hashlib
import html
import json
import logging
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TypeAlias
from urllib.parse import quote

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from darkroom.local.signature import (
    STEERING,
    SignatureError,
    SignedRequest,
    check_body,
    check_form_policy,
    is_body_signed,
    read_policy_signature,
    read_signature,
)

# The secret of an access key id and a session's token; None where there is no such key.
SecretOf: TypeAlias = Callable[[str, str], str | None]
# The fields of a form, of its content type and its bytes, as the emulator itself reads them: names in lower case.
FormReader: TypeAlias = Callable[[str, bytes], Mapping[str, str]]

_LOG = logging.getLogger("darkroom.local.emulator_guard")

# Names of this machine that no DNS server has a say in; browsers resolve all that ends with ".localhost" themselves:
# https://www.rfc-editor.org/rfc/rfc6761#section-6.3
_HOST = re.compile(r"(?:127\.0\.0\.1|\[::1\]|(?P<prefix>(?:[a-z0-9-]+\.)*)localhost)(?::(?P<port>[0-9]{1,5}))?")
# What a browser says of a request that a page of this very origin made, or a person who typed an address:
# https://www.w3.org/TR/fetch-metadata/
_OWN_SITES = {"same-origin", "none"}
# docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_BUCKET_ROOT = re.compile(rb"/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/?")
# Where a function of a stack puts its answer to the emulator's CloudFormation. Like the presigned address that AWS
# gives, it has no other signature than what nobody can guess: a random UUID (RFC 9562), good for one answer.
_ANSWER_TO_CLOUDFORMATION = re.compile(
    rb"/_ministack/cfn-response/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
)
_DEFAULT_PORTS = {"http": 80, "https": 443}
# S3 allows 20 kB of fields: docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTForms.html
_FIELDS_BYTES = 64 * 1024
_FORM = "multipart/form-data"
_QUERY_PROTOCOL = "application/x-www-form-urlencoded"
_LOGGED_CHARACTERS = 200
_POLICY_VIOLATION = 1008  # https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1


class HungUpError(Exception):
    """A client went away before all of its request had come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Where the emulator answers, whose keys it knows, and how it reads a form."""

    scheme: str
    port: int
    secret_of: SecretOf
    read_form: FormReader
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)


class EmulatorGuard:
    """The emulator's application, behind checks of each request.

    https://asgi.readthedocs.io/en/latest/specs/main.html.
    """

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self._app = app
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        request = _request(scope)
        body = _no_body if scope["type"] == "websocket" else receive
        try:
            unread = await self._admit(request, body)
        except SignatureError as error:
            _LOG.warning("refused %s %s: %s: %s", *_shown(request), error.code, error)
            await _refuse(scope, request, error, send)
        except HungUpError:
            return
        else:
            await self._app(scope, receive if body is _no_body else unread, send)

    async def _admit(self, request: SignedRequest, receive: Receive) -> Receive:
        """Check a request; what is returned gives its body, which may have been read here."""
        is_prefixed = self._check_host(request)
        if _is_preflight(request) and not is_prefixed:
            return receive
        if _is_form(request) and not is_prefixed:
            return _again(await self._read_form(request.value("content-type"), receive), receive)
        self._check_page(request)
        if _is_answer_to_cloudformation(request) and not is_prefixed:
            return receive
        signature = read_signature(request)
        signature.check_time(self._gate.clock())
        secret = self._secret(signature.access_key_id, signature.token)
        payload = signature.payload(request)
        if payload is not None:
            signature.check(request, payload, secret)  # before a body is read that nobody may send
        if not is_body_signed(payload):
            return receive
        body, _ = await _read(receive)
        digest = hashlib.sha256(body).hexdigest()
        if payload is None:
            signature.check(request, digest, secret)
        else:
            check_body(payload, digest)
        return _again(body, receive)

    def _check_host(self, request: SignedRequest) -> bool:
        """See that this machine is meant, and tell whether the name begins with that of a bucket, or of a service."""
        host = _HOST.fullmatch(request.value("host").lower())
        default = _DEFAULT_PORTS[self._gate.scheme]
        if host is None or int(host["port"] or default) != self._gate.port:
            raise SignatureError("AccessDenied", "This is no address of the emulator.")
        return bool(host["prefix"])

    def _check_page(self, request: SignedRequest) -> None:
        """Refuse what a page of another origin asks for, be it one of this machine."""
        own = f"{self._gate.scheme}://{request.value('host').lower()}"
        if any(origin.lower() != own for origin in request.values("origin")):
            raise SignatureError("AccessDenied", "A page of another origin asks.")
        if not set(request.values("sec-fetch-site")) <= _OWN_SITES:
            raise SignatureError("AccessDenied", "A page of another site asks.")

    async def _read_form(self, content_type: str, receive: Receive) -> bytes:
        """Take a form; no more of it than the fields before its file, unless those are signed."""
        body, is_whole = await _read(receive, enough=_FIELDS_BYTES)
        self._check_form(content_type, body)
        if is_whole:
            return body
        rest, _ = await _read(receive)
        body += rest
        self._check_form(content_type, body)  # as the emulator also counts the fields behind the file
        return body

    def _check_form(self, content_type: str, body: bytes) -> None:
        """See that its policy is signed: a form may come from anywhere, and the emulator holds it to its policy."""
        fields = self._gate.read_form(content_type, body)
        check_form_policy(fields, self._secret(*read_policy_signature(fields)))

    def _secret(self, access_key_id: str, token: str) -> str:
        secret = self._gate.secret_of(access_key_id, token)
        if secret is None:
            raise SignatureError("InvalidAccessKeyId", "This access key is not one of this start of the emulator.")
        return secret


def _request(scope: Scope) -> SignedRequest:
    return SignedRequest(
        method=scope.get("method", "GET"),  # a WebSocket begins with one
        path=scope.get("raw_path") or quote(scope["path"]).encode(),
        query=scope["query_string"].decode("latin-1"),
        headers=tuple((name.decode("latin-1").lower(), _text(value)) for name, value in scope["headers"]),
    )


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _is_form(request: SignedRequest) -> bool:
    """Tell whether it is an upload that a form makes to a bucket's path, and nothing besides.

    A name before "localhost" could be a service's: the emulator would take the form for a call of CloudFormation, say.
    """
    steering = [name for name, _ in request.headers if name == "authorization" or name.startswith(STEERING)]
    return (
        request.method == "POST"
        and request.value("content-type").partition(";")[0].strip().lower() == _FORM
        and not request.query
        and not steering
        and _BUCKET_ROOT.fullmatch(request.path) is not None
    )


def _is_preflight(request: SignedRequest) -> bool:
    """Tell whether a browser asks, before it sends such a form, what the bucket's CORS rules say: it has no signature.

    Source: https://fetch.spec.whatwg.org/#cors-preflight-request
    """
    return (
        request.method == "OPTIONS"
        and [each.upper() for each in request.values("access-control-request-method")] == ["POST"]
        and not request.query
        and not any(name == "authorization" or name.startswith(STEERING) for name, _ in request.headers)
        and _BUCKET_ROOT.fullmatch(request.path) is not None
    )


def _is_answer_to_cloudformation(request: SignedRequest) -> bool:
    """Tell whether a function answers what CloudFormation asked it, and nothing besides."""
    steering = [name for name, _ in request.headers if name == "authorization" or name.startswith(STEERING)]
    return (
        request.method == "PUT"
        and not request.query
        and not steering
        and _ANSWER_TO_CLOUDFORMATION.fullmatch(request.path) is not None
    )


async def _read(receive: Receive, *, enough: int = sys.maxsize) -> tuple[bytes, bool]:
    """Read a body to its end, or until there is enough of it; tell whether that is all."""
    pieces: list[bytes] = []
    more, size = True, 0
    while more and size < enough:
        message = await receive()
        if message["type"] != "http.request":
            raise HungUpError
        pieces.append(message.get("body", b""))
        size += len(pieces[-1])
        more = message.get("more_body", False)
    return b"".join(pieces), not more


async def _no_body() -> Message:
    return {"type": "http.request"}


def _again(body: bytes, receive: Receive) -> Receive:
    """Give a body that was read, and after it whatever comes."""
    left: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return left.pop() if left else await receive()

    return receive_again


def _shown(request: SignedRequest) -> Iterable[str]:
    """Name a request in a log, without its query: that can be a key, for as long as it is good."""
    path = request.path[:_LOGGED_CHARACTERS].decode("ascii", "backslashreplace")
    return request.method[:_LOGGED_CHARACTERS], "".join(each if each.isprintable() else "?" for each in path)


async def _refuse(scope: Scope, request: SignedRequest, error: SignatureError, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
        return
    content_type, text = _answer(request, error)
    body = b"" if request.method == "HEAD" else text.encode()
    headers = {
        "Content-Type": content_type,
        "Content-Length": str(len(body)),
        "X-Content-Type-Options": "nosniff",
        "x-amzn-ErrorType": error.code,
    }
    if any(each.lower().startswith(_FORM) for each in request.values("content-type")):
        headers["Access-Control-Allow-Origin"] = "*"  # its page may know why: there is nothing in it but that
    await send(
        {
            "type": "http.response.start",
            "status": HTTPStatus.FORBIDDEN,
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        }
    )
    await send({"type": "http.response.body", "body": body})


def _answer(request: SignedRequest, error: SignatureError) -> tuple[str, str]:
    """Write it so that the client reads it which spoke: each protocol of AWS has errors of its own form.

    Source: https://smithy.io/2.0/aws/protocols/index.html
    """
    code, message = (html.escape(text, quote=False) for text in (error.code, str(error)))
    inner = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    signed = " ".join(request.values("authorization"))
    if any(_QUERY_PROTOCOL in each.lower() for each in request.values("content-type")):
        return "text/xml", f"<ErrorResponse>{inner}</ErrorResponse>"
    if "/aws4_request" in signed and "/s3/aws4_request" not in signed:
        return "application/json", json.dumps({"__type": error.code, "message": str(error)})
    return "application/xml", f'<?xml version="1.0" encoding="UTF-8"?>\n{inner}'
