"""Lets nobody in but the person who started the console, from its own page, and says how the browser shall treat it.

The server holds that person's AWS credentials. On loopback it is reached by every user and program of the machine, and,
through the person's browser, by every page that they visit: so each request is looked at.
"""

import secrets
from http import HTTPStatus

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from darkroom.listening import HOST

_SAFE_METHODS = {"GET", "HEAD"}

# What a browser says of a request that the page itself made, or that a person made by typing the address:
# https://www.w3.org/TR/fetch-metadata/
_OWN_SITES = {"same-origin", "none"}

_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)

_HEADERS = {
    "Content-Security-Policy": _PAGE_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Guard:
    """Stands before the app: asks for the right host, an own origin and this start's token."""

    def __init__(self, app: ASGIApp, *, port: int, token: str) -> None:
        self._app = app
        self._token = token
        self._hosts = {f"{HOST}:{port}", f"localhost:{port}"}
        self._cookie = f"darkroom-{port}"  # a browser keeps one set of cookies for all ports of a host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on: https://asgi.readthedocs.io/en/latest/specs/main.html."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return  # which refuses a WebSocket
        answer = self._answer(Request(scope)) or self._app
        await answer(scope, receive, _with_headers(send))

    def _answer(self, request: Request) -> Response | None:
        """Answer in the app's place where a request may not reach it."""
        host = request.headers.get("host", "")
        if host not in self._hosts:  # a name that somebody lets point to this machine: "DNS rebinding"
            return _refusal(HTTPStatus.MISDIRECTED_REQUEST, "This is no address of the console.")
        if request.headers.get("sec-fetch-site", "none") not in _OWN_SITES:
            return _refusal(HTTPStatus.FORBIDDEN, "Another site asks. Type the console's address yourself.")
        if request.method not in _SAFE_METHODS and request.headers.get("origin") != f"http://{host}":
            return _refusal(HTTPStatus.FORBIDDEN, "Only the console's own page may ask for this.")
        if request.method == "GET" and request.url.path == "/" and "token" in request.query_params:
            return self._let_in(request.query_params["token"])
        if not self._is_token(request.cookies.get(self._cookie, "")):
            return self._unknown()
        return None

    def _let_in(self, token: str) -> Response:
        """Keep the token where no script reads it, and take it out of the address."""
        if not self._is_token(token):
            return self._unknown()
        answer = RedirectResponse("/", HTTPStatus.SEE_OTHER)
        answer.set_cookie(self._cookie, token, httponly=True, samesite="strict")
        return answer

    def _unknown(self) -> Response:
        return _refusal(
            HTTPStatus.UNAUTHORIZED, "Open the whole address that `darkroom console` printed: it changes at each start."
        )

    def _is_token(self, text: str) -> bool:
        return secrets.compare_digest(text.encode(), self._token.encode())


def _refusal(status: HTTPStatus, text: str) -> Response:
    return PlainTextResponse(f"{text}\n", status)


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return send_with_headers
