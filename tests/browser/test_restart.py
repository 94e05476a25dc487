"""An open page goes on where `darkroom up` is started anew: with other keys, other buckets and another port."""

import os
import re
import signal
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from support.command.browsers import DEADLINE
from support.command.program import running, start_darkroom
from support.imaging.pictures import jpeg

pytestmark = pytest.mark.long

TWO_STARTS = 2 * DEADLINE


def choose(page: Page, name: str) -> None:
    page.set_input_files("#files", {"name": name, "mimeType": "image/jpeg", "buffer": jpeg()})


def test_an_open_page_goes_on_with_the_pipeline_that_was_started_anew(page: Page, tmp_path: Path) -> None:
    page = page.context.new_page()  # whose browser may tell that an upload was refused while nothing was up
    with running(tmp_path) as (first, _):
        console = start_darkroom("console", folder=tmp_path)
        assert console.stdout is not None
        address = re.search(r"http://\S+", console.stdout.readline())
        assert address
        page.goto(address[0])
        expect(page.locator("#connection")).to_have_text("Live", timeout=DEADLINE)
        choose(page, "before.jpg")
        expect(page.locator("#rows > li")).to_have_class("resized", timeout=DEADLINE)
        os.killpg(first.pid, signal.SIGINT)
        first.wait(60)

    pill, trouble = page.locator("#connection"), page.get_by_role("alert")
    expect(pill).to_have_text("Pipeline does not answer", timeout=DEADLINE)
    expect(pill).not_to_have_class(re.compile("live"))
    expect(trouble).to_contain_text("If `darkroom up` has ended, start it again: the console finds it.")
    choose(page, "meanwhile.jpg")
    refused = page.locator("#rows > li.not_uploaded")
    expect(refused).to_contain_text("meanwhile.jpg", timeout=DEADLINE)

    with running(tmp_path):
        expect(pill).to_have_text("Live", timeout=TWO_STARTS)
        expect(trouble).to_be_hidden()
        expect(page.locator("#rows > li", has_text="before.jpg")).to_have_count(0)  # its bucket is gone
        page.get_by_role("button", name="Try again").click()
        choose(page, "after.jpg")
        expect(page.locator("#rows > li.resized")).to_have_count(2, timeout=DEADLINE)

        os.killpg(console.pid, signal.SIGINT)
        rest, told = console.communicate(timeout=60)

    assert (console.returncode, told) == (0, "")
    assert re.search(r"Shows: +Darkroom at http://127\.0\.0\.1:\d+, in place of the one that has ended\n", rest)
