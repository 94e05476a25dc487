"""Loopback server between this program and Chromium's page."""

import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

_PAGE = {
    "": ("painter.html", "text/html; charset=utf-8"),
    "painter.js": ("painter.js", "text/javascript; charset=utf-8"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the page says of a file.

    The RGBA bytes of its still are under None, of its frames under their numbers.
    """

    described: dict[str, Any]
    pixels: dict[int | None, bytes]


@dataclass(slots=True, kw_only=True)
class _Job:
    number: int
    source: bytes
    media_type: str
    pixels: dict[int | None, bytes] = field(default_factory=dict)
    answers: "SimpleQueue[dict[str, Any]]" = field(default_factory=SimpleQueue)


class Exchange:
    """Holds one job at a time; what comes late for an earlier one is dropped."""

    def __init__(self) -> None:
        self.path = f"/{secrets.token_urlsafe()}/"
        self._job = _Job(number=0, source=b"", media_type="")

    def begin(self, source: bytes, media_type: str) -> int:
        """Make a file the one that is painted, and number it."""
        self._job = _Job(number=self._job.number + 1, source=source, media_type=media_type)
        return self._job.number

    def wait(self, seconds: float) -> Answer | None:
        """Wait for the page's answer; None when time is up."""
        try:
            return Answer(described=self._job.answers.get(timeout=seconds), pixels=self._job.pixels)
        except Empty:
            return None

    def job(self, number: int) -> _Job | None:
        """Find a job unless another has taken its place."""
        job = self._job
        return job if job.number == number else None


@contextmanager
def served(exchange: Exchange) -> Iterator[str]:
    """Serve the page and its files on loopback; gives the page's address."""
    handler = type("_Handler", (_Requests,), {"exchange": exchange})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}{exchange.path}"
        finally:
            server.shutdown()
            thread.join()


class _Requests(BaseHTTPRequestHandler):
    """Answers requests below the exchange's secret path; other programs on this machine do not know it."""

    exchange: ClassVar[Exchange]
    protocol_version = "HTTP/1.1"

    def handle(self) -> None:
        """Let Chromium hang up on a file that it sees to be no image."""
        with suppress(ConnectionError):
            super().handle()

    def do_GET(self) -> None:
        """Give the page, its script, or the file of the current job."""
        name, job, _ = self._asked()
        if name in _PAGE:
            file, content_type = _PAGE[name]
            self._respond(200, Path(__file__).with_name(file).read_bytes(), content_type)
        elif name == "file" and job:
            self._respond(200, job.source, job.media_type)
        else:
            self._respond(404)

    def do_POST(self) -> None:
        """Take pixels, or the answer, which comes last."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        name, job, frame = self._asked()
        if name == "pixels" and job:
            job.pixels[frame] = body
        elif name == "answer" and job:
            job.answers.put(json.loads(body))
        else:
            self._respond(404)
            return
        self._respond(204)

    def log_message(self, *_: object) -> None:
        """Keep quiet: the report says what became of each file."""

    def _asked(self) -> tuple[str, _Job | None, int | None]:
        """Read what is asked for, of which job and frame; what is not below the secret path is no name."""
        address = urlsplit(self.path)
        name = address.path.removeprefix(self.exchange.path)
        query = {key: int(values[0]) for key, values in parse_qs(address.query).items()}
        return name, self.exchange.job(query.get("job", 0)), query.get("frame")

    def _respond(self, status: int, body: bytes = b"", content_type: str = "text/plain") -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)
