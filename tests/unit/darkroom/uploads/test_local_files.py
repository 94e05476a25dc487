"""Which files are meant, and what their keys are."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from darkroom.errors import UsageError
from darkroom.uploads.local_files import find_files


def files(folder: Path, *names: str) -> Path:
    """Make files of these names."""
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x")
    return folder


def keys(*paths: Path) -> list[str]:
    """The keys that these paths are uploaded as."""
    return [source.key for source in find_files(paths)]


def test_a_file_is_uploaded_by_its_name(tmp_path: Path) -> None:
    files(tmp_path, "deep/below/cat.jpg")

    assert keys(tmp_path / "deep/below/cat.jpg") == ["cat.jpg"]


def test_a_folder_is_searched_to_any_depth_in_a_stable_order(tmp_path: Path) -> None:
    files(tmp_path, "b.png", "a/z.jpg", "a/b/c.webp", "notes.txt")

    assert keys(tmp_path) == ["a/b/c.webp", "a/z.jpg", "b.png", "notes.txt"]


def test_what_a_dot_hides_is_left_out_unless_it_is_named(tmp_path: Path) -> None:
    files(tmp_path, ".DS_Store", ".thumbnails/a.jpg", "cat.jpg", "cats/.hidden.jpg", "cats/tom.jpg")

    assert keys(tmp_path) == ["cat.jpg", "cats/tom.jpg"]
    assert keys(tmp_path / "cats" / ".hidden.jpg") == [".hidden.jpg"]
    assert keys(tmp_path / ".thumbnails") == ["a.jpg"]


def test_what_an_earlier_run_wrote_is_left_out_unless_it_is_named(tmp_path: Path) -> None:
    files(tmp_path, "tom.jpg", "sizes/thumb/tom.jpg.webp", "page.html")
    outputs = [tmp_path / "sizes", tmp_path / "page.html"]

    assert [source.key for source in find_files([tmp_path], outputs=outputs)] == ["tom.jpg"]
    assert [source.key for source in find_files(outputs, outputs=outputs)] == ["thumb/tom.jpg.webp", "page.html"]


@pytest.mark.parametrize(
    "name", ["two words.jpg", "Ünïcödé 東京.jpg", "a\nb.jpg", "100%+1.jpg", "[red]x[/red].jpg", "'\".jpg"]
)
def test_a_key_is_the_name_whatever_it_is(tmp_path: Path, name: str) -> None:
    assert keys(files(tmp_path, name)) == [name]


def test_bytes_that_are_not_utf8_are_percent_encoded(tmp_path: Path) -> None:
    files(tmp_path, os.fsdecode(b"caf\xe9.jpg"))

    assert keys(tmp_path) == ["caf%E9.jpg"]


def test_links_are_followed_and_a_circle_is_walked_once(tmp_path: Path) -> None:
    files(tmp_path, "elsewhere/cat.jpg", "album/own.jpg")
    (tmp_path / "album/linked.jpg").symlink_to(tmp_path / "elsewhere/cat.jpg")
    (tmp_path / "album/more").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "album/self").symlink_to(tmp_path / "album")

    assert keys(tmp_path / "album") == ["linked.jpg", "more/cat.jpg", "own.jpg"]


def missing(folder: Path) -> list[Path]:
    return [folder / "nothing.jpg"]


def link_to_nothing(folder: Path) -> list[Path]:
    (folder / "link").symlink_to(folder / "gone")
    return [folder / "link"]


def below_a_file(folder: Path) -> list[Path]:
    return [files(folder, "cat.jpg") / "cat.jpg" / "x"]


def empty_folder(folder: Path) -> list[Path]:
    return [files(folder, ".DS_Store")]


def pipe(folder: Path) -> list[Path]:
    os.mkfifo(folder / "pipe")
    return [folder / "pipe"]


def pipe_in_a_folder(folder: Path) -> list[Path]:
    os.mkfifo(folder / "pipe")
    return [folder]


def equal_names(folder: Path) -> list[Path]:
    files(folder, "a/cat.jpg", "b/cat.jpg")
    return [folder / "a", folder / "b"]


def the_same_twice(folder: Path) -> list[Path]:
    return [files(folder, "cat.jpg") / "cat.jpg"] * 2


def key_too_long(folder: Path) -> list[Path]:
    return [files(folder, "/".join(["x" * 200] * 6))]


@pytest.mark.parametrize(
    ("paths", "told"),
    [
        (missing, "nothing.jpg' does not exist. Check the path."),
        (link_to_nothing, "link' is a link to nothing. Mend it or leave it out."),
        (below_a_file, "x' cannot be read: Not a directory. Change that or leave it out."),
        (empty_folder, "holds no files (hidden ones are left out). Give one with images."),
        (pipe, "pipe' is neither a file nor a folder. Leave it out."),
        (pipe_in_a_folder, "pipe' is neither a file nor a folder. Move it away, or hide it with a dot."),
        (equal_names, "b/cat.jpg' would both be uploaded as 'cat.jpg'.\nGive the folder that holds both, or"),
        (the_same_twice, "would both be uploaded as 'cat.jpg'"),
        (key_too_long, "has 1205 bytes; S3 allows 1024.\nGive a folder further down, or shorter names."),
    ],
)
def test_what_cannot_be_uploaded_is_named_with_what_to_do(
    tmp_path: Path, paths: Callable[[Path], list[Path]], told: str
) -> None:
    with pytest.raises(UsageError) as raised:
        find_files(paths(tmp_path))

    assert told in str(raised.value)


def test_a_file_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files(tmp_path, "secret.jpg")
    monkeypatch.setattr(os, "access", lambda path, _mode: path.name != "secret.jpg")  # root may read everything

    with pytest.raises(UsageError, match=r"secret\.jpg' cannot be read: permission denied"):
        find_files([tmp_path])


def test_a_folder_that_may_not_be_listed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)

    with pytest.raises(UsageError, match="cannot be read: Permission denied"):
        find_files([tmp_path])
