"""Who reaches the console: the person who started it, from its own page, and nobody else."""

import email.message
import http.cookiejar
import re
import urllib.request
from dataclasses import dataclass
from typing import Any

import pytest

from darkroom.console.auth import Access
from support.aws.deployments import deployed
from support.command.console_app import FOLDER, HERE, PORT, TOKEN, Parts, parts_for


@pytest.fixture(scope="module")
def parts() -> Parts:
    made = parts_for(deployed())
    made.feed.end()  # so that a stream has an end
    return made


@pytest.mark.parametrize("host", [f"127.0.0.1:{PORT}", f"localhost:{PORT}"])
def test_its_own_addresses_are_answered(parts: Parts, host: str) -> None:
    assert parts.browser().get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", f"evil.example:{PORT}", "127.0.0.1", "127.0.0.1:1", f"127.0.0.1.evil.example:{PORT}", ""]
)
@pytest.mark.parametrize("path", ["/", "/events", f"/?token={TOKEN}"])
def test_a_name_that_somebody_made_point_here_is_not(parts: Parts, host: str, path: str) -> None:
    answer = parts.browser().get(path, headers={"Host": host})

    assert answer.status_code == 421
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("path", ["/", "/page.js", "/events", "/uploads/a/thumb", "/dead-letters/a/image"])
@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_site_gets_nothing_not_even_one_on_another_port(parts: Parts, path: str, site: str) -> None:
    assert parts.browser().get(path, headers={"Sec-Fetch-Site": site}).status_code == 403


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "http://127.0.0.1:3000", "null", "", f"https://127.0.0.1:{PORT}", HERE + "/"]
)
@pytest.mark.parametrize("path", ["/uploads?id=5f0c6b5a-9a3f-4f6e-8b0a-000000000001&name=a", "/redrive"])
def test_nothing_is_changed_but_from_the_page_itself(parts: Parts, path: str, origin: str) -> None:
    assert parts.browser().post(path, headers={"Origin": origin}, content=b"[]").status_code == 403


def test_a_change_without_any_origin_is_refused(parts: Parts) -> None:
    browser = parts.browser()
    del browser.headers["Origin"]

    assert browser.post("/redrive", content=b"[]").status_code == 403


@pytest.mark.parametrize("token", [None, "", "wrong", TOKEN[:-1], "\u00e4"])
@pytest.mark.parametrize("path", ["/", "/page.js", "/events", "/uploads/a/thumb"])
def test_without_the_token_of_this_start_nothing_is_answered(parts: Parts, path: str, token: str | None) -> None:
    answer = parts.browser(token=None).get(
        path, headers=[(b"Cookie", f"darkroom-{PORT}={token}".encode())] if token is not None else []
    )

    assert answer.status_code == 401
    assert "Open the whole address that `darkroom console` printed" in answer.text


def test_the_address_that_is_printed_lets_a_browser_in_and_leaves_no_token_in_it(parts: Parts) -> None:
    browser = parts.browser(token=None)

    answer = browser.get("/", params={"token": TOKEN}, headers={"Sec-Fetch-Site": "none"})

    assert (answer.status_code, answer.headers["location"]) == (303, FOLDER)
    assert {"httponly", "samesite=strict", f"path={FOLDER}"} <= set(answer.headers["set-cookie"].lower().split("; "))
    assert browser.get("/").status_code == 200


@pytest.mark.parametrize("path", ["/", "/events", "/page.js", "/guess/", "/guess/events", FOLDER.rstrip("/"), "//"])
def test_outside_its_folder_the_token_counts_for_nothing(parts: Parts, path: str) -> None:
    answer = parts.browser().get(f"{HERE}{path}", params={"token": TOKEN})

    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert FOLDER not in answer.text


def test_a_browser_sends_the_cookie_of_one_console_to_no_other_server_of_the_machine(parts: Parts) -> None:
    other = Access.random()
    jar = http.cookiejar.CookieJar()
    browser = parts.browser(token=None)
    answer = browser.get("/", params={"token": TOKEN}, headers={"Sec-Fetch-Site": "none"})
    answered: Any = Answered(answer.headers.get_list("set-cookie"))  # has all that a jar asks of an answer
    jar.extract_cookies(answered, urllib.request.Request(f"{HERE}{FOLDER}"))  # noqa: S310 - nothing is opened

    sent = {path: cookie_for(jar, path) for path in (FOLDER, f"{FOLDER}events", "/", "/events", other.folder)}

    assert sent == {
        FOLDER: f"darkroom-{PORT}={TOKEN}",
        f"{FOLDER}events": f"darkroom-{PORT}={TOKEN}",
        "/": None,
        "/events": None,
        other.folder: None,
    }


@dataclass(frozen=True)
class Answered:
    """The headers of an answer, as a cookie jar reads them."""

    cookies: list[str]

    def info(self) -> email.message.Message:
        headers = email.message.Message()
        for cookie in self.cookies:
            headers["Set-Cookie"] = cookie
        return headers


def cookie_for(jar: http.cookiejar.CookieJar, path: str) -> str | None:
    """What a browser would send to another port of this host: cookies know no ports."""
    request = urllib.request.Request(f"http://127.0.0.1:3000{path}")
    jar.add_cookie_header(request)
    return request.get_header("Cookie")


def test_each_address_that_is_made_has_a_folder_and_a_token_of_its_own() -> None:
    starts = [Access.random() for _ in range(8)]

    assert len({start.folder for start in starts} | {start.token for start in starts}) == 16
    assert all(re.fullmatch(r"/[\w-]{22,}/", start.folder) and len(start.token) >= 43 for start in starts)
    assert not any(start.token in repr(start) for start in starts)


def test_a_wrong_token_in_the_address_lets_nobody_in(parts: Parts) -> None:
    answer = parts.browser(token=None).get("/", params={"token": "guess"})

    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("path", ["/", "/page.js", "/page.css", "/icon.svg", "/events", "/nothing", "/uploads/a/b"])
@pytest.mark.parametrize("token", [TOKEN, None])
def test_every_answer_says_how_a_browser_shall_treat_it(parts: Parts, path: str, token: str | None) -> None:
    headers = parts.browser(token=token).get(path).headers

    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; ")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/../app.py", "/%2e%2e/app.py", "/..%2fapp.py", "/app.py", "/page.html/", "/page"])
def test_nothing_but_the_page_is_served_from_the_disk(parts: Parts, path: str) -> None:
    assert parts.browser().get(path).status_code in {401, 404, 307}
