"""`darkroom run`, from the command line to the files it leaves, on the emulator."""

import io
import json
import os
import re
import signal
from pathlib import Path

import pytest
from PIL import Image

from darkroom.uploads.results_folder import RESULTS_MARKER
from support.command.processes import wait_until_ended
from support.command.program import darkroom, processes_started_in, start_darkroom, wait_for_processes
from support.imaging.pictures import jpeg

linux_only = pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds processes through Linux's /proc")


def album(folder: Path, files: dict[str, bytes]) -> Path:
    """A folder of these files."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def photograph() -> bytes:
    """An image that takes a moment to resize."""
    stream = io.BytesIO()
    Image.effect_noise((1600, 1200), 60).convert("RGB").save(stream, "JPEG")
    return stream.getvalue()


def files_in(folder: Path) -> set[str]:
    """The files of a folder of results, which is marked as such if there are any."""
    files = {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}
    assert files == set() or RESULTS_MARKER in files
    return files - {RESULTS_MARKER}


@pytest.mark.long
def test_a_folder_of_good_and_bad_files_comes_back_with_an_outcome_each(tmp_path: Path) -> None:
    good = ["tom.jpg", "more/two words +%.jpg", "more/Ünï [red]x[/red].jpg", "a\nb.jpg", "no extension"]
    bad = {"empty.jpg": b"", "notes.txt": b"no image", "truncated.jpg": photograph()[:20_000]}
    album(tmp_path / "album", {name: jpeg() for name in good} | bad | {".DS_Store": b"hidden"})

    finished = darkroom("run", "album", "--json", "--out", "sizes", folder=tmp_path)

    lines = {line["key"]: line for line in map(json.loads, finished.stdout.splitlines())}
    assert (finished.returncode, finished.stderr) == (1, "")
    assert {key: (line["outcome"], line["reason"]) for key, line in lines.items()} == {
        **dict.fromkeys(good, ("resized", None)),
        "empty.jpg": ("rejected", "empty"),
        "notes.txt": ("rejected", "unknown_format"),
        "truncated.jpg": ("rejected", "corrupt"),
    }
    variants = {f"{variant}/{name}.webp" for variant in ("large", "medium", "thumb") for name in good}
    assert files_in(tmp_path / "sizes") == variants | {f"manifests/{name}.json" for name in lines}
    for line in lines.values():
        assert set(line) == {"file", "key", "outcome", "reason", "detail", "variants", "ms"}
        assert line["file"] == f"album/{line['key']}"
        for described in line["variants"].values():
            copied = tmp_path / described["file"]
            with Image.open(copied) as image:
                assert image.size == (described["width"], described["height"])
            assert copied.stat().st_size == described["bytes"]


@pytest.mark.long
def test_all_resized_is_success_with_a_table_of_the_variants_that_a_file_gives(tmp_path: Path) -> None:
    album(tmp_path, {"tom.jpg": jpeg(64, 48), "tiny.json": b'{"tiny": {"width": 16, "format": "png"}}'})

    finished = darkroom("run", "tom.jpg", "--variants", "tiny.json", "--log", folder=tmp_path)

    header, row, counts = finished.stdout.splitlines()
    assert finished.returncode == 0
    assert header.split() == ["file", "outcome", "tiny", "ms"]
    assert row.split()[:3] == ["tom.jpg", "resized", "16\N{MULTIPLICATION SIGN}12"]
    assert counts == "1 resized"
    assert files_in(tmp_path / "out") == {"tiny/tom.jpg.png", "manifests/tom.jpg.json"}
    assert any(json.loads(line).get("key") == "tom.jpg" for line in finished.stderr.splitlines() if line[0] == "{")


@pytest.mark.long
def test_an_upload_without_an_outcome_in_time_has_failed_and_nothing_else_is_blamed(tmp_path: Path) -> None:
    (tmp_path / "tom.jpg").write_bytes(photograph())

    # A second is less than the function needs to start.
    finished = darkroom("run", "tom.jpg", "--timeout", "1", "--contact-sheet", "page.html", folder=tmp_path)

    _, row, counts = finished.stdout.splitlines()
    assert finished.returncode == 1
    assert row.split() == ["tom.jpg", "failed:", "no_outcome", "-"]
    assert counts == "1 failed"
    assert finished.stderr.splitlines() == [
        "Contact sheet: page.html",
        "1 had no outcome within the time given. Wait for longer with --timeout.",
    ]
    assert files_in(tmp_path / "out") == set()
    assert "failed: no_outcome" in (tmp_path / "page.html").read_text(encoding="utf-8")


@pytest.mark.long
def test_a_second_run_leaves_in_its_folder_only_what_is_so_now(tmp_path: Path) -> None:
    album(tmp_path / "album", {"tom.jpg": jpeg(), "kim.jpg": jpeg()})
    album(tmp_path, {"v.json": b'{"tiny": {"width": 16}}', "out/function.log": b"", f"out/{RESULTS_MARKER}": b""})
    first = darkroom("run", "album", "--variants", "v.json", "--contact-sheet", "out/s.html", folder=tmp_path)
    assert (first.returncode, first.stderr) == (0, "Contact sheet: out/s.html\n")
    (tmp_path / "album/kim.jpg").write_bytes(jpeg()[:100])

    second = darkroom("run", ".", "--json", folder=tmp_path / "album")
    third = darkroom("run", ".", "-c", 'variants={"icon": {"width": 8}}', "--out", "../out", folder=tmp_path / "album")

    assert (second.returncode, third.returncode) == (1, 1)
    assert files_in(tmp_path / "out") == {
        *("icon/tom.jpg.webp", "manifests/tom.jpg.json", "manifests/kim.jpg.json", "s.html"),
    }
    assert not (tmp_path / "out/tiny").exists()
    assert third.stderr == "left out: 'out' is a result of an earlier run\n"


def test_a_run_into_a_folder_of_other_files_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    album(tmp_path, {"tom.jpg": jpeg(), "own/cat.jpg": jpeg()})

    refused = darkroom("run", "tom.jpg", "--out", "own", folder=tmp_path)

    assert refused.returncode == 2
    assert refused.stderr == (
        "darkroom: --out 'own' holds other files, 'cat.jpg' among them: they would be taken for results. "
        "Name a folder that is new, empty, or of an earlier run.\n"
    )
    assert [path.name for path in (tmp_path / "own").iterdir()] == ["cat.jpg"]


@pytest.mark.long
def test_a_key_that_the_pipeline_does_not_resize_is_told_at_once(tmp_path: Path) -> None:
    album(tmp_path, {"tom.jpg": jpeg()})

    finished = darkroom("run", "tom.jpg", "-c", "key_prefix=in/", "--json", folder=tmp_path)

    (line,) = finished.stdout.splitlines()
    assert (finished.returncode, json.loads(line)["reason"]) == (1, "outside_prefix")
    assert finished.stderr == (
        "1 have keys that are not resized: those that start as key_prefix says, and have variants, are. "
        "Try -c key_prefix= -c presets=[]\n"
    )


@pytest.mark.long
def test_each_folder_gets_the_variants_of_its_preset(tmp_path: Path) -> None:
    """S3 tells of the presets' keys alone, as there are no variants for others."""
    names = ("avatars/u1.jpg", "avatars/raw/u1.jpg", "pets/cat.jpg", "other.jpg")
    album(tmp_path / "album", dict.fromkeys(names, jpeg()))
    presets = [
        {"prefix": "avatars/", "variants": {"small": {"width": 8}}},
        {"prefix": "avatars/raw/", "variants": {}},
        {"prefix": "pets/", "variants": {"card": {"width": 16}}},
    ]
    (tmp_path / "presets.json").write_text(json.dumps({"variants": {}, "presets": presets}))

    finished = darkroom("run", "album", "--variants", "presets.json", "--json", folder=tmp_path)

    lines = {line["key"]: line for line in map(json.loads, finished.stdout.splitlines())}
    assert {key: [*line["variants"]] for key, line in lines.items()} == {
        "avatars/u1.jpg": ["small"],
        "pets/cat.jpg": ["card"],
        "avatars/raw/u1.jpg": [],
        "other.jpg": [],
    }
    assert {lines[key]["reason"] for key in ("avatars/raw/u1.jpg", "other.jpg")} == {"outside_prefix"}


@pytest.mark.long
@linux_only
def test_ctrl_c_stops_at_once_and_leaves_no_process_and_no_half_file(tmp_path: Path) -> None:
    album(tmp_path / "album", {f"{number:02}.jpg": photograph() for number in range(40)})
    command = start_darkroom("run", "album", "--json", folder=tmp_path)
    assert command.stdout is not None
    first = json.loads(command.stdout.readline())
    started = processes_started_in(tmp_path)

    os.killpg(command.pid, signal.SIGINT)
    rest, told = command.communicate(timeout=60)

    assert command.returncode == 130
    done = 1 + len(rest.splitlines())
    assert re.fullmatch(
        rf"darkroom: stopping\.\ndarkroom: stopped\. {done} of 40 files have an outcome: {done} resized\. "
        r"The results are in 'out'\.\n",
        told,
    )
    assert len(started) > 2
    assert wait_until_ended(started) == set()
    assert processes_started_in(tmp_path) == set()
    assert len(rest.splitlines()) < 39
    assert first["outcome"] == "resized"
    left = files_in(tmp_path / "out")
    assert not {name for name in left if ".darkroom-" in name}
    for name in left - {name for name in left if name.endswith(".json")}:
        Image.open(tmp_path / "out" / name).load()


@linux_only
def test_terminated_while_it_starts_it_leaves_no_process(tmp_path: Path) -> None:
    album(tmp_path, {"tom.jpg": jpeg(), "v.json": b'{"not-seen-before": {"width": 7}}'})
    command = start_darkroom("run", "tom.jpg", "--variants", "v.json", folder=tmp_path)
    started = wait_for_processes(tmp_path, 3)  # the emulator, and the app that is being synthesized

    command.terminate()
    _, told = command.communicate(timeout=60)

    assert (command.returncode, told) == (
        143,
        "darkroom: stopping.\ndarkroom: stopped. 0 of 1 files were uploaded, and none has come out.\n",
    )
    assert wait_until_ended(started | processes_started_in(tmp_path)) == set()
