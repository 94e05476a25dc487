"""A receiver of callbacks on loopback that answers as it is told, and remembers what it was sent."""

import base64
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from consumers.endpoint import Endpoint

KEY = bytes(range(24))


def secret(key: bytes) -> str:
    """A key as the standard writes it."""
    return f"whsec_{base64.b64encode(key).decode()}"


def endpoint(url: str, *keys: bytes) -> Endpoint:
    """An endpoint at a receiver on loopback."""
    environment = {"WEBHOOK_URL": url, "WEBHOOK_SECRETS": " ".join(secret(key) for key in keys or (KEY,))}
    return Endpoint.of(environment, private=True)


@dataclass(frozen=True, slots=True)
class Callback:
    """What came."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Receiver:
    """A receiver, its address, and what it was sent; `answer` decides the status of each."""

    url: str = ""
    answer: Callable[[Callback], int] = lambda _callback: 204
    headers: dict[str, str] = field(default_factory=dict)
    callbacks: list[Callback] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        """The ids of what came, in that order."""
        return [callback.headers["webhook-id"] for callback in self.callbacks]


@contextmanager
def receiver() -> Iterator[Receiver]:
    """Run a receiver."""
    made = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            callback = Callback({name.lower(): value for name, value in self.headers.items()}, body)
            made.callbacks.append(callback)
            self.send_response(made.answer(callback))
            for name, value in made.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_arguments: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()
