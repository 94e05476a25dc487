"""The page of the results: complete in itself, and safe to open."""

from html.parser import HTMLParser
from pathlib import Path

import pytest

from contract.errors import Reason
from darkroom.cli.output.html import contact_sheet, split_name
from darkroom.cli.output.results import TIMES
from darkroom.uploads.download import DownloadedResult
from support.command.uploads import collected, failed, uploaded

WEBP = b"RIFF\x04\x00\x00\x00WEBP"


class Page(HTMLParser):
    """What a browser would see: the elements with their attributes, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data.strip())


@pytest.fixture
def resized(tmp_path: Path) -> DownloadedResult:
    made = collected(out=tmp_path)
    for file in made.files.values():
        file.parent.mkdir()
        file.write_bytes(WEBP)
    return made


def test_each_variant_is_a_picture_inside_the_page_with_its_size(resized: DownloadedResult) -> None:
    page = Page(contact_sheet([resized]))

    pictures = [attributes for tag, attributes in page.elements if tag == "img"]
    assert [(picture["width"], picture["height"]) for picture in pictures] == [("1600", "1200"), ("320", "240")]
    assert {picture["src"] for picture in pictures} == {"data:image/webp;base64,UklGRgQAAABXRUJQ"}
    assert {
        "large",
        f"1600{TIMES}1200 0.1 kB",
        "thumb",
        f"320{TIMES}240 0.1 kB",
    } <= set(page.text)
    assert {"album/photo.jpg", "resized", f"jpeg 640{TIMES}480", "#a0b0c0"} <= set(page.text)


def test_nothing_is_loaded_and_nothing_runs(resized: DownloadedResult) -> None:
    page = Page(contact_sheet([resized]))

    links = [value for _, attributes in page.elements for name, value in attributes.items() if name in {"src", "href"}]
    assert all(str(link).startswith("data:") for link in links)
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in page.elements}
    (policy,) = [attributes["content"] for _, attributes in page.elements if "http-equiv" in attributes]
    assert str(policy).startswith("default-src 'none';")


@pytest.mark.parametrize(
    ("name", "pieces"),
    [
        ("cat.jpg", ("cat.jpg", "")),
        ("album/a name of 18.jpg", ("album/", "a name of 18.jpg")),
        ("samples/very-wide-panorama.png", ("samples/very-wide-", "panorama.png")),
        ("x" * 40, ("x" * 22, "x" * 18)),
        (f"{'x' * 40}.jpg", ("x" * 26, f"{'x' * 14}.jpg")),
        (f"{'字' * 20}.jpg", ("字" * 13, f"{'字' * 7}.jpg")),
        ("e\u0301" * 30, ("e\u0301" * 12, "e\u0301" * 18)),
    ],
)
def test_a_long_name_is_split_where_its_end_fits_on_a_line(name: str, pieces: tuple[str, str]) -> None:
    assert split_name(name) == pieces


def test_an_upload_without_variants_says_why() -> None:
    page = Page(contact_sheet([collected(uploaded("notes.txt"), reason=Reason.UNKNOWN_FORMAT), failed(uploaded("x"))]))

    assert {"rejected: unknown_format", "failed: dead_letter", "1 rejected, 1 failed"} <= set(page.text)
    assert "img" not in {tag for tag, _ in page.elements}


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>.jpg", '"><img src=x onerror=alert(1)>.jpg', "{{ 1 }}&amp;"]
)
def test_a_hostile_name_is_text(name: str, resized: DownloadedResult) -> None:
    harmless = Page(contact_sheet([resized]))

    hostile = Page(contact_sheet([DownloadedResult(result=failed(uploaded("k", path=name)).result, files={}), resized]))

    assert name.replace(" ", "") in "".join(hostile.text).replace(" ", "")
    assert [tag for tag, _ in hostile.elements if tag in {"img", "script"}] == [
        tag for tag, _ in harmless.elements if tag == "img"
    ]


def test_a_name_that_is_not_utf8_can_be_written() -> None:
    html = contact_sheet([failed(uploaded("k", path="caf\udce9\u202e.jpg"))])

    assert "caf\\xe9\\u202e.jpg" in html.encode().decode()
