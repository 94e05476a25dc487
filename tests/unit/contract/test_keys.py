"""Derived names: readable where they fit, never shared."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from contract.keys import MAX_KEY_BYTES, is_folder_marker, is_shortened, manifest_key, rendition_key

keys = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda key: len(key.encode()) <= 1024)
long_keys = st.integers(900, 1024).map(lambda length: "k" * length)


@pytest.mark.parametrize("key", ["a.jpg", "a b+c%.png", "/led", "..", "a/../b", "x//y/", "ü'\"\n.gif"])
def test_a_key_that_fits_stands_whole_in_its_derived_names(key: str) -> None:
    assert rendition_key("thumb", key, "webp") == f"thumb/{key}.webp"
    assert manifest_key(key) == f"manifests/{key}.json"
    assert not is_shortened(key, manifest_key(key))


def test_a_name_of_exactly_1024_bytes_is_not_shortened() -> None:
    key = "k" * (MAX_KEY_BYTES - len("thumb/.webp"))

    assert rendition_key("thumb", key, "webp") == f"thumb/{key}.webp"
    assert is_shortened(key + "k", rendition_key("thumb", key + "k", "webp"))


def test_a_shortened_name_is_never_cut_inside_a_character() -> None:
    key = "€" * 341

    name = rendition_key("large", key, "webp")

    assert len(name.encode()) <= MAX_KEY_BYTES
    assert name.startswith("large/€€€")


def test_a_key_made_to_look_like_a_shortened_one_does_not_take_its_place() -> None:
    long_key = "k" * 1024
    short_name = rendition_key("thumb", long_key, "webp")
    impostor = short_name.removeprefix("thumb/").removesuffix(".webp")

    assert rendition_key("thumb", impostor, "webp") != short_name


@given(key=keys | long_keys)
def test_a_derived_name_is_at_most_1024_bytes(key: str) -> None:
    assert len(rendition_key("thumb", key, "webp").encode()) <= MAX_KEY_BYTES
    assert len(manifest_key(key).encode()) <= MAX_KEY_BYTES


@given(one=keys | long_keys, other=keys | long_keys, extensions=st.permutations(["jpg", "png"]))
def test_two_keys_never_share_a_derived_name(one: str, other: str, extensions: list[str]) -> None:
    assume(one != other)

    assert rendition_key("thumb", one, extensions[0]) != rendition_key("thumb", other, extensions[0])
    assert rendition_key("thumb", one, extensions[0]) != rendition_key("thumb", other, extensions[1])
    assert manifest_key(one) != manifest_key(other)


@pytest.mark.parametrize(
    ("key", "size", "is_marker"), [("photos/", 0, True), ("/", 0, True), ("photos/", 1, False), ("photos", 0, False)]
)
def test_only_a_name_that_ends_so_and_no_bytes_mark_a_folder(key: str, size: int, is_marker: bool) -> None:
    assert is_folder_marker(key, size) is is_marker
