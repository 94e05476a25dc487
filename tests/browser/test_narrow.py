"""The console on a phone: what lies below hundreds of uploads is one tap away, whatever is in view."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from darkroom.console.rows import RowPicture, Stage, begun
from support.command.browsers import DEADLINE
from support.command.served_console import ServedConsole

pytestmark = pytest.mark.long

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
# Ten frames further: whatever comes into view is drawn and measured by then.
SETTLED = """() => new Promise((done) => {
  let left = 10;
  const next = () => (left-- ? requestAnimationFrame(next) : done());
  next();
})"""


@pytest.fixture
def phone(console: ServedConsole, page: Page) -> Page:
    """A phone's page with hundreds of uploads of many heights, and a dead letter."""
    page.set_viewport_size({"width": 390, "height": 844})
    page.route("**/uploads/**", lambda route: route.abort())
    page.goto(console.address)
    expect(page.locator("#connection")).to_have_text("Live", timeout=DEADLINE)
    picture = RowPicture(variant="large", key="k", path="uploads/a/b", width=1600, height=1600, bytes=1)
    rows = [begun(f"row-{number}", f"console/{number}.jpg", 1, NOW) for number in range(300)]
    numbered = enumerate(rows)
    pictured = [replace(row, stage=Stage.RESIZED, pictures=(picture,) * (number % 3)) for number, row in numbered]
    console.show(*pictured)
    expect(page.locator("#groups-of-uploads .all")).to_have_text("All 300")
    return page


@pytest.mark.parametrize(("link", "section"), [("Queue", "#queue"), ("Dead letters", "#dead-letters")])
def test_what_is_below_the_uploads_is_one_tap_away_and_stays_in_view(phone: Page, link: str, section: str) -> None:
    for _ in range(3):
        phone.evaluate("scrollBy({ top: innerHeight, behavior: 'instant' })")
        phone.evaluate(SETTLED)
    tab = phone.locator("#jump").get_by_role("link", name=link)
    expect(tab).to_be_in_viewport()

    tab.click()
    phone.evaluate(SETTLED)

    title = phone.locator(f"{section} h2")
    expect(title).to_be_in_viewport()
    covered = phone.evaluate("document.querySelector('#jump').getBoundingClientRect().bottom")
    top = phone.locator(section).evaluate("(each) => each.getBoundingClientRect().top")
    bottom = phone.evaluate("document.documentElement.scrollHeight - scrollY - innerHeight")
    assert top >= covered
    assert top <= covered + 40 or bottom <= 1, "the section begins at the top of the screen, or the page ends here"

    phone.locator("#jump").get_by_role("link", name="Uploads").click()
    phone.evaluate(SETTLED)
    expect(phone.locator("#uploads h2")).to_be_in_viewport()


@pytest.mark.parametrize("width", [1300, 390])
def test_the_box_stands_in_line_with_its_words_and_buttons_keep_off_the_reason(
    console: ServedConsole, page: Page, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(console.address)
    expect(page.locator("#connection")).to_have_text("Live", timeout=DEADLINE)
    console.show(begun("row", "console/a.jpg", 1, NOW))
    letter = {"id": "m", "keys": ["a.jpg"], "more_keys": 0, "detail": "x", "body": "", "attempts": 1, "path": None}
    group = {"code": "StorageError.GetObject.AccessDenied", "letters": [letter | {"sent": NOW.isoformat()}]}
    console.publish("dead_letters", "", {"groups": [group]})

    def box(selector: str) -> dict[str, float]:
        found = page.locator(selector).bounding_box()
        assert found is not None
        return {"top": found["y"], "bottom": found["y"] + found["height"], "middle": found["y"] + found["height"] / 2}

    expect(page.locator(".group h3")).to_be_visible()
    assert box("#problems-first")["middle"] == pytest.approx(box("label[for=problems-first]")["middle"], abs=1)
    reason, buttons = box(".group h3"), box(".group .buttons")
    assert buttons["top"] - reason["bottom"] >= 8 or buttons["middle"] == pytest.approx(reason["middle"], abs=1)
