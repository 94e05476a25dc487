"""The loopback server that Chromium gets files from: what it gives, takes and refuses."""

import json
from collections.abc import Iterator
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tools.corpus.exchange import Exchange, served


@pytest.fixture
def exchange() -> Exchange:
    return Exchange()


@pytest.fixture
def address(exchange: Exchange) -> Iterator[str]:
    with served(exchange) as address:
        yield address


def status_of(request: str | Request) -> int:
    try:
        with urlopen(request) as response:  # noqa: S310 - loopback
            return int(response.status)
    except HTTPError as error:
        return error.code


def posted(address: str, body: bytes) -> int:
    return status_of(Request(address, data=body, method="POST"))  # noqa: S310 - loopback


def test_a_file_goes_out_and_its_pixels_and_answer_come_back(exchange: Exchange, address: str) -> None:
    job = exchange.begin(b"file", "image/png")

    with urlopen(f"{address}file?job={job}") as response:  # noqa: S310 - loopback
        assert (response.read(), response.headers["Content-Type"]) == (b"file", "image/png")
    assert posted(f"{address}pixels?job={job}", b"still") == 204
    assert posted(f"{address}pixels?job={job}&frame=1", b"second") == 204
    assert posted(f"{address}answer?job={job}", json.dumps({"still": {}}).encode()) == 204

    answer = exchange.wait(0)
    assert answer is not None
    assert (answer.described, answer.pixels) == ({"still": {}}, {None: b"still", 1: b"second"})


def test_what_comes_late_for_an_earlier_file_is_dropped(exchange: Exchange, address: str) -> None:
    late = exchange.begin(b"slow", "image/png")
    exchange.begin(b"next", "image/png")

    assert posted(f"{address}answer?job={late}", b"{}") == 404
    assert exchange.wait(0) is None


def test_other_programs_on_the_machine_get_nothing(exchange: Exchange, address: str) -> None:
    job = exchange.begin(b"file", "image/png")
    root = address.removesuffix(exchange.path)

    assert status_of(f"{root}/file?job={job}") == 404
    assert posted(f"{root}/answer?job={job}", b"{}") == 404
    assert exchange.wait(0) is None
    assert status_of(address) == 200
