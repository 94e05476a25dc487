"""An open page follows what other tools make of its uploads: backfills, removals, uploads of the same key."""

from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page, expect

from contract.events import ObjectEvent
from darkroom.pipeline.client import Pipeline
from support.command import backfills
from support.command.browsers import DEADLINE
from support.command.served_console import ServedConsole
from support.function.buckets import Buckets, settings
from support.imaging.images import rendered
from support.imaging.pictures import jpeg

pytestmark = pytest.mark.long

KEY = "console/cat.jpg"


def do(world: Buckets, event: ObjectEvent) -> None:
    world.deliver(event, lambda source: rendered(source, *world.settings.variants))


@pytest.fixture
def card(world: Buckets, console: ServedConsole, page: Page) -> Page:
    """A page that shows an upload of its own, resized; its browser may tell that pictures are gone."""
    page = page.context.new_page()
    page.goto(console.address)
    expect(page.locator("#connection")).to_have_text("Live", timeout=DEADLINE)
    page.set_input_files("#files", {"name": "cat.jpg", "mimeType": "image/jpeg", "buffer": jpeg(640, 480)})
    expect(page.locator("#rows > li")).to_have_class("queued", timeout=DEADLINE)
    version_id = world.client.head_object(Bucket="uploads", Key=KEY)["VersionId"]
    do(world, replace(world.upload("other", b""), key=KEY, version_id=version_id))
    shows(page, "large", "thumb")
    return page


def shows(page: Page, *variants: str) -> None:
    """Wait until the only card shows these variants, each with its picture."""
    expect(page.locator("#rows > li")).to_have_count(1)
    expect(page.locator("#rows figcaption b")).to_have_text([*variants], timeout=DEADLINE)
    expect(page.locator("#rows .no-picture")).to_have_count(0)
    for image in page.locator("#rows img").all():
        image.scroll_into_view_if_needed()
        expect(image).not_to_have_js_property("naturalWidth", 0, timeout=DEADLINE)


def test_after_a_backfill_with_other_variants_the_card_shows_those(
    world: Buckets, queues: Pipeline, card: Page
) -> None:
    world.client.delete_object(Bucket="uploads", Key="other")
    world.settings = replace(world.settings, variants=settings(tiny={"width": 64}).variants, function_version=1)
    backfills.run(world, queues)
    for job in backfills.jobs(queues):
        do(world, job)

    shows(card, "tiny")
    expect(card.locator("#rows > li")).to_have_class("resized")


def test_what_another_tool_removes_and_uploads_again_is_shown_as_it_is(world: Buckets, card: Page) -> None:
    do(world, world.delete(KEY))
    expect(card.locator("#rows > li")).to_have_class("removed", timeout=DEADLINE)
    expect(card.locator("#rows img")).to_have_count(0)

    do(world, world.upload(KEY, jpeg(32, 24)))
    expect(card.locator("#rows > li")).to_have_class("resized", timeout=DEADLINE)
    shows(card, "large", "thumb")
    expect(card.locator("#rows .seen")).to_contain_text("32")


def test_a_variant_that_is_not_there_any_more_is_told_in_words(
    world: Buckets, console: ServedConsole, card: Page, browser: Browser
) -> None:
    assert card.locator("#rows img").count() == 2
    world.client.delete_object(Bucket="derived", Key=f"thumb/{KEY}.webp")
    with browser.new_context() as other:  # which has kept no picture
        page = other.new_page()

        page.goto(console.address)

        thumb = page.locator("#rows figure", has_text="thumb")
        expect(thumb.locator(".no-picture")).to_have_text("not there any more", timeout=DEADLINE)
        expect(page.locator("#rows figure", has_text="large").locator("img")).to_have_count(1)
