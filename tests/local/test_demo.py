"""`make demo`: every sample comes out as samples/README.md says, on one page."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
BROKEN_ON_PURPOSE = {"half-uploaded.jpg": "corrupt", "README.md": "unknown_format"}


@pytest.mark.long
@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_the_demo_resizes_every_sample_but_those_broken_on_purpose(tmp_path: Path) -> None:
    make = ["make", "--assume-old=.venv/.set-up", "demo", f"BIN={Path(sys.executable).parent}", f"OUT={tmp_path}"]

    finished = subprocess.run(make, cwd=PROJECT, capture_output=True, text=True, check=False, timeout=240)

    samples = {sample.name for sample in (PROJECT / "samples").iterdir()}
    rejected = dict(re.findall(r"^samples/(\S+) +rejected: (\S+)", finished.stdout, re.MULTILINE))
    resized = set(re.findall(r"^samples/(.+?) +resized ", finished.stdout, re.MULTILINE))
    assert finished.returncode == 0
    assert rejected == BROKEN_ON_PURPOSE
    assert resized == samples - BROKEN_ON_PURPOSE.keys()
    assert finished.stderr == f"Contact sheet: {tmp_path}/contact-sheet.html\n"
    page = (tmp_path / "contact-sheet.html").read_text(encoding="utf-8")
    assert page.count("<img ") == 3 * len(resized)
    mountains = json.loads((tmp_path / "manifests" / "mountains.jpg.json").read_text(encoding="utf-8"))
    assert [(each["variant"], each["width"]) for each in mountains["renditions"]] == [
        ("large", 1600),
        ("medium", 800),
        ("thumb", 320),
    ]


def test_each_sample_is_small_and_has_its_licence_beside_it() -> None:
    listed = re.findall(r"^\| `(.+?)` \|.+\| (public domain|CC0 1\.0|CC BY 2\.0) \|$", _read_me(), re.MULTILINE)

    samples = [sample for sample in (PROJECT / "samples").iterdir() if sample.name != "README.md"]
    assert sorted(name for name, _ in listed) == sorted(sample.name for sample in samples)
    assert 6 <= len(samples) <= 11
    assert all(sample.stat().st_size < 150_000 for sample in samples)


def _read_me() -> str:
    return (PROJECT / "samples" / "README.md").read_text(encoding="utf-8")
