"""Viewers of the emulator's distributions are answered by these, and reach nothing else."""

import asyncio
from typing import Any

import pytest

from darkroom.local.emulator_viewers import Viewers

PORT = 4566
HOST = f"abc123.cloudfront.localhost:{PORT}"


def asked(
    *, method: str = "GET", host: str = HOST, target: str = "/thumb/a%20b.jpg?v=1", kind: str = "http"
) -> tuple[list[Any], list[Any]]:
    """Ask; what the distribution was called with, and what was sent back or handed on."""
    called: list[Any] = []
    sent: list[Any] = []
    path, _, query = target.partition("?")

    async def handed_on(*_: Any) -> None:
        sent.append("handed on")

    async def answer(*arguments: Any) -> tuple[int, dict[str, Any], bytes]:
        called.extend(arguments)
        return 200, {"Content-Type": "image/webp"}, b"picture"

    async def send(message: Any) -> None:
        sent.append(message)

    def find(label: str) -> dict[str, Any] | None:
        return {"DomainName": "abc123.cloudfront.net"} if label == "abc123" else None

    scope = {"type": kind, "method": method, "path": path, "raw_path": path.encode(), "query_string": query.encode()}
    scope["headers"] = [(b"host", host.encode()), (b"accept", b"image/avif")]
    asyncio.run(Viewers(handed_on, PORT, find, answer)(scope, None, send))  # type: ignore[arg-type]
    return called, sent


def test_a_viewer_is_answered_by_the_distribution_that_its_host_names() -> None:
    called, (start, body) = asked()

    assert called[1:5] == ["GET", "/thumb/a b.jpg", "/thumb/a%20b.jpg", "v=1"]
    assert called[5]["host"] == "abc123.cloudfront.net"
    assert called[5]["accept"] == "image/avif"
    assert called[7] == {"v": ["1"]}
    assert start["status"] == 200
    assert (b"content-type", b"image/webp") in start["headers"]
    assert body["body"] == b"picture"


def test_a_head_has_the_headers_alone() -> None:
    _, (start, body) = asked(method="HEAD")

    assert (b"content-length", b"7") in start["headers"]
    assert body["body"] == b""


@pytest.mark.parametrize(
    "request_",
    [
        {"host": f"127.0.0.1:{PORT}"},
        {"host": f"other.cloudfront.localhost:{PORT}"},
        {"host": "abc123.cloudfront.localhost:80"},
        {"host": "abc123.cloudfront.localhost"},
        {"host": f"abc123.cloudfront.localhost.evil.example:{PORT}"},
        {"host": f"evil.abc123.cloudfront.localhost:{PORT}"},
        {"method": "POST"},
        {"method": "PUT"},
        {"kind": "websocket"},
    ],
)
def test_everything_else_is_for_the_guard(request_: dict[str, str]) -> None:
    assert asked(**request_) == ([], ["handed on"])


def test_no_path_leads_past_the_distribution() -> None:
    called, sent = asked(target="/_ministack/reset")

    assert called[3] == "/_ministack/reset"
    assert "handed on" not in sent
