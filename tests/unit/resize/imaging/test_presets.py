"""Presets: the longest prefix wins, few notifications cover them, and every mistake names its preset."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contract.errors import SettingsError
from resize.imaging.presets import (
    Preset,
    compress_presets,
    cover_prefixes,
    decompress_presets,
    find_preset,
    parse_presets,
    presets_to_json,
)
from resize.imaging.variants import Variant

TINY = (Variant(name="tiny", width=16),)
PREFIXES = st.text(alphabet="ab/-", min_size=1, max_size=5)


def of(*prefixes: str, variants: tuple[Variant, ...] = TINY) -> list[Preset]:
    return [Preset(prefix=prefix, variants=variants) for prefix in prefixes]


@pytest.mark.parametrize(
    ("key", "prefix"),
    [
        ("avatars/u1.jpg", "avatars/"),
        ("avatars/team/u1.jpg", "avatars/team/"),
        ("avatars/teams.jpg", "avatars/"),
        ("avatars/", "avatars/"),
        ("avatars", None),
        ("Avatars/u1.jpg", None),
        ("x/avatars/u1.jpg", None),
    ],
)
@pytest.mark.parametrize("order", [1, -1])
def test_of_the_prefixes_that_a_key_starts_with_the_longest_wins(key: str, prefix: str | None, order: int) -> None:
    found = find_preset(of("avatars/", "avatars/team/")[::order], key)

    assert (found and found.prefix) == prefix


def test_what_starts_with_another_prefix_needs_no_notification_of_its_own() -> None:
    presets = [*of("b/", "a/x/", "a/", "b/", "ab/"), *of("a/x/raw/", "raw/", variants=())]

    assert cover_prefixes(presets, most=33) == ("a/", "ab/", "b/")


def test_too_many_prefixes_become_fewer_where_they_have_most_in_common() -> None:
    presets = of("tenants/1/", "tenants/27/", "tenants/28/", "products/")

    assert cover_prefixes(presets, most=3) == ("products/", "tenants/1/", "tenants/2")
    assert cover_prefixes(presets, most=2) == ("products/", "tenants/")
    assert cover_prefixes(presets, most=1) == ("",)


@given(prefixes=st.lists(PREFIXES, min_size=1), most=st.integers(1, 5))
@example(prefixes=["a", "a-", "a/", "a-b"], most=2)
def test_every_key_with_variants_is_covered_by_one_prefix_and_by_no_more(prefixes: list[str], most: int) -> None:
    cover = cover_prefixes(of(*prefixes), most)

    assert 1 <= len(cover) <= most
    assert all(sum(prefix.startswith(each) for each in cover) == 1 for prefix in prefixes)
    assert not any(one != other and one.startswith(other) for one in cover for other in cover)


MISTAKES: dict[str, tuple[Any, str, str]] = {
    "an object": ({"avatars/": {}}, "presets", "a list of objects such as"),
    "no object": (["avatars/"], "presets[0]", "an object of a prefix and variants"),
    "no variants": ([{"prefix": "a/"}], "presets[0]", "an object of a prefix and variants"),
    "more": ([{"prefix": "a/", "variants": {}, "engine": "vips"}], "presets[0]", "and nothing else"),
    "no prefix": ([{"prefix": "", "variants": {}}], "presets[0].prefix", "1 to 1,024 letters"),
    "a space": ([{"prefix": "a b/", "variants": {}}], "presets[0].prefix", "/!_.'()-"),
    "a long prefix": ([{"prefix": "a" * 1025, "variants": {}}], "presets[0].prefix", "1 to 1,024 letters"),
    "the same twice": (
        [{"prefix": "a/", "variants": {}}, {"prefix": "a/", "variants": {}}],
        "presets[1].prefix",
        "a prefix that no preset before it has",
    ),
    "a list of variants": ([{"prefix": "a/", "variants": []}], "presets['a/'].variants", "variants by their names"),
    "a bad name": ([{"prefix": "a/", "variants": {"T": {}}}], "presets['a/'].variants", "a name of 1 to 32"),
    "no size": ([{"prefix": "a/", "variants": {"t": {}}}], "presets['a/'].variants.t", "a width, a height or both"),
    "a bad size": (
        [{"prefix": "a/", "variants": {}}, {"prefix": "b/", "variants": {"t": {"width": 0}}}],
        "presets['b/'].variants.t.width",
        "from 1 to 16383",
    ),
}


@pytest.mark.parametrize(("value", "key", "told"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_with_the_preset_that_it_is_in(value: object, key: str, told: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parse_presets(value)

    assert refused.value.key == key
    assert told in str(refused.value)


def test_presets_written_as_configuration_or_into_a_variable_read_back() -> None:
    presets = (*of("avatars/"), *of("raw/", variants=()))

    assert parse_presets(json.loads(json.dumps(presets_to_json(presets)))) == presets
    assert decompress_presets("DARKROOM_PRESETS", compress_presets(presets)) == presets


@pytest.mark.parametrize("text", ["", "no base85 \n", "abcde", compress_presets(of("a/"))[:-5]])
def test_a_variable_that_the_stack_did_not_write_is_named(text: str) -> None:
    with pytest.raises(SettingsError, match="DARKROOM_PRESETS"):
        decompress_presets("DARKROOM_PRESETS", text)


def test_fifty_presets_of_four_variants_are_a_variable_of_less_than_three_kilobytes() -> None:
    """As text they are ten times as long, and the function's environment holds 4,096 bytes."""
    presets = [
        Preset(
            prefix=f"tenants/{number}/",
            variants=tuple(Variant(name=f"v{place}", width=100 * place + number) for place in range(1, 5)),
        )
        for number in range(50)
    ]

    assert len(compress_presets(presets)) < 3000 < len(json.dumps(presets_to_json(presets))) / 8
