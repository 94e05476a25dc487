"""Variants: every option is read, every mistake is named with its value and what is allowed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.errors import SettingsError
from resize.imaging.variants import Fit, Format, Gravity, Variant, parse_variants, variants_to_json

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["width", "fit", "thumb"]), inner),
)
boxes = st.fixed_dictionaries(
    {"width": st.integers(1, 16_383), "height": st.integers(1, 16_383)},
    optional={
        "fit": st.sampled_from(["inside", "cover", "contain"]),
        "gravity": st.sampled_from([gravity.value for gravity in Gravity if gravity is not Gravity.ATTENTION]),
        "background": st.sampled_from(["#ffffff", "#00000000", "#AABBCC"]),
        "format": st.sampled_from(["webp", "jpeg", "png", "avif", "source", "auto"]),
        "quality": st.integers(1, 100),
        "effort": st.integers(0, 6),
        "enlarge": st.booleans(),
    },
)


def test_a_variant_needs_no_more_than_a_width() -> None:
    assert parse_variants({"large": {"width": 1600}}) == (
        Variant(name="large", width=1600, fit=Fit.INSIDE, format=Format.WEBP, quality=None, effort=None, enlarge=False),
    )


def test_every_option_is_read() -> None:
    options = {
        "width": 320,
        "height": 200,
        "fit": "contain",
        "gravity": "northeast",
        "background": "#FF000080",
        "format": "source",
        "quality": 55,
        "effort": 6,
        "enlarge": True,
    }

    assert parse_variants({"card": options}) == (
        Variant(
            name="card",
            width=320,
            height=200,
            fit=Fit.CONTAIN,
            gravity=Gravity.NORTHEAST,
            background="#ff000080",
            format=None,
            quality=55,
            effort=6,
            enlarge=True,
        ),
    )


MISTAKES: dict[str, tuple[Any, str, str]] = {
    "none at all": ({}, "variants", "at least one variant"),
    "a list": ([{"width": 1}], "variants", "an object"),
    "upper case": ({"Large": {"width": 1}}, "variants", "'Large'"),
    "a slash": ({"a/b": {"width": 1}}, "variants", "'a/b'"),
    "an empty name": ({"": {"width": 1}}, "variants", "''"),
    "a long name": ({"x" * 33: {"width": 1}}, "variants", "1 to 32"),
    "the manifests' name": ({"manifests": {"width": 1}}, "variants", "not 'manifests'"),
    "no options": ({"large": 1600}, "variants.large", "an object of the options"),
    "no size": (
        {"large": {"quality": 80}},
        "variants.large",
        "{'quality': 80} is not allowed; expected a width, a hei",
    ),
    "an unknown option": (
        {"large": {"witdh": 1600}},
        "variants.large",
        "'witdh' is not allowed; expected one of the options width",
    ),
    "a misspelt option": ({"large": {"Widht": 1600}}, "variants.large", "; the nearest is 'width'"),
    "a misspelt format": ({"large": {"width": 1, "format": "jpg"}}, "variants.large.format", "; the nearest is 'jpeg'"),
    "a number for a format": ({"large": {"width": 1, "format": 7}}, "variants.large.format", "jpeg, png, avif, source"),
    "width 0": ({"large": {"width": 0}}, "variants.large.width", "from 1 to 16383"),
    "width 16384": ({"large": {"width": 16384}}, "variants.large.width", "from 1 to 16383"),
    "a fraction": ({"large": {"width": 1.5}}, "variants.large.width", "whole number"),
    "a width in words": ({"large": {"width": "1600"}}, "variants.large.width", "whole number"),
    "a truth for a number": ({"large": {"width": True}}, "variants.large.width", "whole number"),
    "quality 101": ({"large": {"width": 1, "quality": 101}}, "variants.large.quality", "from 1 to 100"),
    "effort 7": ({"large": {"width": 1, "effort": 7}}, "variants.large.effort", "from 0 to 6"),
    "an unknown format": ({"large": {"width": 1, "format": "jpg"}}, "variants.large.format", "one of webp, jpeg"),
    "an unknown fit": ({"large": {"width": 1, "fit": "fill"}}, "variants.large.fit", "one of inside, cover"),
    "attention where nothing is cut": (
        {"large": {"width": 1, "gravity": "attention"}},
        "variants.large.gravity",
        "expected a fit of 'cover' beside it: 'inside' cuts nothing",
    ),
    "attention where all is contained": (
        {"large": {"width": 1, "height": 1, "fit": "contain", "gravity": "attention"}},
        "variants.large.gravity",
        "'attention' is not allowed",
    ),
    "an unknown gravity": ({"large": {"width": 1, "gravity": "up"}}, "variants.large.gravity", "one of center"),
    "a color's name": ({"large": {"width": 1, "background": "red"}}, "variants.large.background", "#ffffff"),
    "enlarge in words": ({"large": {"width": 1, "enlarge": "yes"}}, "variants.large.enlarge", "true or false"),
    "cover without a height": ({"thumb": {"width": 1, "fit": "cover"}}, "variants.thumb.fit", "both width and height"),
}


@pytest.mark.parametrize(("value", "key", "told"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_with_its_key_and_what_is_allowed(value: object, key: str, told: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parse_variants(value)

    assert refused.value.key == key
    assert told in str(refused.value)


@given(value=json_values)
def test_no_configuration_reaches_another_error(value: object) -> None:
    try:
        variants = parse_variants(value)
    except SettingsError:
        return
    assert parse_variants(variants_to_json(variants)) == variants


@given(value=st.dictionaries(st.from_regex(r"[a-z0-9][a-z0-9-]{0,31}", fullmatch=True), boxes, min_size=1))
def test_variants_written_as_configuration_read_back(value: dict[str, dict[str, object]]) -> None:
    variants = parse_variants(
        {name: options for name, options in value.items() if name != "manifests"} or {"a": {"width": 1}}
    )

    assert parse_variants(variants_to_json(variants)) == variants
