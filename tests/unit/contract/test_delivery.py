"""URLs and markup of what is delivered: whatever a key holds, a browser asks for it and reads no markup in it."""

import html.parser
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from contract.delivery import Placeholder, delivered_srcset, picture, url_of, variant_urls
from contract.keys import rendition_key
from contract.manifest import PublishedRendition, srcset
from support.command.manifests import manifest, rendition

if TYPE_CHECKING:
    from collections.abc import Mapping

BASE = "https://images.example.com"
NOTHING = Placeholder()
HOSTILE = [
    "a b.jpg",
    "a+b.jpg",
    "100%.jpg",
    "%41.jpg",
    "a'b\"c.jpg",
    "<script>alert(1)</script>.jpg",
    "a&amp;b.jpg",
    "a,b 2x, c.jpg",
    "a?v=1#top.jpg",
    "né — 📷.jpg",
    "/first.jpg",
    "a//b.jpg",
    "a\\b.jpg",
    "a\n\r\t\x1b[31mb.jpg",
    "...jpg",
]


class Elements(html.parser.HTMLParser):
    """What a browser reads in markup: each element and its attributes, and text."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.found: list[tuple[str, Mapping[str, str | None]]] = []
        self.text = ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data.strip()


def of(variant: str, key: str = "photo.jpg", *, width: int = 1600, kind: str = "webp") -> PublishedRendition:
    made = rendition(variant, key=rendition_key(variant, key, kind), width=width)
    return replace(made, content_type=f"image/{kind}", etag=f"{variant}{kind}")


@pytest.mark.parametrize("key", HOSTILE)
def test_a_url_leads_to_its_key_and_names_its_version(key: str) -> None:
    made = of("thumb", key)

    url = urlsplit(str(url_of(BASE, made)))

    assert (url.scheme, url.netloc, url.fragment) == ("https", "images.example.com", "")
    assert unquote(url.path.removeprefix("/")) == made.key
    assert parse_qs(url.query, strict_parsing=True) == {"v": [made.etag]}
    assert set(url.path) <= set("/-._~%ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")


@pytest.mark.parametrize("key", ["../cat.jpg", "a/../cat.jpg", "a/./cat.jpg", "./cat.jpg"])
def test_a_key_that_no_browser_can_ask_for_has_no_url(key: str) -> None:
    made = of("thumb", key)

    assert url_of(BASE, made) is None
    assert variant_urls(BASE, [made]) == {}
    assert delivered_srcset(BASE, [made]) == ""
    assert picture(BASE, [made], NOTHING) is None


@pytest.mark.parametrize("key", HOSTILE)
def test_a_picture_is_two_elements_whatever_the_key_holds(key: str) -> None:
    markup = picture(BASE, [of("large", key)], Placeholder(color="#a0b0c0", thumbhash='"><b>'))

    elements = Elements(str(markup))

    assert [name for name, _ in elements.found] == ["picture", "img"]
    assert elements.text == ""
    image = elements.found[1][1]
    assert image["src"] == url_of(BASE, of("large", key))
    assert image["srcset"] == f"{image['src']} 1600w"
    assert image["data-thumbhash"] == '"><b>'


def test_a_picture_has_its_size_and_a_placeholder_and_loads_when_it_is_needed() -> None:
    markup = picture(BASE, [of("medium", width=800), of("large")], Placeholder(color="#a0b0c0", thumbhash="1QcS"))

    (_, (_, image)) = Elements(str(markup)).found
    large, medium = url_of(BASE, of("large")), url_of(BASE, of("medium"))
    assert image == {
        "src": large,
        "srcset": f"{large} 1600w, {medium} 800w",
        "sizes": "auto, 100vw",
        "width": "1600",
        "height": "1200",
        "alt": "",
        "loading": "lazy",
        "decoding": "async",
        "style": "background-color: #a0b0c0",
        "data-thumbhash": "1QcS",
    }


def test_a_type_is_offered_where_it_has_every_width_and_the_widely_read_one_comes_last() -> None:
    every = [of(f"{size}-{kind}", width=width, kind=kind) for kind in ("jpeg", "webp", "avif") for size, width in SIZES]

    elements = Elements(str(picture(BASE, every, NOTHING))).found

    assert [attributes.get("type") for _, attributes in elements] == [None, "image/avif", "image/webp", None]
    assert ".jpeg?v=" in str(elements[3][1]["src"])
    assert str(elements[1][1]["srcset"]).count(".avif?v=") == len(SIZES)


def auto(variant: str, key: str = "photo.jpg", *, width: int = 1600) -> list[PublishedRendition]:
    """The three files of a variant of the format `auto`."""
    kinds = ("avif", "webp", "jpeg")
    return [replace(of(variant, key, width=width, kind=kind), slot=kind, etag=f"{kind}{width}") for kind in kinds]


@pytest.mark.parametrize("key", [*HOSTILE, "a" * 1018, "é" * 600])
def test_a_variant_of_the_format_auto_has_one_url_whose_end_alone_is_rewritten(key: str) -> None:
    files = auto("thumb", key)

    url = urlsplit(variant_urls(BASE, files)["thumb"])

    stem = unquote(url.path.removeprefix("/")).removesuffix("auto")
    assert [f"{stem}{each.slot}" for each in files] == [each.key for each in files]
    assert url.query == "v=avif1600.webp1600.jpeg1600"


def test_a_srcset_of_the_format_auto_lets_each_browser_have_what_it_reads_and_the_keys_are_of_jpegs() -> None:
    made = [*auto("large"), *auto("medium", width=800)]

    urls = variant_urls(BASE, made)
    assert delivered_srcset(BASE, made) == f"{urls['large']} 1600w, {urls['medium']} 800w"
    assert srcset(made) == "large/photo.jpg.jpeg 1600w, medium/photo.jpg.jpeg 800w"


def test_a_picture_of_the_format_auto_offers_its_files_by_type() -> None:
    elements = Elements(str(picture(BASE, [*auto("large"), *auto("medium", width=800)], NOTHING))).found

    assert [attributes.get("type") for _, attributes in elements] == [None, "image/avif", "image/webp", None]
    assert ".auto" not in str(elements)


def test_a_type_that_lacks_a_width_is_not_offered_for_itself() -> None:
    mixed = [of("large", kind="webp"), of("small", width=320, kind="avif")]

    elements = Elements(str(picture(BASE, mixed, NOTHING))).found

    assert [name for name, _ in elements] == ["picture", "img"]
    assert str(elements[1][1]["srcset"]).count("?v=") == 2


def test_what_is_cut_is_shown_only_where_nothing_shows_all_of_the_image() -> None:
    square = replace(of("square", width=320), whole=False, height=320)
    smaller = replace(of("smaller", width=64), whole=False, height=64)
    wide = replace(of("wide", width=300), whole=False, height=100)

    cut = str(picture(BASE, [smaller, wide, square], NOTHING))

    assert "square" in cut
    assert "smaller" in cut
    assert "wide" not in cut
    assert "square" not in str(picture(BASE, [square, of("large")], NOTHING))


def test_a_srcset_has_the_whole_variants_widest_first_and_one_of_each_width() -> None:
    made = [of("medium", width=800), of("other", width=800), of("large"), replace(of("cut", width=2000), whole=False)]

    assert delivered_srcset(BASE, made) == f"{url_of(BASE, made[2])} 1600w, {url_of(BASE, made[0])} 800w"


@pytest.mark.parametrize(
    ("source_format", "color", "shown"),
    [
        ("jpeg", "#a0b0c0", "#a0b0c0"),
        ("png", "#a0b0c0", None),
        ("webp", "#a0b0c0", None),
        (None, "#a0b0c0", None),
        ("jpeg", None, None),
        ("jpeg", "red; background: url(//evil.example)", None),
    ],
)
def test_no_color_stands_behind_what_may_be_transparent(
    source_format: str | None, color: str | None, shown: str | None
) -> None:
    assert Placeholder.of(source_format, color, None).color == shown


def test_a_manifest_of_a_png_has_no_color_behind_its_picture_and_one_of_a_jpeg_has() -> None:
    told = replace(manifest(of("large")), base_url=BASE)
    png = replace(told, source=replace(told.source, format="png"))

    assert b"background-color" in told.to_json()
    assert b"background-color" not in png.to_json()


SIZES = [("large", 1600), ("medium", 800)]
