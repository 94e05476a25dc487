"""Which files are meant, and what their keys are."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from darkroom.cli.output.html import contact_sheet
from darkroom.errors import UsageError
from darkroom.uploads.local_files import Skipped, find_files
from darkroom.uploads.results_folder import RESULTS_MARKER
from support.command.uploads import failed


def files(folder: Path, *names: str) -> Path:
    """Make files of these names."""
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x")
    return folder


def keys(*paths: Path) -> list[str]:
    """The keys that these paths are uploaded as."""
    return [source.key for source in find_files(paths).sources]


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


def test_what_a_run_writes_is_left_out(tmp_path: Path) -> None:
    files(tmp_path, "tom.jpg", "sizes/thumb/tom.jpg.webp", "page.html")

    found = find_files([tmp_path], outputs=[tmp_path / "sizes", tmp_path / "page.html"])

    assert [source.key for source in found.sources] == ["tom.jpg"]


def test_the_results_that_a_run_is_about_to_replace_are_left_out_and_told(tmp_path: Path) -> None:
    files(tmp_path, "tom.jpg", f"out/{RESULTS_MARKER}", "out/thumb/tom.jpg.webp")

    found = find_files([tmp_path], outputs=[tmp_path / "out"])

    assert [source.key for source in found.sources] == ["tom.jpg"]
    assert found.results == (tmp_path / "out",)


def test_a_folder_of_results_is_left_out_wherever_it_is_and_told(tmp_path: Path) -> None:
    files(tmp_path, "tom.jpg", f"deep/sizes/{RESULTS_MARKER}", "deep/sizes/thumb/tom.jpg.webp")

    found = find_files([tmp_path])

    assert [source.key for source in found.sources] == ["tom.jpg"]
    assert found.results == (tmp_path / "deep/sizes",)
    assert keys(tmp_path / "deep/sizes/thumb") == ["tom.jpg.webp"]


def test_a_contact_sheet_of_an_earlier_run_is_left_out_and_told(tmp_path: Path) -> None:
    files(tmp_path, "tom.jpg", "mine.html")
    (tmp_path / "sheet.html").write_text(contact_sheet([failed()]))

    found = find_files([tmp_path])

    assert [source.key for source in found.sources] == ["mine.html", "tom.jpg"]
    assert found.results == (tmp_path / "sheet.html",)
    with pytest.raises(UsageError, match=r"sheet\.html' is a contact sheet of `darkroom run`\. Leave it out\."):
        find_files([tmp_path / "sheet.html"])


@pytest.mark.parametrize("output", ["album", "album/tom.jpg", "link"])
def test_what_is_read_is_not_written_to(tmp_path: Path, output: str) -> None:
    files(tmp_path, "album/tom.jpg")
    (tmp_path / "link").symlink_to("album")

    with pytest.raises(UsageError, match="is to be read and to be written to"):
        find_files([tmp_path / "album/tom.jpg", tmp_path / "album"], outputs=[tmp_path / output])


def test_a_file_that_is_given_twice_is_one(tmp_path: Path) -> None:
    cat = files(tmp_path, "album/pets/cat.jpg") / "album/pets/cat.jpg"
    (tmp_path / "link").symlink_to(tmp_path / "album")

    assert keys(cat, cat, tmp_path / "album/../album/pets/cat.jpg") == ["cat.jpg"]
    assert keys(tmp_path / "album", cat, tmp_path / "link") == ["pets/cat.jpg"]
    assert keys(tmp_path / "album", tmp_path / "album") == ["pets/cat.jpg"]


def test_what_cannot_be_uploaded_is_skipped_and_all_else_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files(tmp_path, "cat.jpg", "secret.jpg", "/".join(["d", *["x" * 200] * 6]))
    (tmp_path / "dangling").symlink_to("gone")
    (tmp_path / "circle").symlink_to("circle")
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setattr(os, "access", lambda path, _mode: path.name != "secret.jpg")  # root may read everything

    found = find_files([tmp_path])

    assert [source.key for source in found.sources] == ["cat.jpg"]
    assert {each.path.name[:9]: each.reason for each in found.skipped} == {
        "circle": "cannot be read: Too many levels of symbolic links",
        "xxxxxxxxx": "would have a key of 1207 bytes, and S3 allows 1024",
        "dangling": "is a link to nothing",
        "pipe": "is a pipe, neither a file nor a folder",
        "secret.jpg"[:9]: "cannot be read: permission denied",
    }


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


def device(_: Path) -> list[Path]:
    return [Path(os.devnull)]


def only_results(folder: Path) -> list[Path]:
    files(folder, f"only/out/{RESULTS_MARKER}", "only/out/thumb/tom.jpg.webp")
    return [folder / "only"]


def only_a_sheet(folder: Path) -> list[Path]:
    (folder / "sheet.html").write_text(contact_sheet([failed()]))
    return [folder]


def equal_names(folder: Path) -> list[Path]:
    files(folder, "a/cat.jpg", "b/cat.jpg")
    return [folder / "a", folder / "b"]


def url(_: Path) -> list[Path]:
    return [Path("https://example.com/cat.jpg")]


def results(folder: Path) -> list[Path]:
    return [files(folder, RESULTS_MARKER, "thumb/tom.jpg.webp")]


def key_too_long(folder: Path) -> list[Path]:
    return [files(folder, "/".join(["x" * 200] * 6))]


@pytest.mark.parametrize(
    ("paths", "told"),
    [
        (missing, "nothing.jpg' does not exist. Check the path."),
        (link_to_nothing, "link' is a link to nothing."),
        (below_a_file, "x' does not exist. Check the path."),
        (empty_folder, "holds no files (hidden ones are left out). Give one with images."),
        (pipe, "pipe' is a pipe, neither a file nor a folder. Nothing else was found: give an image"),
        (device, "'/dev/null' is a device, neither a file nor a folder."),
        (only_results, "only' holds no files but results of earlier runs, '"),
        (only_a_sheet, "sheet.html' among them (hidden ones are left out)."),
        (equal_names, "b/cat.jpg' would both be uploaded as 'cat.jpg'.\nGive the folder that holds both, or"),
        (key_too_long, "would have a key of 1205 bytes, and S3 allows 1024."),
        (url, "cat.jpg' is a URL, and only files and folders of this machine are taken. Fetch it first."),
        (results, f"holds results of `darkroom run`, as its file {RESULTS_MARKER} says."),
    ],
)
def test_what_cannot_be_uploaded_is_named_with_what_to_do(
    tmp_path: Path, paths: Callable[[Path], list[Path]], told: str
) -> None:
    with pytest.raises(UsageError) as raised:
        find_files(paths(tmp_path))

    assert told in str(raised.value)


def test_a_folder_that_may_not_be_listed_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files(tmp_path, "cat.jpg", "locked/tom.jpg")
    listed = Path.iterdir

    def refuse(folder: Path) -> Iterator[Path]:
        if folder.name == "locked":
            raise PermissionError(13, "Permission denied")
        return listed(folder)

    monkeypatch.setattr(Path, "iterdir", refuse)

    found = find_files([tmp_path])

    assert [source.key for source in found.sources] == ["cat.jpg"]
    assert found.skipped == (Skipped(tmp_path / "locked", "cannot be read: Permission denied"),)
