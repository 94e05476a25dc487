"""A color has the name that a person would search it by."""

import pytest

from consumers.color import NAMES, color_name


@pytest.mark.parametrize(
    ("color", "name"),
    [
        ("#000000", "black"),
        ("#ffffff", "white"),
        ("#808080", "grey"),
        ("#ff0000", "red"),
        ("#ff8800", "orange"),
        ("#ffee00", "yellow"),
        ("#22aa33", "green"),
        ("#00cccc", "cyan"),
        ("#2255cc", "blue"),
        ("#8833cc", "purple"),
        ("#ff66cc", "pink"),
        ("#ee1122", "red"),
        ("#6b4a2f", "brown"),
    ],
)
def test_a_color_is_named(color: str, name: str) -> None:
    assert color_name(color) == name
    assert name in NAMES


@pytest.mark.parametrize("text", [None, "", "#fff", "#FFFFFF", "red", 7, "#12345g", "#123456 "])
def test_what_is_no_color_has_no_name(text: object) -> None:
    assert color_name(text) is None
