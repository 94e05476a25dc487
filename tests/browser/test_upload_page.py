"""The page of `darkroom link`, as a visitor has it: opened from a file, or on somebody's site."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, FilePayload, Page, Route, expect

from darkroom.uploads.lookup import look_up
from darkroom.uploads.presigned_post import Link, make_link
from darkroom.uploads.upload_page import page_texts, upload_page
from support.command.polling import eventually
from support.function.faulty import Faulty
from support.imaging.pictures import jpeg

pytestmark = pytest.mark.long

DEADLINE = 60_000
EN, DE = page_texts()["en"], page_texts()["de"]


def link_to(
    faulty: Faulty, key: str, *, max_bytes: int = 100_000, redirect: str | None = None, minutes: float = 5
) -> Link:
    return make_link(faulty.pipeline, key, max_bytes=max_bytes, valid_for=timedelta(minutes=minutes), redirect=redirect)


def opened(browser: Browser, link: Link, folder: Path, *, locale: str = "en-US") -> Page:
    """The page in a tab, as a file that was sent by mail; its errors fail the test."""
    file = folder / "upload.html"
    file.write_text(upload_page(link), encoding="utf-8")
    page = browser.new_context(locale=locale).new_page()
    page.goto(file.as_uri())
    return page


def choose(page: Page, name: str = "my.jpg", content: bytes | None = None) -> None:
    """Choose a file, and press the button."""
    photo = FilePayload(name=name, mimeType="image/jpeg", buffer=jpeg() if content is None else content)
    page.set_input_files("input[type=file]", photo)
    page.locator("#upload").click()


def told(page: Page, text: str) -> None:
    """Wait until the page says this, and see that it can be used again."""
    expect(page.locator("[role=status]")).to_have_text(text, timeout=DEADLINE)
    expect(page.locator("progress")).to_be_hidden()
    expect(page.locator("form")).not_to_have_attribute("inert", "")


@contextmanager
def thanks() -> Iterator[str]:
    """Serve a page that thanks, and yield its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<h1>Thanks</h1>")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/thanks"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(("locale", "texts"), [("en-US", EN), ("de-AT", DE), ("fr-FR", EN)])
def test_a_visitor_is_told_in_their_language_that_the_file_has_arrived(
    faulty: Faulty, browser: Browser, tmp_path: Path, locale: str, texts: dict[str, str]
) -> None:
    page = opened(browser, link_to(faulty, f"page/{locale}.jpg"), tmp_path, locale=locale)
    expect(page.locator("h1")).to_have_text(texts["title"])

    choose(page, "<b>my</b>.jpg")

    told(page, texts["done"].format(name="<b>my</b>.jpg"))
    stored = faulty.s3.get_object(Bucket=faulty.pipeline.uploads_bucket, Key=f"page/{locale}.jpg")["Body"].read()
    assert stored == jpeg()


def test_progress_is_shown_while_the_file_is_sent_and_leaving_is_asked_about(
    faulty: Faulty, browser: Browser, tmp_path: Path
) -> None:
    page = opened(browser, link_to(faulty, "page/large.bin", max_bytes=30_000_000), tmp_path)
    page.evaluate(
        """() => {
          const seen = (window.seen = []);
          const status = document.querySelector("[role=status]");
          const leaves = () => dispatchEvent(new Event("beforeunload", { cancelable: true }));
          new MutationObserver(() => seen.push([status.textContent, leaves()])).observe(status, { childList: true });
        }"""
    )

    choose(page, "large.bin", bytes(20_000_000))

    told(page, EN["done"].format(name="large.bin"))
    seen = page.evaluate("window.seen")
    assert any(re.fullmatch(r"[0-9]{1,3}% sent", text) and not leaves for text, leaves in seen), seen
    assert [EN["checking"], False] in seen
    assert seen[-1] == [EN["done"].format(name="large.bin"), True]


@pytest.mark.parametrize(
    ("content", "told_as"),
    [(b"", "empty"), (bytes(5001), "too_large")],
)
def test_what_the_link_does_not_take_is_said_before_a_byte_is_sent(
    faulty: Faulty, browser: Browser, tmp_path: Path, content: bytes, told_as: str
) -> None:
    page = opened(browser, link_to(faulty, "page/size.jpg", max_bytes=5000), tmp_path)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    choose(page, content=content)

    told(page, EN[told_as].format(name="my.jpg", size="5 kB"))
    assert asked == []


def test_what_s3_refuses_is_said_in_words(faulty: Faulty, browser: Browser, tmp_path: Path) -> None:
    link = link_to(faulty, "page/refused.jpg", max_bytes=100)
    page = opened(browser, replace(link, max_bytes=100_000), tmp_path, locale="de-DE")

    choose(page)

    told(page, DE["too_large"].format(name="my.jpg", size="100\N{NO-BREAK SPACE}kB"))


def test_a_page_that_has_expired_says_so_whether_its_own_clock_knows_or_not(
    faulty: Faulty, browser: Browser, tmp_path: Path
) -> None:
    expired = link_to(faulty, "page/late.jpg", minutes=-1)
    page = opened(browser, expired, tmp_path)
    choose(page)
    told(page, EN["expired"])

    behind = opened(browser, replace(expired, expires=expired.expires + timedelta(days=1)), tmp_path)
    choose(behind)

    expect(behind.locator("[role=status]")).to_contain_text("The upload was refused (AccessDenied).", timeout=DEADLINE)


def test_after_the_upload_the_visitor_comes_to_the_page_that_the_operator_named(
    faulty: Faulty, browser: Browser, tmp_path: Path
) -> None:
    with thanks() as address:
        page = opened(browser, link_to(faulty, "page/redirected.jpg", redirect=address), tmp_path)
        choose(page)
        page.wait_for_url(address, timeout=DEADLINE)

        context = browser.new_context(java_script_enabled=False)
        without_scripts = context.new_page()
        without_scripts.goto((tmp_path / "upload.html").as_uri())
        choose(without_scripts)
        without_scripts.wait_for_url(f"{address}?**", timeout=DEADLINE)

        expect(page.locator("h1")).to_have_text("Thanks")


@pytest.mark.parametrize(
    "name",
    [
        'a "b".jpg',
        "it's 100%22.jpg",
        "back\\slash.jpg",
        "  two\nlines\t.jpg",
        "été ☂ 🎈.jpg",
        "${filename}.jpg",
        "a;b=c+d&e.jpg",
    ],
)
def test_a_key_ends_with_the_very_name_that_the_page_says(
    faulty: Faulty, browser: Browser, tmp_path: Path, name: str
) -> None:
    page = opened(browser, link_to(faulty, f"page/{uuid4().hex}/${{filename}}"), tmp_path)
    folder = page.evaluate("page.fields.key").removesuffix("${filename}")

    choose(page, name)

    done = EN["done"].format(name=name)
    expect(page.locator("[role=status]")).to_have_js_property("textContent", done, timeout=DEADLINE)
    listed = faulty.s3.list_objects_v2(Bucket=faulty.pipeline.uploads_bucket, Prefix=folder)["Contents"]
    assert [each["Key"] for each in listed] == [f"{folder}{name}"]
    eventually(lambda: look_up(faulty.pipeline, f"{folder}{name}").is_settled)


def test_the_form_alone_sends_the_same_key(faulty: Faulty, browser: Browser, tmp_path: Path) -> None:
    link = link_to(faulty, "page/alone/${filename}")
    page = opened(browser, link, tmp_path)
    page.context.route(
        f"{link.url}**", lambda route: route.abort() if route.request.resource_type == "xhr" else route.continue_()
    )
    choose(page, 'a "b" 100%22.jpg')
    told(page, EN["no_answer"])

    with page.context.expect_event("response", lambda answer: answer.request.method == "POST"):
        page.locator("#unwatched").click()

    assert faulty.s3.head_object(Bucket=faulty.pipeline.uploads_bucket, Key='page/alone/a "b" 100%22.jpg')


def test_where_there_is_no_answer_the_visitor_may_send_the_form_alone(
    faulty: Faulty, browser: Browser, tmp_path: Path
) -> None:
    link = link_to(faulty, "page/unwatched.jpg")
    page = opened(browser, link, tmp_path)

    def cut(route: Route) -> None:
        if route.request.resource_type == "xhr":
            route.abort("connectionreset")
        else:
            route.continue_()

    page.context.route(f"{link.url}**", cut)
    choose(page)
    told(page, EN["no_answer"])

    with page.context.expect_event("response", lambda answer: answer.request.method == "POST") as posted:
        page.locator("#unwatched").click()

    assert posted.value.status == 204
    told(page, EN["unwatched_sent"])


def test_on_a_phone_nothing_is_wider_than_the_screen(faulty: Faulty, browser: Browser, tmp_path: Path) -> None:
    page = opened(browser, link_to(faulty, "page/phone.jpg", max_bytes=5000), tmp_path)
    page.set_viewport_size({"width": 390, "height": 800})

    choose(page, f"{'x' * 200}.jpg", bytes(5001))

    expect(page.locator("[role=status]")).to_contain_text("is too large")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
