"""What the console and the contact sheet look like, measured in a real browser: wide and narrow, light and dark."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import FloatRect, Locator, Page, Route, expect

from darkroom.cli.output.html import contact_sheet
from darkroom.console.rows import Row, RowPicture, Stage, begun
from darkroom.uploads.download import DownloadedResult
from darkroom.uploads.local_files import LocalFile
from darkroom.uploads.outcomes import ManifestFile, Result
from darkroom.uploads.upload import UploadedFile
from support.command.browsers import DEADLINE
from support.command.manifests import manifest, rendition
from support.command.served_console import ServedConsole
from support.command.uploads import failed, uploaded
from support.imaging.images import encoded, quadrants

pytestmark = pytest.mark.long

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
SIZES = [(1300, 900), (390, 844)]

# How much lighter one color is than another: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
LIGHTNESS = (0.2126, 0.7152, 0.0722)


def resized(key: str, *sizes: tuple[int, int], **about: Any) -> Row:
    """An upload with variants of these sizes, in pixels."""
    names = ("large", "medium", "thumb")
    pictures = tuple(
        RowPicture(
            variant=name,
            key=f"{name}/{key}.webp",
            path=f"uploads/{name}/{width}",
            width=width,
            height=height,
            bytes=1000,
        )
        for name, (width, height) in zip(names, sizes, strict=False)
    )
    row = replace(begun("row", key, 1000, NOW), stage=Stage.RESIZED, pictures=pictures, milliseconds=429, **about)
    return replace(row, format="jpeg", width=3000, height=2000)


def show(console: ServedConsole, page: Page, row: Row) -> Locator:
    """Show one upload, and give its card."""

    def answer(route: Route) -> None:
        route.fulfill(body=encoded(quadrants(4, 3)), content_type="image/png")

    page.route(re.compile(r"/uploads/\w+/\d+"), answer)
    page.goto(console.address)
    expect(page.locator("#connection")).to_have_text("Live", timeout=DEADLINE)
    console.show(row)
    card = page.locator("#rows > li")
    expect(card).to_have_count(1)
    return card


def box(place: Locator) -> FloatRect:
    found = place.bounding_box()
    assert found is not None
    return found


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: str) -> float:
    parts = [int(part) / 255 for part in re.findall(r"\d+", color)[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(share * part for share, part in zip(LIGHTNESS, linear, strict=True))


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_what_became_of_an_upload_stands_on_one_line_each(
    console: ServedConsole, page: Page, width: int, height: int
) -> None:
    page.set_viewport_size({"width": width, "height": height})
    card = show(console, page, resized("console/cat.jpg", (1600, 1067), (800, 533), (320, 320)))

    steps = [box(step) for step in card.locator(".steps li").all()]
    assert len({step["y"] for step in steps}) == 1
    assert box(card.locator(".seen"))["height"] < 1.5 * steps[0]["height"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("message", ["m", "字", "👩\u200d🔧", "a-b "])
def test_a_long_name_has_two_lines_and_an_ellipsis_in_its_middle(
    console: ServedConsole, page: Page, width: int, height: int, message: str
) -> None:
    page.set_viewport_size({"width": width, "height": height})
    key = f"console/{message * (400 // len(message))}.jpg"
    name = show(console, page, resized(key)).locator(".name")

    text = name.inner_text()
    beginning, end = text.split("…")
    assert beginning.startswith("console/")
    assert end.endswith(".jpg")
    assert name.evaluate("(name) => name.scrollHeight <= name.clientHeight + 1"), "no letter is cut through"
    assert len(text) > 25
    assert name.get_attribute("title").startswith("console/")  # type: ignore[union-attr]


def test_variants_are_drawn_in_their_true_ratio(console: ServedConsole, page: Page) -> None:
    page.set_viewport_size({"width": 1300, "height": 900})
    card = show(console, page, resized("console/cat.jpg", (1600, 1067), (800, 533), (320, 320)))

    large, medium, thumb = [box(image) for image in card.locator("img").all()]
    assert large["width"] == pytest.approx(2 * medium["width"], abs=1)
    assert large["height"] == pytest.approx(2 * medium["height"], abs=1)
    assert large["width"] == pytest.approx(5 * thumb["width"], abs=4)
    assert large["width"] > 250
    assert large["y"] < medium["y"] < thumb["y"] < large["y"] + large["height"]


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("sizes", [((1600, 1), (800, 1), (1, 1)), ((1, 16000), (1, 16000), (1, 320))])
def test_a_line_is_seen_as_a_line_and_not_as_a_block(
    console: ServedConsole, page: Page, width: int, height: int, sizes: tuple[tuple[int, int], ...]
) -> None:
    page.set_viewport_size({"width": width, "height": height})
    card = show(console, page, resized("console/line.png", *sizes, color="#000000"))

    for image, frame in zip(card.locator("img").all(), card.locator(".frame").all(), strict=True):
        assert min(box(image)["width"], box(image)["height"]) == pytest.approx(1, abs=0.1)
        assert min(box(frame)["width"], box(frame)["height"]) >= 20
    assert box(card)["height"] < 700
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("color", ["#000000", "#1e1b19", "#fffefb", "#ffffff"])
def test_the_bar_of_the_dominant_color_is_seen_whatever_the_color(
    console: ServedConsole, page: Page, scheme: Any, color: str
) -> None:
    page.emulate_media(color_scheme=scheme)
    card = show(console, page, resized("console/night.jpg", (1600, 1067), color=color))

    line, around = card.evaluate(
        "(card) => [getComputedStyle(card, '::before').borderRightColor, getComputedStyle(card).backgroundColor]"
    )
    assert contrast(line, around) > 3
    assert card.evaluate("(card) => getComputedStyle(card, '::before').borderRightWidth") == "1px"


def test_on_a_phone_ones_own_images_come_first_and_the_queue_is_one_press_away(
    console: ServedConsole, page: Page
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    card = show(console, page, resized("console/cat.jpg", (1600, 1067)))
    assert box(card)["y"] < 600
    assert box(card)["y"] < box(page.locator("#queue"))["y"]

    page.get_by_role("link", name="Queue").click()

    expect(page.locator("#queue")).to_be_in_viewport()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_transparent_images_stand_on_a_chequerboard(console: ServedConsole, page: Page, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    card = show(console, page, resized("console/logo.png", (900, 600), color="#ff0000"))

    background, color = card.locator("img").evaluate(
        "(image) => [getComputedStyle(image).backgroundImage, getComputedStyle(image).backgroundColor]"
    )
    assert "repeating-conic-gradient" in background
    assert color == "rgba(0, 0, 0, 0)"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("samples/very-wide-panorama.png", ("samples/very-wide-", "panorama.png")),
        (f"{'holiday in the mountains/' * 8}first light.jpg", ("holiday", "first light.jpg")),
        (f"{'m' * 200}.jpg", ("mmm", f"{'m' * 7}.jpg")),
        (f"{'字' * 100}.jpg", ("字", f"{'字' * 7}.jpg")),
    ],
)
def test_a_long_name_on_the_contact_sheet_has_two_whole_lines(
    page: Page, tmp_path: Path, size: tuple[int, int], name: str, parts: tuple[str, str]
) -> None:
    (width, height), (beginning, end) = size, parts
    sheet = tmp_path / "sheet.html"
    sheet.write_text(contact_sheet([failed(uploaded("k", path=name))]), encoding="utf-8")
    page.set_viewport_size({"width": width, "height": height})

    page.goto(sheet.as_uri())

    heading = page.locator("h2")
    first, last = heading.locator("span").all()
    assert (heading.text_content(), heading.get_attribute("title")) == (name, name)
    assert box(heading)["height"] < 2.5 * box(last)["height"]
    assert first.inner_text().startswith(beginning)
    assert last.inner_text().endswith(end)
    assert last.evaluate("(end) => end.scrollWidth <= end.clientWidth"), "of the end no letter is cut"
    assert box(first)["width"] <= box(heading)["width"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_contact_sheet_shows_true_ratios_on_a_chequerboard(
    page: Page, tmp_path: Path, width: int, height: int
) -> None:
    made = [rendition("large", width=1600), rendition("medium", width=800), rendition("line", width=800)]
    renditions = [*made[:2], replace(made[2], height=1)]
    recorded = ManifestFile(manifest=manifest(*renditions), text=b"")
    file = tmp_path / "rendition.png"
    file.write_bytes(encoded(quadrants(4, 3)))
    upload = UploadedFile(LocalFile(Path("photo.jpg"), "photo.jpg"), "v1")
    result = Result(upload=upload, outcome=recorded.manifest.outcome, recorded=recorded)
    sheet = tmp_path / "sheet.html"
    sheet.write_text(
        contact_sheet([DownloadedResult(result=result, files={each.variant: file for each in renditions})]),
        encoding="utf-8",
    )
    page.set_viewport_size({"width": width, "height": height})

    page.goto(sheet.as_uri())

    large, medium, line = page.locator("img").all()
    assert box(large)["width"] == pytest.approx(2 * box(medium)["width"], abs=1)
    assert box(large)["height"] == pytest.approx(2 * box(medium)["height"], abs=1)
    assert box(line)["height"] == pytest.approx(1, abs=0.1)
    assert "repeating-conic-gradient" in large.evaluate("(image) => getComputedStyle(image).backgroundImage")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
