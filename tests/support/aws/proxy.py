"""An HTTP proxy in front of S3 and SQS that fails as networks and they do, at exactly the requests a test names."""

import http.client
import json
import select
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias
from urllib.parse import unquote, urlsplit

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest

from darkroom.local.emulator import REGION, Emulator

HOST = "127.0.0.1"

_WAIT_SECONDS = 30
# These speak of one connection, not of the message: RFC 9110, section 7.6.1.
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "expect"}
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
# SQS has one path, and names what is asked for here: smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html
_OPERATION = "X-Amz-Target"

SENDS_MESSAGE = ("POST", "/AmazonSQS.SendMessage")


@dataclass(frozen=True, slots=True)
class Answer:
    """What S3 said."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Exchange:
    """One request at the proxy, which an action forwards, answers or breaks."""

    def __init__(self, handler: "_Handler", closing: socket.socket) -> None:
        self._handler = handler
        self._closing = closing
        self._body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        self.method = handler.command
        self._operation = handler.headers.get(_OPERATION)
        self.path = f"/{self._operation}" if self._operation else unquote(urlsplit(handler.path).path)
        self.is_conditional = any(name in handler.headers for name in ("If-Match", "If-None-Match"))

    def forward(self) -> Answer:
        """Let S3 do what is asked, and return what it says."""
        upstream = self._handler.server.upstream
        connection = http.client.HTTPConnection(urlsplit(upstream.endpoint_url).netloc, timeout=_WAIT_SECONDS)
        try:
            connection.request(self.method, self._handler.path, self._body, self._signed_for(upstream))
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()

    def _signed_for(self, upstream: Emulator) -> dict[str, str]:
        """Sign it again: the client's signature is for the proxy's address."""
        left_out = _HOP_BY_HOP | {"host", "authorization"}
        headers = {name: text for name, text in self._handler.headers.items() if name.lower() not in left_out}
        request = AWSRequest(self.method, f"{upstream.endpoint_url}{self._handler.path}", headers, self._body)
        credentials = upstream.keys.credentials()
        signer = SigV4Auth(credentials, "sqs", REGION) if self._operation else S3SigV4Auth(credentials, "s3", REGION)
        signer.add_auth(request)
        return dict(request.headers)

    def send(self, answer: Answer, *, length: int | None = None) -> None:
        """Pass an answer on, or only so many bytes of its body and then the end of the connection."""
        headers = {name: text for name, text in answer.headers.items() if name.lower() not in _HOP_BY_HOP}
        if self.method != "HEAD" and answer.status != http.HTTPStatus.NO_CONTENT:
            headers = {name: text for name, text in headers.items() if name.lower() != "content-length"}
            headers["Content-Length"] = str(len(answer.body))
        self._handler.send_response_only(answer.status)
        for name, text in headers.items():
            self._handler.send_header(name, text)
        self._handler.end_headers()
        self._handler.wfile.write(answer.body if length is None else answer.body[:length])
        self._handler.close_connection = length is not None

    def refuse(self, status: int, code: str) -> None:
        """Answer as S3 or SQS does when it refuses: docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html."""
        if self._operation:
            body = json.dumps({"__type": f"com.amazonaws.sqs#{code}", "message": "Told to by a test"}).encode()
            self.send(Answer(status, {"Content-Type": "application/x-amz-json-1.0"}, body))
            return
        text = f"<Error><Code>{code}</Code><Message>Told to by a test</Message></Error>"
        body = b"" if self.method == "HEAD" else text.encode()
        self.send(Answer(status, {"Content-Type": "application/xml"}, body))

    def reset(self) -> None:
        """Break the connection: the client sees it reset by its peer."""
        self._handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._handler.close_connection = True

    def wait_for_hang_up(self) -> None:
        """Say nothing until the client has had enough."""
        select.select([self._handler.connection, self._closing], [], [])
        self._handler.close_connection = True


Action: TypeAlias = Callable[[Exchange], None]


def passing_on(exchange: Exchange) -> None:
    """Do nothing but pass on."""
    exchange.send(exchange.forward())


def refusing(status: int, code: str) -> Action:
    """Refuse instead of asking S3."""
    return lambda exchange: exchange.refuse(status, code)


def resetting(exchange: Exchange) -> None:
    """Break the connection before S3 hears of it."""
    exchange.reset()


def losing_the_answer(exchange: Exchange) -> None:
    """Let S3 do it, and break the connection before its answer."""
    exchange.forward()
    exchange.reset()


def cutting_short(exchange: Exchange) -> None:
    """Pass half of the body on, and end the connection."""
    answer = exchange.forward()
    exchange.send(answer, length=len(answer.body) // 2)


def staying_silent(exchange: Exchange) -> None:
    """Never answer."""
    exchange.wait_for_hang_up()


def doing_first(work: Callable[[], object]) -> Action:
    """Do something of the test's, and break the connection: S3 never hears of the request."""

    def act(exchange: Exchange) -> None:
        work()
        exchange.reset()

    return act


def doing_after(work: Callable[[], object]) -> Action:
    """Let S3 do it, then do something of the test's: the client never hears of it."""

    def act(exchange: Exchange) -> None:
        exchange.forward()
        work()
        exchange.reset()

    return act


class Hold:
    """An action that lets a request rest until the test releases it."""

    def __init__(self) -> None:
        self._arrived = threading.Event()
        self._released = threading.Event()

    def __call__(self, exchange: Exchange) -> None:
        self._arrived.set()
        self._released.wait(_WAIT_SECONDS)
        passing_on(exchange)

    def wait_for_request(self) -> None:
        """Wait until the request rests here."""
        assert self._arrived.wait(_WAIT_SECONDS), "the request never came"

    def release(self) -> None:
        """Let it go on."""
        self._released.set()


@dataclass(eq=False)
class Rule:
    """An action for the requests of a method whose path fits a pattern, the first `times` of them.

    A path is /bucket/key, not encoded, or the operation, as SENDS_MESSAGE has it; patterns are those of a shell.
    """

    method: str
    pattern: str
    action: Action
    times: int
    met: int = field(default=0, init=False)

    def takes(self, exchange: Exchange) -> bool:
        """Whether this request is one of them; if so it counts."""
        fits = fnmatchcase(exchange.method, self.method) and fnmatchcase(exchange.path, self.pattern)
        if not fits or self.met >= self.times:
            return False
        self.met += 1
        return True


ALWAYS = sys.maxsize


class Proxy:
    """The rules in force; without any, everything passes."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.otherwise: Action = passing_on
        self._rules: list[Rule] = []
        self._lock = threading.Lock()

    def on(self, method: str, pattern: str, action: Action, *, times: int = 1) -> Rule:
        """Add a rule; of several that fit a request, the first takes it."""
        rule = Rule(method, pattern, action, times)
        with self._lock:
            self._rules.append(rule)
        return rule

    @contextmanager
    def holding(self, method: str, pattern: str) -> Iterator[Hold]:
        """Hold the next such request, until it is released or this ends."""
        hold = Hold()
        self.on(method, pattern, hold)
        try:
            yield hold
        finally:
            hold.release()

    def forget(self) -> None:
        """Let everything pass again."""
        with self._lock:
            self._rules.clear()
            self.otherwise = passing_on

    def act(self, exchange: Exchange) -> None:
        """Do what the rules say."""
        with self._lock:
            action = next((rule.action for rule in self._rules if rule.takes(exchange)), self.otherwise)
        action(exchange)


@contextmanager
def proxy_to(upstream: Emulator) -> Iterator[Proxy]:
    """Run a proxy to an emulator that speaks plain HTTP, on loopback and a port of its own."""
    closing, close = socket.socketpair()
    with closing, _Server(upstream, closing) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server.proxy
        finally:
            close.close()  # whoever stays silent hears it
            server.shutdown()
            thread.join()
    assert server.faults == []


class _Server(ThreadingHTTPServer):
    """The listening side; each connection has a thread."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, upstream: Emulator, closing: socket.socket) -> None:
        super().__init__((HOST, 0), _Handler)
        self.upstream = upstream
        self.closing = closing
        self.proxy = Proxy(f"http://{HOST}:{self.server_port}")
        self.faults: list[BaseException] = []

    def shutdown_request(self, request: Any) -> None:
        """Close at once: announcing the end, as usual, would keep a connection from being reset."""
        self.close_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the base class names them
        """A client that has gone is what these tests are about; anything else is this file's own fault."""
        error = sys.exception()
        if error is not None and not isinstance(error, ConnectionError):
            self.faults.append(error)


class _Handler(BaseHTTPRequestHandler):
    """One connection of a client."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes
    server: _Server

    def _act(self) -> None:
        self.server.proxy.act(Exchange(self, self.server.closing))

    do_GET = do_HEAD = do_PUT = do_DELETE = do_POST = _act  # noqa: N815 - the base class looks for these

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Say nothing."""
