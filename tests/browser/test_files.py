"""What a person takes out of the console: variants, their keys, and dead letters, which are saved before they go."""

import json
import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from darkroom.pipeline.client import Pipeline
from support.command.browsers import DEADLINE
from support.command.served_console import ServedConsole, served
from support.function.buckets import Buckets
from support.function.events import s3_body, s3_record
from support.imaging.images import rendered
from support.imaging.pictures import jpeg

pytestmark = pytest.mark.long

# Drops a folder of these files: a page cannot make one, so it is shaped as the browser's are.
DROPPED = """async (files) => {
  const entryOf = (name, path, inside) => ({
    name, fullPath: path, isFile: inside === null || typeof inside === "string",
    isDirectory: inside !== null && typeof inside !== "string",
    file: (done, failed) => (inside === null ? failed(new DOMException("gone")) : done(new File([inside], name))),
    createReader: () => {
      const rest = Object.entries(inside).map(([each, more]) => entryOf(each, `${path}/${each}`, more));
      return { readEntries: (done) => done(rest.splice(0, 100)) };
    },
  });
  const tree = {};
  for (const [path, content] of Object.entries(files)) {
    const parts = path.split("/"), last = parts.pop();
    parts.reduce((at, part) => (at[part] ??= {}), tree)[last] = content;
  }
  const { dropped } = await import("./upload.js");
  await dropped({ items: [{ webkitGetAsEntry: () => entryOf("trip", "/trip", tree) }], files: [] });
}"""

HOSTILE = "<img src=x onerror=alert(1)>\u202e 100%.jpg"


def upload(world: Buckets, console: ServedConsole, page: Page, name: str) -> None:
    """Upload an image with the page, and do its job."""
    page.goto(console.address)
    expect(page.locator("#connection")).to_have_text("Live", timeout=DEADLINE)
    page.set_input_files("#files", {"name": name, "mimeType": "image/jpeg", "buffer": jpeg(640, 480)})
    expect(page.locator("#rows > li")).to_have_class("queued")
    version_id = world.client.head_object(Bucket="uploads", Key=f"console/{name}")["VersionId"]
    event = replace(world.upload("other", b""), key=f"console/{name}", version_id=version_id)
    world.deliver(event, lambda source: rendered(source, *world.settings.variants))
    expect(page.locator("#rows > li")).to_have_class("resized")


SHEET = '<!doctype html>\n<meta name="generator" content="darkroom run">'


def folder_with_results(folder: Path) -> Path:
    """A folder of images, in which runs have left results, and a page that is none of theirs."""
    made = {
        "trip/sizes/.darkroom-results": b"",
        "trip/sizes/thumb/a.jpg.webp": jpeg(),
        "trip/sheet.html": SHEET.encode(),
    }
    own = {"trip/a.jpg": jpeg(), "trip/day/b.jpg": jpeg(), "trip/mine.html": b"<title>mine</title>", "trip/.c.jpg": b""}
    for name, content in (made | own).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder / "trip"


def test_of_a_folder_that_is_chosen_results_of_earlier_runs_are_left_out_and_told(
    world: Buckets, console: ServedConsole, page: Page, tmp_path: Path
) -> None:
    page.goto(console.address)
    expect(page.locator("#connection")).to_have_text("Live", timeout=DEADLINE)
    folder = folder_with_results(tmp_path)

    page.set_input_files("#folder", folder)

    expect(page.locator("#rows > li.queued")).to_have_count(3, timeout=DEADLINE)
    expect(page.locator("#left-out")).to_have_text(
        re.compile(r"^Left out, as darkroom run has made it: (trip/\S+, )?trip/\S+\.$")
    )
    expect(page.locator("#left-out")).to_contain_text("trip/sizes")
    expect(page.locator("#left-out")).to_contain_text("trip/sheet.html")
    stored = {item["Key"] for item in world.client.list_objects_v2(Bucket="uploads")["Contents"]}
    assert stored == {"console/trip/a.jpg", "console/trip/day/b.jpg", "console/trip/mine.html"}

    page.set_input_files("#folder", folder / "sizes")

    expect(page.locator("#left-out")).to_have_text(
        "Left out, as darkroom run has made it: sizes. Nothing else is there."
    )
    expect(page.locator("#rows > li")).to_have_count(3)


def test_of_a_folder_that_is_dropped_the_same_is_left_out(world: Buckets, console: ServedConsole, page: Page) -> None:
    page.goto(console.address)
    expect(page.locator("#connection")).to_have_text("Live", timeout=DEADLINE)

    page.evaluate(DROPPED, {"out/.darkroom-results": "", "out/thumb/a.jpg": "x", "a.jpg": "x", ".b.jpg": "x"})

    expect(page.locator("#rows > li.queued")).to_have_count(1, timeout=DEADLINE)
    expect(page.locator("#left-out")).to_have_text("Left out, as darkroom run has made it: trip/out.")
    stored = {item["Key"] for item in world.client.list_objects_v2(Bucket="uploads")["Contents"]}
    assert stored == {"console/trip/a.jpg"}

    page.evaluate(DROPPED, {".hidden.jpg": "x"})

    expect(page.locator("#left-out")).to_have_text("There are no files in it: hidden ones are left out.")


def test_what_cannot_be_read_or_is_no_file_is_told_where_it_was_dropped(console: ServedConsole, page: Page) -> None:
    page.goto(console.address)
    expect(page.locator("#connection")).to_have_text("Live", timeout=DEADLINE)

    page.evaluate(DROPPED, {"a.jpg": "x", "gone.jpg": None})

    expect(page.locator("#left-out")).to_have_text("Cannot be read: trip.")
    expect(page.locator("#rows > li")).to_have_count(1)

    page.evaluate("import('./upload.js').then(({ dropped }) => dropped({ items: [], files: [] }))")

    expect(page.locator("#left-out")).to_have_text("That is no file. Save it first, and drop what you saved.")


def test_a_variant_is_opened_and_downloaded_and_its_key_and_srcset_are_copied(
    world: Buckets, console: ServedConsole, page: Page, tmp_path: Path
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    upload(world, console, page, HOSTILE)
    key = f"large/console/{HOSTILE}.webp"
    stored = world.client.get_object(Bucket="derived", Key=key)["Body"].read()
    page.get_by_text("Files and keys").click()
    line = page.locator(".files li").filter(has=page.locator("b", has_text="large"))

    with page.expect_download() as download:
        line.get_by_role("link", name="Download").click()
    download.value.save_as(tmp_path / "got")
    with page.expect_popup() as popup:
        line.get_by_role("link", name="Open").click()
    popup.value.wait_for_load_state()
    line.get_by_role("button", name="Copy key").click()
    expect(line.get_by_role("button", name="Copied")).to_be_visible()

    assert (tmp_path / "got").read_bytes() == stored
    assert popup.value.evaluate("document.contentType") == "image/webp"
    assert page.evaluate("navigator.clipboard.readText()") == key
    expect(line.locator("code")).to_have_text(r"large/console/<img src=x onerror=alert(1)>\u{202e} 100%.jpg.webp")
    page.get_by_role("button", name="Copy srcset").click()
    expect(page.get_by_role("button", name="Copied").nth(1)).to_be_visible()
    srcset = page.evaluate("navigator.clipboard.readText()")
    assert srcset == world.manifest(f"console/{HOSTILE}")["srcset"]
    assert "signature" not in page.content().lower()


def test_of_what_is_delivered_the_url_and_the_whole_picture_are_copied(
    world: Buckets, queues: Pipeline, page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    with served(replace(queues, delivery_url="https://images.example.com")) as delivered:
        upload(world, delivered, page, HOSTILE)
        page.get_by_text("Files and keys").click()
        line = page.locator(".files li").filter(has=page.locator("b", has_text="large"))

        line.get_by_role("button", name="Copy URL").click()
        expect(line.get_by_role("button", name="Copied")).to_be_visible()
        url = page.evaluate("navigator.clipboard.readText()")
        page.get_by_role("button", name="Copy picture").click()
        expect(page.get_by_role("button", name="Copied").nth(1)).to_be_visible()
        markup = page.evaluate("navigator.clipboard.readText()")

    (large,) = [each for each in world.manifest(f"console/{HOSTILE}")["renditions"] if each["variant"] == "large"]
    assert url == f"https://images.example.com/{quote(large['key'])}?v={large['etag']}"
    assert markup.startswith("<picture>")
    assert f'src="{url}"' in markup


def test_where_the_browser_lets_no_page_copy_the_key_is_selected(
    world: Buckets, console: ServedConsole, page: Page
) -> None:
    page.add_init_script("navigator.clipboard.writeText = () => Promise.reject(new Error())")
    upload(world, console, page, "cat.jpg")
    page.get_by_text("Files and keys").click()

    page.get_by_role("button", name="Copy key").first.click()

    expect(page.locator("#said")).to_contain_text("copy it yourself")
    assert page.evaluate("getSelection().toString()") == "console/cat.jpg"


def dead(world: Buckets, console: ServedConsole, queues: Pipeline, key: str, count: int = 1) -> str:
    """Put a letter about an image into the dead-letter queue, have the console look, and give the letter's body."""
    body = s3_body(s3_record(key, version_id=world.upload(key, jpeg()).version_id))
    queues.client("sqs").send_message(QueueUrl=queues.dead_letter_queue_url, MessageBody=body)
    console.do(lambda: console.parts.dead_letters.counted(count))
    return body


def test_a_dead_letter_is_discarded_once_that_is_confirmed_and_lies_in_a_file_then(
    world: Buckets, console: ServedConsole, queues: Pipeline, page: Page, tmp_path: Path
) -> None:
    page.goto(console.address)
    body = dead(world, console, queues, "console/cat.jpg")
    discard = page.get_by_role("button", name="Discard 1")
    expect(discard).to_be_visible(timeout=DEADLINE)

    discard.click()
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    discard.click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert not (tmp_path / "darkroom").exists()
    discard.click()
    expect(page.get_by_role("dialog")).to_contain_text("Discard 1 dead letter?")
    page.get_by_role("button", name="Discard", exact=True).click()

    expect(page.locator(".group")).to_have_count(0, timeout=DEADLINE)
    expect(page.locator("#told-of-letters")).to_have_text("1 dead letter is discarded.")
    (saved,) = (tmp_path / "darkroom" / "dead-letters").iterdir()
    expect(page.locator("#discarded")).to_contain_text(f"darkroom dlq redrive --from {saved}")
    assert json.loads(saved.read_text())["body"] == body
    assert "Messages" not in queues.client("sqs").receive_message(QueueUrl=queues.dead_letter_queue_url)


def test_a_letter_that_comes_while_one_is_asked_is_not_discarded_with_the_others(
    world: Buckets, console: ServedConsole, queues: Pipeline, page: Page
) -> None:
    page.goto(console.address)
    dead(world, console, queues, "console/one.jpg")
    page.get_by_role("button", name="Discard 1").click()
    dead(world, console, queues, "console/two.jpg", count=2)
    expect(page.locator(".letter")).to_have_count(2, timeout=DEADLINE)

    page.get_by_role("button", name="Discard", exact=True).click()

    expect(page.locator(".letter .name")).to_have_text(["console/two.jpg"], timeout=DEADLINE)
