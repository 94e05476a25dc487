"""Authenticate the console's requests, and set security headers.

The server holds that person's AWS credentials. On loopback it is reached by every user and program of the machine, and,
through the person's browser, by every page that they visit: so each request is looked at.
"""

import secrets
from dataclasses import dataclass, field
from http import HTTPStatus

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from darkroom.loopback import HOST

_FOLDER_BYTES = 16
_TOKEN_BYTES = 32

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


@dataclass(frozen=True, slots=True)
class Access:
    """What only who started the console knows.

    The folder that all of it is in, as `/…/`, and a token.
    """

    folder: str
    token: str = field(repr=False)

    @classmethod
    def random(cls) -> "Access":
        """Make one that nobody can guess."""
        return cls(folder=f"/{secrets.token_urlsafe(_FOLDER_BYTES)}/", token=secrets.token_urlsafe(_TOKEN_BYTES))

    def url(self, port: int) -> str:
        """Give the address that lets a browser in."""
        return f"http://{HOST}:{port}{self.folder}?token={self.token}"


class AuthMiddleware:
    """Stands before the app.

    Asks for the right host, an own origin, this start's folder and its token.
    """

    def __init__(self, app: ASGIApp, *, port: int, access: Access) -> None:
        self._app = app
        self._access = access
        self._hosts = {f"{HOST}:{port}", f"localhost:{port}"}
        # A browser keeps one set of cookies for all ports of a host, and sends them to each: so each console has a name
        # of its own, and a path that no other server's page is asked for. `__Host-` would forbid the path.
        self._cookie = f"darkroom-{port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on: https://asgi.readthedocs.io/en/latest/specs/main.html."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return  # which refuses a WebSocket
        answer = self._answer(Request(scope)) or self._app
        within = {**scope, "root_path": self._access.folder.rstrip("/")}
        await answer(within, receive, _with_headers(send))

    def _answer(self, request: Request) -> Response | None:
        """Answer in the app's place where a request may not reach it."""
        host = request.headers.get("host", "")
        if host not in self._hosts:  # a name that somebody lets point to this machine: "DNS rebinding"
            return _refusal(HTTPStatus.MISDIRECTED_REQUEST, "This is no address of the console.")
        if request.headers.get("sec-fetch-site", "none") not in _OWN_SITES:
            return _refusal(HTTPStatus.FORBIDDEN, "Another site asks. Type the console's address yourself.")
        if request.method not in _SAFE_METHODS and request.headers.get("origin") != f"http://{host}":
            return _refusal(HTTPStatus.FORBIDDEN, "Only the console's own page may ask for this.")
        return self._identified(request)

    def _identified(self, request: Request) -> Response | None:
        """Answer whoever is not, or not yet, known as the person who started the console."""
        if request.method == "GET" and request.url.path == self._access.folder and "token" in request.query_params:
            return self._let_in(request.query_params["token"])
        is_within = request.url.path.startswith(self._access.folder)
        return None if is_within and self._is_token(request.cookies.get(self._cookie, "")) else self._unknown()

    def _let_in(self, token: str) -> Response:
        """Keep the token where no script reads it, and take it out of the address."""
        if not self._is_token(token):
            return self._unknown()
        answer = RedirectResponse(self._access.folder, HTTPStatus.SEE_OTHER)
        answer.set_cookie(self._cookie, token, path=self._access.folder, httponly=True, samesite="strict")
        return answer

    def _unknown(self) -> Response:
        return _refusal(HTTPStatus.UNAUTHORIZED, "Open the whole address that `darkroom console` printed.")

    def _is_token(self, text: str) -> bool:
        return secrets.compare_digest(text.encode(), self._access.token.encode())


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
