"""Files that are not uploaded yet, when the page goes: it goes on with them as soon as it is there again."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from darkroom.pipeline.client import Pipeline
from support.command.browsers import DEADLINE
from support.command.served_console import ServedConsole, served
from support.function.buckets import Buckets
from support.imaging.pictures import jpeg

pytestmark = pytest.mark.long

KEPT = """async () => {
  const opened = indexedDB.open("darkroom-unsent");
  await new Promise((done) => (opened.onsuccess = done));
  const request = opened.result.transaction("files").objectStore("files").count();
  await new Promise((done) => (request.onsuccess = done));
  opened.result.close();
  return request.result;
}"""

UPLOADS = "**/uploads?*"


def open_console(console: ServedConsole, page: Page) -> None:
    page.goto(console.address)
    expect(page.locator("#connection")).to_have_text("Live", timeout=DEADLINE)


def keep(page: Page, count: int) -> None:
    """Wait until the browser keeps so many files."""
    page.wait_for_function(f"async () => (await ({KEPT})()) === {count}", timeout=DEADLINE)


def choose(page: Page, *names: str) -> None:
    files = [{"name": name, "mimeType": "image/jpeg", "buffer": jpeg()} for name in names]
    page.set_input_files("#files", files)  # type: ignore[arg-type]


def uploaded(world: Buckets) -> list[str]:
    return sorted(item["Key"] for item in world.client.list_objects_v2(Bucket="uploads").get("Contents", []))


def hold(page: Page) -> None:
    """Let no upload through."""

    def forever(route: Route) -> None:
        assert route

    page.route(UPLOADS, forever)


def test_after_a_reload_the_page_goes_on_with_the_files_of_a_folder(
    world: Buckets, console: ServedConsole, page: Page, tmp_path: Path
) -> None:
    folder = tmp_path / "trip"
    (folder / "day 1").mkdir(parents=True)
    for name in ("a.jpg", "b.jpg", "day 1/a.jpg", ".hidden.jpg"):
        (folder / name).write_bytes(jpeg())
    open_console(console, page)
    hold(page)
    page.set_input_files("#folder", folder)
    expect(page.locator("#rows > li.uploading")).to_have_count(3)
    keep(page, 3)

    page.unroute(UPLOADS)
    page.reload()  # and nothing is asked: a dialog would be dismissed, and the reload with it

    expect(page.locator("#rows > li.queued")).to_have_count(3, timeout=DEADLINE)
    assert uploaded(world) == ["console/trip/a.jpg", "console/trip/b.jpg", "console/trip/day 1/a.jpg"]
    keep(page, 0)
    page.reload()
    expect(page.locator("#rows > li.queued")).to_have_count(3, timeout=DEADLINE)
    assert len(uploaded(world)) == 3


def test_what_the_server_had_taken_before_the_page_heard_of_it_is_not_uploaded_twice(
    world: Buckets, console: ServedConsole, page: Page
) -> None:
    open_console(console, page)
    delivered: list[str] = []

    def deliver_without_answer(route: Route) -> None:
        delivered.append(route.request.url)
        route.fetch()

    page.route(UPLOADS, deliver_without_answer)
    choose(page, "cat.jpg")
    expect(page.locator("#rows > li")).to_have_class("queued", timeout=DEADLINE)
    keep(page, 1)

    page.reload()

    keep(page, 0)
    expect(page.locator("#rows > li.queued")).to_have_count(1)
    assert (len(delivered), uploaded(world)) == (1, ["console/cat.jpg"])


def test_another_tab_leaves_the_files_of_an_open_one_alone_and_takes_them_once_it_is_closed(
    world: Buckets, console: ServedConsole, page: Page
) -> None:
    open_console(console, page)
    hold(page)
    choose(page, "cat.jpg")
    keep(page, 1)

    other = page.context.new_page()
    open_console(console, other)
    assert other.evaluate("navigator.locks.query().then(({ held }) => held.length)") == 2
    assert uploaded(world) == []
    page.close()
    other.reload()

    expect(other.locator("#rows > li.queued")).to_have_count(1, timeout=DEADLINE)
    assert uploaded(world) == ["console/cat.jpg"]


def test_a_file_that_is_refused_for_good_is_not_kept(console: ServedConsole, page: Page) -> None:
    page = page.context.new_page()  # whose browser may tell that the server refused something
    open_console(console, page)
    page.evaluate(
        """(name) => {
          const transfer = new DataTransfer();
          transfer.items.add(new File(["x"], name));
          document.querySelector("#files").files = transfer.files;
          document.querySelector("#files").dispatchEvent(new Event("change"));
        }""",
        "n" * 1100,
    )
    expect(page.locator("#rows > li.not_uploaded .why")).to_contain_text("1024 bytes")

    keep(page, 0)
    expect(page.get_by_role("button", name="Try again")).to_have_count(0)


@pytest.mark.parametrize("broken", ["IDBFactory.prototype.open", "IDBObjectStore.prototype.put"])
def test_where_the_browser_keeps_nothing_leaving_is_asked_about(
    console: ServedConsole, page: Page, broken: str
) -> None:
    page.add_init_script(f"{broken} = () => {{ throw new DOMException('no room', 'QuotaExceededError') }}")
    open_console(console, page)
    hold(page)
    choose(page, "cat.jpg")
    expect(page.locator("#rows > li.uploading")).to_have_count(1)

    with page.expect_event("dialog") as asked:
        page.close(run_before_unload=True)

    assert asked.value.type == "beforeunload"
    asked.value.dismiss()


def test_an_open_page_goes_on_after_a_new_start_of_the_console(world: Buckets, queues: Pipeline, page: Page) -> None:
    with served(queues) as first:
        open_console(first, page)
        port = urlsplit(first.address).port
    expect(page.get_by_role("alert")).to_contain_text("This page goes on when it is.", timeout=DEADLINE)
    choose(page, "cat.jpg")

    with served(queues, port):
        expect(page.locator("#connection")).to_have_text("Live", timeout=DEADLINE)
        page.get_by_role("button", name="Try again").click()
        expect(page.locator("#rows > li.queued")).to_have_count(1, timeout=DEADLINE)

    assert uploaded(world) == ["console/cat.jpg"]
