"""The console in a real browser: what a person does with it, and sees."""

import base64
import os
import signal
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from support.aws.proxy import refusing
from support.command.browsers import DEADLINE
from support.command.consoles import console_of
from support.command.processes import wait_until_ended
from support.command.program import processes_started_in
from support.function.faulty import FUNCTION_SECONDS, Faulty
from support.imaging.pictures import jpeg

# Makes files out of names and contents, as if they came from another window.
DRAGGED = """files => {
  const transfer = new DataTransfer();
  for (const [name, content] of files)
    transfer.items.add(new File([Uint8Array.from(atob(content), (byte) => byte.charCodeAt(0))], name));
  return transfer;
}"""

HOSTILE = "<img src=x onerror=alert(1)>\u202egpj.jpg"


def drop(page: Page, files: dict[str, bytes]) -> None:
    """Drop files on the page."""
    encoded = [[name, base64.b64encode(content).decode()] for name, content in files.items()]
    transfer = page.evaluate_handle(DRAGGED, encoded)
    page.dispatch_event("#drop", "drop", {"dataTransfer": transfer})


@pytest.mark.long
def test_a_person_drops_images_sees_each_go_through_and_redrives_what_failed(
    faulty: Faulty, page: Page, tmp_path: Path
) -> None:
    good = {f"{number}.jpg": jpeg() for number in range(8)} | {HOSTILE: jpeg()}
    with console_of(faulty.pipeline, tmp_path) as (command, address):
        page.goto(address)
        drop(page, good | {"broken.jpg": jpeg()[:300]})

        rows = page.locator("#rows > li")
        rejected = page.locator("#rows > li.rejected")
        groups = page.locator("#groups-of-uploads li:not([hidden])")
        expect(groups).to_have_text(["All 10", "Rejected 1", "Resized 9"], timeout=DEADLINE)
        expect(rejected).to_contain_text("console/broken.jpg")
        expect(rejected).to_contain_text("corrupt: it is cut off or damaged")
        page.get_by_role("searchbox").fill("onerror")
        strange = rows.filter(has_text="onerror")
        expect(strange.locator(".name")).to_have_text(r"console/<img src=x onerror=alert(1)>\u{202e}gpj.jpg")
        expect(strange.locator("figure")).to_have_count(3)
        large = strange.locator("figure", has_text="large").locator("img")
        large.scroll_into_view_if_needed()
        expect(large).to_have_js_property("naturalWidth", 64, timeout=DEADLINE)
        expect(page.locator("#said")).to_contain_text("resized", timeout=DEADLINE)

        page.get_by_role("searchbox").fill("")
        faulty.try_once()
        faulty.retry_after(1)
        faulty.proxy.on("GET", faulty.original("console/denied.jpg"), refusing(403, "AccessDenied"), times=1000)
        page.set_input_files("#files", {"name": "denied.jpg", "mimeType": "image/jpeg", "buffer": jpeg()})
        denied = rows.filter(has_text="denied.jpg")
        group = page.locator(".group", has_text="AccessDenied")
        expect(group.locator(".letter .name")).to_have_text("console/denied.jpg", timeout=DEADLINE)
        expect(group.locator("img")).to_have_js_property("naturalWidth", 64, timeout=DEADLINE)
        expect(denied).to_have_class("failed", timeout=DEADLINE)

        faulty.proxy.forget()
        faulty.retry_after(FUNCTION_SECONDS)
        group.get_by_role("button", name="Redrive 1").press("Enter")
        expect(denied).to_have_class("resized", timeout=DEADLINE)
        expect(denied.locator("figure")).to_have_count(3)
        for shown in denied.locator("img").all():
            shown.scroll_into_view_if_needed()
            expect(shown).to_have_js_property("complete", value=True, timeout=DEADLINE)
        expect(page.locator(".group")).to_have_count(0, timeout=DEADLINE)
        assert faulty.dead_letters() == []

        started = processes_started_in(tmp_path)
        os.killpg(command.pid, signal.SIGINT)
        _, told = command.communicate(timeout=60)
        expect(page.get_by_role("alert")).to_contain_text("The console does not answer", timeout=DEADLINE)

    assert (command.returncode, told) == (0, "")
    assert wait_until_ended(started) == set()


@pytest.mark.long
def test_a_file_dropped_before_the_page_knows_its_folder_is_shown_with_it_afterwards(
    faulty: Faulty, page: Page, tmp_path: Path
) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/events", hold)
    with console_of(faulty.pipeline, tmp_path) as (_, address):
        page.goto(address)
        drop(page, {"early.jpg": jpeg()})
        card = page.locator("#rows > li", has_text="early.jpg")
        expect(card.locator(".name")).to_have_text("early.jpg")

        held[0].continue_()

        expect(card.locator(".name")).to_have_text("console/early.jpg", timeout=DEADLINE)
        expect(card).to_have_class("resized", timeout=DEADLINE)


@pytest.mark.long
def test_leaving_is_asked_about_while_a_file_is_unsent_and_two_of_one_name_both_stay(
    faulty: Faulty, page: Page, tmp_path: Path
) -> None:
    page.add_init_script(
        "IDBFactory.prototype.open = () => { throw new DOMException() }"
    )  # a browser that keeps nothing
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/uploads?*", hold)
    with console_of(faulty.pipeline, tmp_path) as (_, address):
        page.goto(address)
        expect(page.locator("#connection")).to_have_text("Live", timeout=DEADLINE)
        page.set_input_files("#files", {"name": "same.jpg", "mimeType": "image/jpeg", "buffer": jpeg()})
        page.set_input_files("#files", {"name": "same.jpg", "mimeType": "image/jpeg", "buffer": jpeg() + b" "})
        page.get_by_role("searchbox").fill("same")
        expect(page.locator("#rows > li.uploading")).to_have_count(2)
        with page.expect_event("dialog") as asked:
            page.close(run_before_unload=True)
        assert asked.value.type == "beforeunload"
        asked.value.dismiss()

        for route in held:
            route.continue_()

        expect(page.locator("#rows > li.resized")).to_have_count(2, timeout=DEADLINE)
        names = page.locator("#rows > li .name").all_inner_texts()
        assert sorted(names) == ["console/same-2.jpg", "console/same.jpg"]
        page.reload()  # nothing is unsent, so nothing is asked
        page.get_by_role("searchbox").fill("same")
        expect(page.locator("#rows > li.resized")).to_have_count(2, timeout=DEADLINE)
