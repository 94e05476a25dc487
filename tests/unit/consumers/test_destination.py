"""A callback's URL is hostile until it is checked, and so is what its name resolves to."""

import http.server
import socket
import ssl
import threading
from typing import Any

import pytest

from consumers.destination import Destination, DestinationError
from support.events.webhook_receiver import receiver


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://example.com/", "go over https"),
        ("file:///etc/passwd", "go over https"),
        ("gopher://example.com", "go over https"),
        ("", "go over https"),
        ("https://", "needs a host"),
        ("https://user:secret@example.com/", "neither a user"),
        ("https://@example.com/", "neither a user"),
        ("https://example.com/#top", "fragment"),
        ("https://example.com/ä", "percent-encoded"),
        ("https://example.com/a\r\nX-Evil: 1", "percent-encoded"),
        ("https://example.com/a b", "percent-encoded"),
        ("https://example.com:99999/", "cannot be read"),
        ("https://[::1", "cannot be read"),
    ],
)
def test_a_url_that_may_not_be_called_is_refused_with_the_reason(url: str, why: str) -> None:
    with pytest.raises(DestinationError, match=why):
        Destination.parse(url)


def test_a_secret_in_a_url_is_not_repeated() -> None:
    with pytest.raises(DestinationError) as caught:
        Destination.parse("https://user:hunter2@example.com/")

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.5.4",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 - an address that must be refused
        "224.0.0.1",
        "[::1]",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:169.254.169.254]",
        "[2002:7f00:1::]",
        "2130706433",
        "0x7f000001",
        "127.1",
    ],
)
def test_no_address_that_only_this_machine_reaches_is_called(address: str) -> None:
    with pytest.raises(DestinationError, match="may not reach"):
        Destination.parse(f"https://{address}/").post(b"", {})


@pytest.mark.parametrize("address", ["169.254.169.254", "[fe80::1]", "[::ffff:169.254.169.254]", "224.0.0.1"])
def test_a_cloud_s_metadata_is_not_called_even_where_private_addresses_are_allowed(address: str) -> None:
    with pytest.raises(DestinationError, match="may not reach"):
        Destination.parse(f"http://{address}/", private=True).post(b"", {})


@pytest.mark.parametrize("address", ["10.0.0.1", "1.1.1.1", "[fd00::1]"])
def test_over_http_no_other_machine_is_called_even_where_private_addresses_are_allowed(address: str) -> None:
    with pytest.raises(DestinationError, match="may not reach over http"):
        Destination.parse(f"http://{address}/", private=True).post(b"", {})


def test_a_name_of_which_one_address_is_private_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in ("1.1.1.1", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_arguments, **_options: found)

    with pytest.raises(DestinationError, match=r"example\.com leads to 10\.0\.0\.1"):
        Destination.parse("https://example.com/").post(b"", {})


def test_the_address_that_was_checked_is_the_one_that_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[Any] = []

    def refuse(address: Any, *_arguments: Any) -> None:
        called.append(address)
        raise ConnectionRefusedError

    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("1.1.1.1", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_arguments, **_options: found)
    monkeypatch.setattr(socket, "create_connection", refuse)
    with pytest.raises(DestinationError, match=r"No answer from example\.com"):
        Destination.parse("https://example.com/").post(b"", {})

    assert called == [("1.1.1.1", 443)]


def test_what_is_posted_arrives_with_its_query() -> None:
    with receiver() as other:
        answer = Destination.parse(f"{other.url}?a=1", private=True).post(b"body", {"webhook-id": "1"})

    assert (answer.status, answer.is_taken, other.callbacks[0].body) == (204, True, b"body")
    assert other.callbacks[0].headers["host"] == other.url.split("/")[2]


def test_a_redirection_is_not_followed_and_no_success() -> None:
    with receiver() as other, receiver() as elsewhere:
        other.answer, other.headers = lambda _callback: 307, {"Location": elsewhere.url}
        answer = Destination.parse(other.url, private=True).post(b"", {})

    assert (answer.is_taken, elsewhere.callbacks) == (False, [])


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("120", 120.0), ("Fri, 31 Dec 2026 23:59:59 GMT", None), ("-1", None), ("9" * 9, None), ("", None)],
)
def test_a_receiver_that_asks_for_time_is_heard(text: str, seconds: float | None) -> None:
    with receiver() as other:
        other.answer, other.headers = lambda _callback: 503, {"Retry-After": text}
        answer = Destination.parse(other.url, private=True).post(b"", {})

    assert answer.retry_after == seconds


def test_a_server_whose_certificate_nobody_vouches_for_is_not_called() -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        with pytest.raises(DestinationError, match="SSL"):
            Destination.parse(f"https://127.0.0.1:{server.server_address[1]}/", private=True).post(b"", {})
        thread.join()

    assert ssl.create_default_context().check_hostname


def test_nobody_who_answers_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    with pytest.raises(DestinationError, match=r"No answer from 127\.0\.0\.1: ConnectionRefused"):
        Destination.parse(f"http://127.0.0.1:{port}/", private=True).post(b"", {})
