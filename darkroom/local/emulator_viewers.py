"""Answer viewers of the emulator's distributions, as CloudFront does.

On AWS a distribution is public, and so it is here, on loopback: its name has twelve random letters and digits, and ends
with `localhost`, which browsers resolve to this machine themselves. Of the emulator nothing else is reached so: what is
asked for goes to the distribution's own code, past the router that knows all other services.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias
from urllib.parse import parse_qs, unquote

from starlette.types import ASGIApp, Receive, Scope, Send

# A distribution's record by the first part of its name; None where there is none.
FindDistribution: TypeAlias = Callable[[str], "dict[str, Any] | None"]
# MiniStack's `handle_viewer_request`.
AnswerViewer: TypeAlias = Callable[..., Awaitable[tuple[int, Mapping[str, Any], bytes]]]

_HOST = re.compile(r"([a-z0-9]+)\.cloudfront\.localhost:([0-9]{1,5})")
_METHODS = {"GET", "HEAD"}


class Viewers:
    """What viewers ask is answered; everything else is handed on.

    https://asgi.readthedocs.io/en/latest/specs/main.html.
    """

    def __init__(self, app: ASGIApp, port: int, find: FindDistribution, answer: AnswerViewer) -> None:
        self._app = app
        self._port = port
        self._find = find
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a viewer, or hand the request on."""
        distribution = self._distribution(scope)
        if distribution is None:
            await self._app(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        path = scope.get("raw_path", scope["path"].encode()).decode("latin-1")
        query = scope["query_string"].decode("latin-1")
        status, answered, body = await self._answer(
            distribution,
            scope["method"],
            unquote(path),
            path,
            query,
            # As if it had come by TLS, which a distribution asks for and this machine has no certificate for.
            headers | {"host": distribution["DomainName"], "x-forwarded-proto": "https"},
            b"",
            parse_qs(query, keep_blank_values=True),
        )
        await send({"type": "http.response.start", "status": status, "headers": _headers(answered, body)})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    def _distribution(self, scope: Scope) -> "dict[str, Any] | None":
        if scope["type"] != "http" or scope["method"] not in _METHODS:
            return None
        hosts = [value.decode("latin-1").lower() for name, value in scope["headers"] if name.lower() == b"host"]
        host = _HOST.fullmatch(hosts[0]) if len(hosts) == 1 else None
        return self._find(host[1]) if host and int(host[2]) == self._port else None


def _headers(answered: Mapping[str, Any], body: bytes) -> list[tuple[bytes, bytes]]:
    names = {name.lower(): value for name, value in answered.items()}
    told = {"content-length": str(len(body))} | {name: str(value) for name, value in names.items()}
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in told.items()]
