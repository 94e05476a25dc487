"""The commands on a pipeline that is up: files in, what became of them, and how the pipeline is doing."""

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3

from support.command.program import darkroom, running, start_darkroom
from support.imaging.pictures import jpeg

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds processes through Linux's /proc"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where commands find a pipeline that is up. Its buckets are shared: use keys of your own."""
    folder = tmp_path_factory.mktemp("up")
    with running(folder):
        yield folder


def json_lines(finished: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in finished.stdout.splitlines()]


def post(link: dict[str, Any], name: str, content: bytes) -> int:
    """Post a link's form as a browser does; the answer is S3's status."""
    fields = [*link["fields"].items(), ("file", (name, content, "application/octet-stream"))]
    return urllib3.request("POST", link["url"], fields=fields).status


def test_an_upload_is_followed_from_its_file_to_the_bytes_of_a_variant(folder: Path, tmp_path: Path) -> None:
    hostile = "it's \x1b[2J.jpg"
    (tmp_path / "good.jpg").write_bytes(jpeg(64, 48))
    (tmp_path / hostile).write_bytes(jpeg(48, 64))
    (tmp_path / "bad.jpg").write_bytes(b"no image")

    first = darkroom("upload", str(tmp_path), "--prefix", "album/", "--wait", folder=folder)
    again = darkroom("upload", str(tmp_path), "--prefix", "album/", "--wait", "--json", folder=folder)
    status = darkroom("status", "--json", folder=folder)
    shown = darkroom("show", f"album/{hostile}", folder=folder)
    manifest = darkroom("show", "album/bad.jpg", "--json", folder=folder)
    fetch = next(line for line in shown.stdout.splitlines() if "/thumb/" in line)
    fetched = subprocess.run(
        ["/usr/bin/env", "bash", "-c", fetch], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert (first.returncode, first.stderr) == (1, "3 uploaded\n")
    assert first.stdout.splitlines()[-1] in {"2 resized, 1 rejected", "1 rejected, 2 resized"}
    assert again.stderr.startswith("0 uploaded, 3 there already with the same bytes\n")
    assert {(line["key"], line["outcome"], line["unchanged"]) for line in json_lines(again)} == {
        ("album/good.jpg", "resized", True),
        (f"album/{hostile}", "resized", True),
        ("album/bad.jpg", "rejected", True),
    }
    (now,) = json_lines(status)
    assert (now["resized_a_minute"]["value"], now["rejected_a_minute"]["value"]) == (2, 1)
    assert (now["oldest_seconds"], now["dead_letters"]) == (None, 0)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert all(line.isprintable() for line in shown.stdout.splitlines())
    assert json.loads(manifest.stdout)["reason"] == "unknown_format"
    assert fetched.returncode == 0, fetched.stderr
    assert (tmp_path / f"thumb-{hostile}.webp").read_bytes()[8:12] == b"WEBP"


def test_who_has_a_link_can_upload_as_much_as_it_allows_and_where(folder: Path) -> None:
    (link,) = json_lines(darkroom("link", "--prefix", "visitors/", "--max-bytes", "5000", "--json", folder=folder))
    photo = jpeg(64, 48)
    elsewhere = link | {"fields": link["fields"] | {"key": "private/${filename}"}}

    answers = [
        post(link, "cat.jpg", photo),
        post(link, "large.jpg", photo.ljust(5001, b"\0")),
        post(link, "empty.jpg", b""),
        post(elsewhere, "cat.jpg", photo),
    ]
    unknown = [darkroom("show", key, folder=folder) for key in ("visitors/large.jpg", "private/cat.jpg")]

    assert answers == [204, 400, 400, 403]
    assert [(shown.returncode, "was never uploaded" in shown.stdout) for shown in unknown] == [(1, True)] * 2


def test_a_link_alone_is_a_page_for_a_key_that_nobody_has(folder: Path) -> None:
    page, other = (darkroom("link", folder=folder).stdout for _ in range(2))

    assert page.startswith("<!doctype html>")
    assert "An image of at most 100 MB" in page
    assert page != other


def test_watched_the_status_is_told_again_and_again_until_ctrl_c(folder: Path) -> None:
    with start_darkroom("status", "--watch", "--json", folder=folder) as command:
        assert command.stdout is not None
        lines = [json.loads(command.stdout.readline()) for _ in range(2)]
        command.send_signal(signal.SIGINT)
        _, errors = command.communicate(timeout=60)

    assert (command.returncode, errors) == (0, "")
    assert lines[0]["at"] < lines[1]["at"]
