"""Where derived objects lie on disk: below the folder, and each in a place of its own."""

import os
from itertools import combinations
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contract.keys import manifest_key, rendition_key
from darkroom.errors import DarkroomError, UsageError
from darkroom.files import ensure_folder, write_atomically
from darkroom.uploads.download import local_path

# Segments that file systems, escapes of ours or other keys could mistake for something else.
ODD = st.sampled_from(
    [
        *("", ".", "..", "...", "%", "%2E", "%2e%2E", "%25", "%~", "~", "\\", "a\\b", "\0", "%00"),
        *("a", "a.webp", "a%2Ewebp", "a.json", "é", "x" * 250, "x" * 255, "x" * 300, "é" * 200, "x" * 246 + "%~"),
    ]
)
SEGMENTS = ODD | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
KEYS = st.lists(SEGMENTS, min_size=1, max_size=5).map("/".join).filter(lambda key: 1 <= len(key.encode()) <= 1024)
DERIVED_KEYS = st.builds(rendition_key, st.sampled_from(["large", "thumb"]), KEYS, st.sampled_from(["webp", "jpg"]))
DERIVED_KEYS |= st.builds(manifest_key, KEYS)


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("thumb/cats/tom.jpg.webp", "thumb/cats/tom.jpg.webp"),
        ("thumb/100% wool +1.jpg.webp", "thumb/100% wool +1.jpg.webp"),
        ("thumb/a%20b.jpg.webp", "thumb/a%2520b.jpg.webp"),
        ("thumb/../../etc/passwd.webp", "thumb/%2E%2E/%2E%2E/etc/passwd.webp"),
        ("thumb//absolute.jpg.webp", "thumb/%~/absolute.jpg.webp"),
        ("thumb/a\\b\0c.jpg.webp", "thumb/a%5Cb%00c.jpg.webp"),
        ("thumb/odd.webp/tom.jpg.webp", "thumb/odd%2Ewebp/tom.jpg.webp"),
    ],
)
def test_a_file_is_named_as_its_key_wherever_that_can_be(key: str, path: str) -> None:
    assert local_path(key) == PurePosixPath(path)


def test_a_name_too_long_for_a_file_is_shortened_and_keeps_its_extension() -> None:
    name = local_path(rendition_key("thumb", "é" * 150, "webp")).name

    assert len(name.encode()) <= 255
    assert name.startswith("é" * 90)
    assert name.endswith(".webp")


@given(DERIVED_KEYS)
def test_no_key_leaves_the_folder_and_every_part_is_a_file_name(key: str) -> None:
    path = local_path(key)

    assert not path.is_absolute()
    assert len(path.parts) == key.count("/") + 1
    for part in path.parts:
        assert part not in {"", ".", ".."}
        assert not set(part) & set("/\\\0")
        assert len(os.fsencode(part)) <= 255


@given(st.sets(DERIVED_KEYS, min_size=2, max_size=8))
@example({rendition_key("thumb", "a", "webp"), rendition_key("thumb", "a.webp/b", "webp")})
@example({rendition_key("thumb", "a/../b", "webp"), rendition_key("thumb", "a/%2E%2E/b", "webp")})
@example({rendition_key("thumb", "/b", "webp"), rendition_key("thumb", "%~/b", "webp")})
@example({rendition_key("thumb", "\\", "webp"), rendition_key("thumb", "%5C", "webp")})
def test_no_two_keys_share_a_file_and_none_needs_a_folder_where_another_has_a_file(keys: set[str]) -> None:
    for one, other in combinations([local_path(key) for key in keys], 2):
        assert one != other
        assert one not in other.parents
        assert other not in one.parents


@given(DERIVED_KEYS)
def test_every_key_can_be_written(tmp_path_factory: pytest.TempPathFactory, key: str) -> None:
    out = tmp_path_factory.mktemp("out")

    written = write_atomically(out / local_path(key), b"content")

    assert written.resolve().is_relative_to(out.resolve())
    assert [file.read_bytes() for file in out.rglob("*") if file.is_file()] == [b"content"]


def test_a_write_that_is_cut_short_leaves_the_file_as_it_was_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = write_atomically(tmp_path / "thumb/tom.webp", b"old")

    def interrupt(path: Path, content: bytes) -> int:
        with path.open("wb") as file:
            file.write(content[:1])
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_bytes", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(target, b"new")

    assert [(file.name, file.read_bytes()) for file in target.parent.iterdir()] == [("tom.webp", b"old")]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "thumb").write_bytes(b"in the way")

    with pytest.raises(DarkroomError, match=r"tom.webp' cannot be written: .+ Choose another place."):
        write_atomically(tmp_path / "thumb/tom.webp", b"new")


def test_an_output_folder_that_cannot_be_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(UsageError, match=r"--out: the folder '.*file' cannot be written to: File exists"):
        ensure_folder(tmp_path / "file", "--out")
