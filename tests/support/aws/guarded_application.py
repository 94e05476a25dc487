"""An application behind the emulator's guard, in this process, and requests to it that botocore signed."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from ministack.services import s3

from darkroom.local.access_keys import AccessKeys
from darkroom.local.emulator_guard import EmulatorGuard, Gate

PORT = 4566
HOST = f"127.0.0.1:{PORT}"
KEYS = AccessKeys.random()

_PIECE_BYTES = 16 * 1024
# Parameters of tests are signed when tests are collected, which may be long before they run.
_LONGER_THAN_A_RUN = 24 * 3600


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request as it comes from a socket."""

    method: str = "GET"
    target: str = "/uploads/cat.jpg"
    headers: tuple[tuple[str, str], ...] = (("Host", HOST),)
    body: bytes = b""
    kind: str = "http"

    def but(self, *headers: tuple[str, str], **changes: Any) -> "Asked":
        """The same request but for these headers, which come in the place of any of the same name."""
        names = {name.lower() for name, _ in headers}
        kept = [(name, value) for name, value in self.headers if name.lower() not in names]
        return replace(self, headers=(*kept, *headers), **changes)

    def without(self, *names: str) -> "Asked":
        return replace(self, headers=tuple(each for each in self.headers if each[0].lower() not in names))

    def also(self, *headers: tuple[str, str]) -> "Asked":
        """The same request with more headers, whatever is there already."""
        return replace(self, headers=(*self.headers, *headers))


@dataclass
class Answer:
    """What came back, and which bodies the application behind the guard was given."""

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    taken: list[bytes] = field(default_factory=list)
    unread: int = 0  # bytes of the request that nobody has read

    @property
    def was_let_in(self) -> bool:
        return bool(self.taken)


def signed(
    method: str = "GET",
    target: str = "/uploads/cat.jpg",
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    service: str = "s3",
    keys: AccessKeys = KEYS,
    host: str = HOST,
) -> Asked:
    """A request that botocore signed in its headers."""
    auth = S3SigV4Auth if service == "s3" else SigV4Auth
    request = AWSRequest(method, f"http://{host}{target}", {"Host": host, **(headers or {})}, body)
    auth(keys.credentials(), service, "us-east-1").add_auth(request)
    return Asked(method=method, target=target, headers=tuple(request.headers.items()), body=body)


def presigned(
    method: str = "GET",
    target: str = "/uploads/cat.jpg",
    *,
    service: str = "s3",
    expires: int = _LONGER_THAN_A_RUN,
    keys: AccessKeys = KEYS,
) -> Asked:
    """A request that botocore signed in its query string."""
    auth = S3SigV4QueryAuth if service == "s3" else SigV4QueryAuth
    request = AWSRequest(method, f"http://{HOST}{target}")
    auth(keys.credentials(), service, "us-east-1", expires).add_auth(request)
    return Asked(method=method, target=str(request.url).removeprefix(f"http://{HOST}"))


def answer_to(asked: Asked, *, now: datetime | None = None, scheme: str = "http", port: int = PORT) -> Answer:
    """Ask a guarded application."""
    return asyncio.run(_exchange(asked, now, scheme, port))


async def _exchange(asked: Asked, now: datetime | None, scheme: str, port: int) -> Answer:
    answer = Answer()
    messages: list[Any] = [{"type": "http.request", "body": piece, "more_body": True} for piece in _pieces(asked.body)]
    messages.append({"type": "http.request", "body": b"", "more_body": False})

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        if message["type"] in {"http.response.start", "websocket.close"}:
            answer.status = int(message.get("status", 403))
            answer.headers = {name.decode(): value.decode() for name, value in message.get("headers", [])}
        answer.body += message.get("body", b"")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while scope["type"] == "http":
            message = await receive()
            body += message["body"]
            if not message["more_body"]:
                break
        answer.taken.append(body)
        await send({"type": "http.response.start", "status": 200, "headers": []})

    gate = Gate(scheme=scheme, port=port, secret_of=_secret_of, read_form=_read_form)
    if now is not None:
        gate = replace(gate, clock=lambda: now)
    await EmulatorGuard(app, gate)(_scope(asked), receive, send)
    answer.unread = sum(len(message["body"]) for message in messages)
    return answer


def _secret_of(access_key_id: str, _: str) -> str | None:
    return KEYS.secret if access_key_id == KEYS.id else None


def _read_form(content_type: str, body: bytes) -> Mapping[str, str]:
    parts = s3._parse_multipart_form(content_type, body)  # noqa: SLF001 - as the emulator's application does
    return {name.lower(): value.decode() for name, _, _, value in parts if name != "file"}


def _scope(asked: Asked) -> Any:
    split = urlsplit(f"http://host{asked.target}")
    return {
        "type": asked.kind,
        **({"method": asked.method} if asked.kind == "http" else {}),
        "path": split.path,
        "raw_path": asked.target.partition("?")[0].encode(),
        "query_string": split.query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in asked.headers],
    }


def _pieces(body: bytes) -> list[bytes]:
    return [body[start : start + _PIECE_BYTES] for start in range(0, len(body), _PIECE_BYTES)]
