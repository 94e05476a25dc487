"""What the page is made of: no markup from texts, nothing from other hosts, nothing that its policy forbids."""

import re
from graphlib import TopologicalSorter
from html.parser import HTMLParser
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[4] / "darkroom" / "console" / "static"
SCRIPTS = sorted(PAGE.glob("*.js"))

# Each of them makes markup or code of a text.
DANGEROUS = (
    r"innerHTML|outerHTML|insertAdjacentHTML|createContextualFragment|DOMParser|srcdoc|document\.write|\beval\b|"
    r"new Function|javascript:"
)


class Page(HTMLParser):
    """The elements and attributes of the page."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed((PAGE / "page.html").read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))


def test_there_are_scripts_to_look_at() -> None:
    assert {"page.js", "uploads.js", "dead_letters.js", "chart.js"} <= {path.name for path in SCRIPTS}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_no_script_makes_markup_or_code_of_texts(path: Path) -> None:
    assert re.findall(DANGEROUS, path.read_text(encoding="utf-8")) == []


def test_no_script_imports_itself_through_others() -> None:
    imported = {
        path.name: set(re.findall(r'from "\./([\w-]+\.js)"', path.read_text(encoding="utf-8"))) for path in SCRIPTS
    }

    assert "dom.js" in imported["page.js"]
    list(TopologicalSorter(imported).static_order())  # raises CycleError


@pytest.mark.parametrize("path", sorted(PAGE.iterdir()), ids=lambda path: path.name)
def test_nothing_comes_from_another_host(path: Path) -> None:
    addresses = set(re.findall(r"(?:https?:)?//[\w.]+\.\w+[^\s\"']*", path.read_text(encoding="utf-8")))

    assert addresses <= {"http://www.w3.org/2000/svg"}  # a name, which is never fetched


def test_the_page_has_no_script_or_style_within_itself() -> None:
    for tag, attributes in Page().elements:
        assert tag != "style"
        assert tag != "script" or attributes.get("src")
        assert "style" not in attributes
        assert not any(name.startswith("on") for name in attributes)


def test_every_control_has_a_name_and_every_plot_says_what_it_shows() -> None:
    elements = Page().elements
    labelled = {attributes["for"] for tag, attributes in elements if tag == "label"}

    assert {attributes["id"] for tag, attributes in elements if tag == "input"} <= labelled
    plots = [attributes for tag, attributes in elements if tag == "svg"]
    assert len(plots) == 2
    assert all(plot["role"] == "img" and plot["aria-label"] for plot in plots)
