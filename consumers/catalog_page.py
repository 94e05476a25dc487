"""The catalog's page, for a browser on this machine.

What is newest, and what is like what is asked for.
"""

import argparse
import contextlib
import sqlite3
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import jinja2

from consumers.catalog import CRITERIA, open_catalog, search
from consumers.color import NAMES

_HOST = "127.0.0.1"
_LIMIT = 120
_PICTURE_WIDTH = 320
_OUTCOMES = ("resized", "rejected", "removed")
_LONGEST_NUMBER = 9

_HERE = Path(__file__).parent
_PAGES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_HERE), autoescape=True, trim_blocks=True, undefined=jinja2.StrictUndefined
)


class AddressError(ValueError):
    """Where the images are served is no address that a page may load them from."""


def images_origin(address: str) -> str:
    """Give the origin of an address, for the page's Content-Security-Policy.

    Raises:
        AddressError: it is none of a web server.
    """
    try:
        parts = urlsplit(address)
        origin = f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
    except ValueError:
        raise AddressError(f"{address!r} is no address.") from None
    if (
        parts.scheme not in {"http", "https"}
        or not parts.hostname
        or not parts.hostname.replace("-", "").replace(".", "").isalnum()
    ):
        raise AddressError(f"{address!r} is no address of a web server. Write it like https://images.example.com.")
    return origin


def render(database: sqlite3.Connection, query: str, images: str | None) -> str:
    """Write the page that answers a query; what it cannot read in it, it leaves out."""
    asked = dict.fromkeys(CRITERIA, "") | {name: text for name, text in parse_qsl(query) if name in CRITERIA}
    for name in asked:
        if name.endswith(("width", "height")) and not (asked[name].isdecimal() and len(asked[name]) <= _LONGEST_NUMBER):
            asked[name] = ""
    wanted = {name: int(text) if name.endswith(("width", "height")) and text else text for name, text in asked.items()}
    counts = dict(database.execute("SELECT outcome, COUNT(*) FROM images GROUP BY outcome").fetchall())
    found = search(database, wanted, _LIMIT)
    return _PAGES.get_template("catalog_page.html").render(
        asked=asked,
        total=sum(counts.values()),
        about=_about(counts, len(found)),
        outcomes=_OUTCOMES,
        colors=NAMES,
        formats=[row[0] for row in database.execute(_FORMATS)],
        reasons=database.execute(_REASONS).fetchall(),
        images=[row | {"address": _address(row, images), "facts": _facts(row)} for row in found],
    )


_FORMATS = "SELECT DISTINCT format FROM images WHERE format IS NOT NULL AND outcome <> 'removed' ORDER BY format"
_REASONS = (
    "SELECT reason, COUNT(*) FROM images WHERE outcome = 'rejected' AND reason IS NOT NULL "
    "GROUP BY reason ORDER BY COUNT(*) DESC, reason"
)


def _about(counts: Mapping[str, int], shown: int) -> str:
    totals = ", ".join(f"{counts[outcome]:,} {outcome}" for outcome in _OUTCOMES if outcome in counts)
    return f"{totals or 'empty'}. The newest {shown} that match." if shown == _LIMIT else totals


def _facts(row: Mapping[str, Any]) -> str:
    size = f"{row['width']} × {row['height']}" if row["width"] and row["height"] else None  # noqa: RUF001 - as people write it
    length = f"{row['bytes'] / 1000:,.0f} kB" if row["bytes"] else None
    return " · ".join(fact for fact in (row["format"], size, length, row["color_name"]) if fact)


def _address(row: Mapping[str, Any], images: str | None) -> str | None:
    """Choose the smallest rendition that fills a card, or the widest."""
    widths = sorted((width, key) for _, key, width in row["renditions"])
    if images is None or not widths:
        return None
    key = next((key for width, key in widths if width >= _PICTURE_WIDTH), widths[-1][1])
    return f"{images.rstrip('/')}/{quote(key)}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def __init__(self, *arguments: Any, catalog: Path, images: str | None) -> None:
        self._catalog, self._images = catalog, images
        super().__init__(*arguments)

    def do_GET(self) -> None:
        """Answer those on this machine, and no page that has a name resolve to it (DNS rebinding)."""
        host, _, _ = self.headers.get("Host", "").partition(":")
        path, _, query = self.path.partition("?")
        if host not in {_HOST, "localhost"}:
            self._send(HTTPStatus.MISDIRECTED_REQUEST, "text/plain", f"Ask for http://{_HOST} itself.\n")
        elif path == "/style.css":
            self._send(HTTPStatus.OK, "text/css", (_HERE / "catalog_page.css").read_text(encoding="utf-8"))
        elif path == "/":
            with contextlib.closing(open_catalog(self._catalog)) as database:
                self._send(HTTPStatus.OK, "text/html", render(database, query, self._images))
        else:
            self._send(HTTPStatus.NOT_FOUND, "text/plain", "The page is at /.\n")

    def _send(self, status: HTTPStatus, kind: str, text: str) -> None:
        body = text.encode()
        sources = images_origin(self._images) if self._images else "'none'"
        policy = f"default-src 'none'; style-src 'self'; img-src {sources}; form-action 'self'; frame-ancestors 'none'"
        self.send_response(status)
        for name, value in {
            "Content-Type": f"{kind}; charset=utf-8",
            "Content-Length": str(len(body)),
            "Content-Security-Policy": f"{policy}; base-uri 'none'",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        """Keep what is searched for out of logs."""


@contextmanager
def page_server(catalog: Path, port: int, images: str | None) -> Iterator[ThreadingHTTPServer]:
    """Listen on loopback, on a free port for 0."""
    if images:
        images_origin(images)
    with ThreadingHTTPServer((_HOST, port), partial(_Handler, catalog=catalog, images=images)) as server:
        yield server


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the page until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m consumers.catalog_page", description="The catalog, on a page.")
    parser.add_argument("--catalog", type=Path, default=Path("catalog.sqlite3"), help="where it is kept")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--images", help="where the derived bucket's objects are served: https://...")
    options = parser.parse_args(arguments)
    try:
        with (
            page_server(options.catalog, options.port, options.images) as server,
            contextlib.suppress(KeyboardInterrupt),
        ):
            sys.stdout.write(f"http://{_HOST}:{server.server_address[1]}/\n")
            sys.stdout.flush()
            server.serve_forever()
    except (AddressError, OSError) as error:
        sys.stderr.write(f"catalog: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
