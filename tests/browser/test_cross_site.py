"""The emulator and a page that a developer visits, in a real browser: on another port, so of the same site."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from darkroom.cli.output.html import upload_form
from darkroom.uploads.presigned_post import make_link
from support.command.consoles import console_of
from support.function.faulty import Faulty
from support.imaging.pictures import jpeg

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

pytestmark = pytest.mark.long

DEADLINE = 120_000

# Everything that a page can send without asking first. An opaque answer tells nothing, so what was done is looked up.
ATTACK = """async ([endpoint, uploads]) => {
  const form = new FormData();
  form.append("key", "evil.jpg");
  form.append("file", new Blob(["evil"]), "evil.jpg");
  const query = new URLSearchParams({ Action: "CreateQueue", QueueName: "evil-posted" });
  const asked = [
    ["/?Action=CreateQueue&QueueName=evil-got", {}],
    ["/", { method: "POST", body: query }],
    ["/", { method: "POST", body: '{"QueueName": "evil-text"}', headers: { "Content-Type": "text/plain" } }],
    [`/${uploads}`, { method: "POST", body: form }],
    ["/_ministack/reset", { method: "POST" }],
  ];
  const types = [];
  for (const [path, options] of asked) {
    const answer = await fetch(endpoint + path, { mode: "no-cors", credentials: "include", ...options });
    types.push(answer.type);
  }
  for (const path of ["/", `/${uploads}`])
    types.push(await fetch(endpoint + path).then(() => "readable", () => "unreadable"));
  const image = new Image();
  const shown = new Promise((resolve) => {
    image.onload = () => resolve("shown");
    image.onerror = () => resolve("not shown");
  });
  image.src = `${endpoint}/?Action=CreateQueue&QueueName=evil-image`;
  types.push(await shown);
  types.push(await new Promise((resolve) => {
    const socket = new WebSocket(endpoint.replace("http", "ws") + "/_aws/execute-api/a/b");
    socket.onopen = () => resolve("open");
    socket.onerror = () => resolve("closed");
  }));
  return types;
}"""


@contextmanager
def page_with(text: str, *, asked: list[tuple[str, str]] | None = None) -> Iterator[str]:
    """Serve a page on a port of its own, and yield its address; `asked` gets each request's path and cookies."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if asked is not None:
                asked.append((self.path, self.headers.get("Cookie", "")))
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def state(faulty: Faulty) -> dict[str, Any]:
    return {
        "queues": sorted(faulty.sqs.list_queues()["QueueUrls"]),
        "keys": faulty.s3.list_objects_v2(Bucket=faulty.pipeline.uploads_bucket).get("KeyCount"),
        "functions": len(faulty.pipeline.client("lambda").list_functions()["Functions"]),
    }


def test_a_page_on_another_port_of_this_machine_can_do_nothing(faulty: Faulty, browser: Browser) -> None:
    before = state(faulty)
    with page_with("<!doctype html><title>Evil</title>") as address:
        page = browser.new_page()
        page.goto(address)

        answers = page.evaluate(ATTACK, [faulty.pipeline.endpoint_url, faulty.pipeline.uploads_bucket])

    assert answers == [*["opaque"] * 5, "unreadable", "unreadable", "not shown", "closed"]
    assert state(faulty) == before


def test_the_cookie_of_the_console_goes_to_no_other_server_of_this_machine(
    faulty: Faulty, browser: Browser, tmp_path: Path
) -> None:
    asked: list[tuple[str, str]] = []
    context = browser.new_context()
    page = context.new_page()
    with console_of(faulty.pipeline, tmp_path) as (_, address), page_with("<!doctype html>", asked=asked) as other:
        page.goto(address)
        expect(page.locator("#connection")).to_have_text("Live", timeout=DEADLINE)
        [cookie] = context.cookies()
        page.goto(other)
        page.goto(f"{other}events")

    folder = urlsplit(address).path
    assert len(folder) > 20
    assert (cookie["path"], cookie["httpOnly"], cookie["sameSite"]) == (folder, True, "Strict")
    assert {path for path, _ in asked} >= {"/", "/events"}
    assert {cookies for _, cookies in asked} == {""}


def test_the_form_of_a_link_works_from_any_page(faulty: Faulty, browser: Browser) -> None:
    link = make_link(faulty.pipeline, "visitors/cat.jpg", max_bytes=100_000, valid_for=timedelta(minutes=5))
    uploads: S3Client = faulty.s3
    with page_with(upload_form(link)) as address:
        page = browser.new_page()
        page.goto(address)
        page.set_input_files("input[type=file]", {"name": "my.jpg", "mimeType": "image/jpeg", "buffer": jpeg()})

        with page.expect_response(lambda answer: answer.request.method == "POST", timeout=DEADLINE) as posted:
            page.locator("form button, form input[type=submit]").first.click()

        sent = json.loads(json.dumps(posted.value.request.headers))
        expect(page.locator("form")).to_be_visible()  # an answer without content leaves the page where it is

    stored = uploads.get_object(Bucket=faulty.pipeline.uploads_bucket, Key="visitors/cat.jpg")["Body"].read()
    assert (posted.value.status, stored) == (204, jpeg())
    assert "multipart/form-data" in sent["content-type"]
