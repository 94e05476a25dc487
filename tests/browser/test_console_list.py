"""The list of uploads with hundreds and thousands of them, in a real browser: found, filtered, and never all drawn."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from darkroom.console.rows import Row, Stage, begun
from support.command.browsers import DEADLINE
from support.command.served_console import ServedConsole

pytestmark = pytest.mark.long

START = datetime(2026, 11, 26, 12, tzinfo=UTC)
MOST_CARDS = 60

# A page further, and until what it brings into view is drawn.
SCROLL = """() => {
  scrollBy({ top: innerHeight, behavior: "instant" });
  return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done))));
}"""


def rows(count: int) -> list[Row]:
    """So many uploads, one a second: each tenth rejected, each hundredth failed, the others resized."""
    return [_row(number) for number in range(count)]


def _row(number: int) -> Row:
    stage = Stage.FAILED if number % 100 == 7 else Stage.REJECTED if number % 10 == 3 else Stage.RESIZED
    row = begun(f"row-{number}", f"console/trip/{number:04}.jpg", 1000, START + timedelta(seconds=number))
    return replace(row, stage=stage)


def names(page: Page) -> list[str]:
    return page.locator("#rows > li .name").all_inner_texts()


@pytest.fixture
def opened(console: ServedConsole, page: Page) -> Page:
    page.goto(console.address)
    expect(page.locator("#connection")).to_have_text("Live", timeout=DEADLINE)
    return page


@pytest.mark.parametrize("count", [300, 3000])
def test_of_any_number_of_uploads_a_few_are_drawn_and_every_one_can_be_scrolled_to(
    console: ServedConsole, opened: Page, count: int
) -> None:
    console.show(*rows(count))
    expect(opened.locator("#groups-of-uploads .all")).to_have_text(f"All {count:,}")
    drawn = {names(opened)[0]}
    assert drawn == {f"console/trip/{count - 1:04}.jpg"}

    most, seen = 0, {f"console/trip/{count - 1:04}.jpg"}
    for _ in range(8):
        opened.evaluate(SCROLL)
        here = set(names(opened))
        assert seen & here, "an upload was passed over"
        seen, most = seen | here, max(most, len(here))
    opened.keyboard.press("End")
    expect(opened.locator("#rows > li").last).to_have_attribute("aria-posinset", str(count))
    expect(opened.locator("#rows > li .name").last).to_have_text("console/trip/0000.jpg")
    expect(opened.locator("#rows > li").last).to_be_in_viewport()

    assert 0 < most <= MOST_CARDS
    assert opened.locator("#rows > li").count() <= MOST_CARDS


def test_uploads_are_filtered_by_outcome_found_by_name_and_the_problems_come_first_on_demand(
    console: ServedConsole, opened: Page
) -> None:
    console.show(*rows(300))
    cards = opened.locator("#rows > li")

    opened.get_by_role("button", name="Rejected 30").click()
    expect(cards.first.locator(".name")).to_have_text("console/trip/0293.jpg")
    expect(cards.first).to_have_attribute("aria-setsize", "30")
    expect(opened.locator("#tally")).to_have_text("30 of 300 match")

    opened.get_by_role("searchbox", name="Search by name").fill("TRIP/02 13")
    expect(cards.locator(".name")).to_have_text(["console/trip/0213.jpg"])
    opened.get_by_role("button", name="Failed 3").click()
    expect(cards).to_have_count(0)
    opened.get_by_role("button", name="Show all").click()
    expect(cards.first).to_have_attribute("aria-setsize", "300")
    expect(cards.first.locator(".name")).to_have_text("console/trip/0299.jpg")

    opened.get_by_label("Failed and rejected first").check()
    expect(cards.first.locator(".name")).to_have_text("console/trip/0293.jpg")
    expect(cards.first).to_have_class("rejected")
    expect(opened.locator("#rows > li.resized")).to_have_count(0)


def test_what_is_chosen_goes_on_to_hold_for_uploads_that_come_later(console: ServedConsole, opened: Page) -> None:
    console.show(*rows(20))
    opened.get_by_role("button", name="Rejected 2").click()
    expect(opened.locator("#rows > li")).to_have_count(2)

    console.show(*rows(24)[20:])

    expect(opened.locator("#rows > li .name")).to_have_text([f"console/trip/00{each}.jpg" for each in (23, 13, "03")])
