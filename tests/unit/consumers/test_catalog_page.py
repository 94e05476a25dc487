"""The catalog's page: what it shows, that it shows it harmlessly, and whom it answers."""

import http.client
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from consumers.catalog import apply, open_catalog
from consumers.catalog_page import AddressError, images_origin, page_server, render
from support.events.outcome_events import event, records


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    opened = open_catalog(tmp_path / "catalog.sqlite3")
    apply(
        opened,
        records(
            event("cat.jpg"),
            event("<script>alert(1)</script>.jpg", dominant_colour="#00aa00"),
            event("bad.gif", outcome="rejected", reason="corrupt", detail="it ends at byte 7", renditions=[]),
        ),
    )
    yield opened
    opened.close()


@contextmanager
def serving(catalog: Path, images: str | None = None) -> Iterator[http.client.HTTPConnection]:
    with page_server(catalog, 0, images) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=30)
        try:
            yield connection
        finally:
            connection.close()
            server.shutdown()
            thread.join()


def test_it_shows_the_images_and_the_reasons_of_those_rejected(database: sqlite3.Connection) -> None:
    page = render(database, "", None)

    assert "2 resized, 1 rejected" in page
    assert "rejected: corrupt" in page
    assert "it ends at byte 7" in page
    assert 'href="/?outcome=rejected&amp;reason=corrupt"' in page


def test_a_key_is_text_and_never_markup(database: sqlite3.Connection) -> None:
    page = render(database, "prefix=%22%3E%3Cscript%3E", None) + render(database, "", None)

    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_it_is_searched_by_its_query(database: sqlite3.Connection) -> None:
    page = render(database, "color=green&format=jpeg", None)

    assert "cat.jpg" not in page
    assert "alert(1)" in page


@pytest.mark.parametrize("query", ["min_width=abc", "min_width=99999999999", "limit=1;", "min_width=-1", "x=%ff&=&&"])
def test_what_it_cannot_read_in_a_query_it_leaves_out(database: sqlite3.Connection, query: str) -> None:
    assert "cat.jpg" in render(database, query, None)


def test_nothing_found_is_said(database: sqlite3.Connection) -> None:
    assert "No image is like that." in render(database, "prefix=nowhere", None)


def test_an_empty_catalog_says_what_to_do(tmp_path: Path) -> None:
    empty = open_catalog(tmp_path / "empty")
    assert "start its reader" in render(empty, "", None)
    empty.close()


def test_pictures_come_from_where_the_images_are_served(database: sqlite3.Connection) -> None:
    page = render(database, "", "https://images.example.com/derived/")

    assert 'src="https://images.example.com/derived/thumb/cat.jpg.webp"' in page
    assert "thumb/%3Cscript%3E" in page


@pytest.mark.parametrize(
    "address", ["ftp://a", "javascript:alert(1)", "https://", "https://a b", "https://a;b", "http://[", ""]
)
def test_an_address_that_is_none_of_a_server_is_refused(address: str) -> None:
    with pytest.raises(AddressError, match="is no address"):
        images_origin(address)


@pytest.mark.usefixtures("database")
def test_the_server_s_answers_forbid_all_that_the_page_does_not_need(tmp_path: Path) -> None:
    with serving(tmp_path / "catalog.sqlite3", "https://images.example.com:8443/derived") as connection:
        connection.request("GET", "/?prefix=cat")
        answer = connection.getresponse()
        body = answer.read().decode()

    assert (answer.status, "cat.jpg" in body) == (200, True)
    assert answer.headers["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'self'; img-src https://images.example.com:8443; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    )
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("path", "host", "status"),
    [
        ("/", "attacker.example", 421),
        ("/", "localhost:80", 200),
        ("/style.css", "127.0.0.1", 200),
        ("/../catalog.py", "127.0.0.1", 404),
    ],
)
@pytest.mark.usefixtures("database")
def test_only_this_machine_s_own_names_are_answered(tmp_path: Path, path: str, host: str, status: int) -> None:
    with serving(tmp_path / "catalog.sqlite3") as connection:
        connection.request("GET", path, headers={"Host": host})
        answer = connection.getresponse()
        answer.read()

    assert answer.status == status
