"""Where derived objects lie on disk: below the folder, each in a place of its own, and nothing else beside them."""

import os
from dataclasses import replace
from itertools import combinations
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contract.keys import manifest_key, rendition_key
from darkroom.cli.output.html import contact_sheet
from darkroom.errors import DarkroomError, UsageError
from darkroom.files import ensure_folder, write_atomically
from darkroom.uploads.results_folder import RESULTS_MARKER, ResultsFolder, holds_results, local_path
from support.command.manifests import manifest, rendition

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


def names(folder: Path) -> set[str]:
    """All that is in a folder, but for the mark."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")} - {RESULTS_MARKER}


def earlier_run(folder: Path, key: str, *variants: str) -> ResultsFolder:
    """A folder in which a run has left variants of a key, and their manifest."""
    out = ResultsFolder.prepare(folder)
    whole = manifest(*(replace(rendition(each), key=rendition_key(each, key, "webp")) for each in variants))
    for each in whole.renditions:
        out.write(each.key, b"pixels")
    out.write(manifest_key(key), whole.to_json())
    return out


def test_a_folder_is_marked_by_the_first_result_and_not_before(tmp_path: Path) -> None:
    out = ResultsFolder.prepare(tmp_path / "new/out")
    assert (holds_results(out.path), names(out.path)) == (False, set())

    out.write("thumb/tom.jpg.webp", b"pixels")

    assert (holds_results(out.path), names(out.path)) == (True, {"thumb", "thumb/tom.jpg.webp"})
    assert ResultsFolder.prepare(out.path) == out


@pytest.mark.parametrize("own", ["cat.jpg", "thumb/cat.jpg", "notes.html"])
def test_a_folder_that_holds_what_no_run_has_made_is_refused_and_stays_as_it_is(tmp_path: Path, own: str) -> None:
    write_atomically(tmp_path / own, b"mine")
    first = Path(own).parts[0]

    with pytest.raises(UsageError, match=rf"--out '.*' holds other files, '{first}' among them: .* Name a folder that"):
        ResultsFolder.prepare(tmp_path)

    assert not holds_results(tmp_path)


def test_hidden_files_and_contact_sheets_are_no_reason_to_refuse_a_folder(tmp_path: Path) -> None:
    (tmp_path / ".DS_Store").write_bytes(b"hidden")
    (tmp_path / "sheet.html").write_text(contact_sheet([]))

    assert ResultsFolder.prepare(tmp_path).path == tmp_path


def test_what_an_earlier_run_made_of_a_key_goes_but_for_what_was_made_since(tmp_path: Path) -> None:
    out = earlier_run(tmp_path, "a/tom.jpg", "large", "tiny")
    earlier_run(tmp_path, "b.jpg", "tiny")

    out.remove_earlier("a/tom.jpg", kept=[tmp_path / "large/a/tom.jpg.webp"])
    out.remove_empty_folders()

    others = {"manifests", "manifests/b.jpg.json", "tiny", "tiny/b.jpg.webp"}
    assert names(tmp_path) == {"large", "large/a", "large/a/tom.jpg.webp"} | others

    out.remove_earlier("b.jpg")
    out.remove_empty_folders()

    assert names(tmp_path) == {"large", "large/a", "large/a/tom.jpg.webp"}


@pytest.mark.parametrize("listed", ["thumb/other.jpg.webp", "../mine.webp", "manifests/other.jpg.json"])
def test_a_manifest_that_lists_what_is_none_of_its_key_removes_nothing_of_that(tmp_path: Path, listed: str) -> None:
    out = ResultsFolder.prepare(tmp_path / "out")
    mine = [write_atomically(tmp_path / "mine.webp", b"mine"), out.write("thumb/other.jpg.webp", b"pixels")]
    mine.append(out.write("manifests/other.jpg.json", b"{}"))
    out.write(manifest_key("tom.jpg"), manifest(replace(rendition("thumb"), key=listed)).to_json())

    out.remove_earlier("tom.jpg")

    assert [path.exists() for path in mine] == [True, True, True]
    assert not (tmp_path / "out/manifests/tom.jpg.json").exists()


def test_a_manifest_that_cannot_be_read_is_no_reason_to_stop(tmp_path: Path) -> None:
    out = ResultsFolder.prepare(tmp_path)
    out.write(manifest_key("tom.jpg"), b"{")

    out.remove_earlier("tom.jpg")

    assert names(tmp_path) == {"manifests", "manifests/tom.jpg.json"}


def test_what_cannot_be_removed_is_named(tmp_path: Path) -> None:
    out = ResultsFolder.prepare(tmp_path)
    (tmp_path / "function.log").mkdir()

    with pytest.raises(DarkroomError, match=r"function.log' cannot be removed: .+ Remove it yourself."):
        out.remove(tmp_path / "function.log")
