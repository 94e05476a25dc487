"""Fetching Lambda's Python: the machine's own mirror is used, and what a machine lacks is said in a sentence."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from tools import lambda_runtime
from tools.lambda_runtime import MachineError, check_machine, debian_mirror

ROOT = Path(__file__).parents[3]


def sources(folder: Path, name: str, text: str) -> Path:
    """A folder of apt's settings with one file."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return folder


def commands(folder: Path, *names: str) -> str:
    """A PATH with these commands alone."""
    for name in names:
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)
    return str(folder)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "sources.list.d/debian.sources",
            "Types: deb\nURIs: http://mirror/debian-security\n\nTypes: deb\nURIs: http://mirror/debian\n",
        ),
        ("sources.list.d/debian.sources", "Types: deb\nURIs: http://mirror/debian/ http://other/debian\n"),
        (
            "sources.list",
            "# deb http://no/debian x\ndeb [signed-by=/a arch=amd64] http://mirror/debian bookworm main\n",
        ),
        ("sources.list", "deb http://mirror/debian/ bookworm main\n"),
    ],
)
def test_the_mirror_is_the_one_that_this_machine_s_apt_uses(name: str, text: str, tmp_path: Path) -> None:
    assert debian_mirror(sources(tmp_path, name, text)) == "http://mirror/debian"


@pytest.mark.parametrize(
    "text", ["deb http://archive/ubuntu noble main\n", "deb http://m/debian-security b main\n", ""]
)
def test_a_machine_that_takes_no_packages_of_debian_is_told_so(text: str, tmp_path: Path) -> None:
    with pytest.raises(MachineError, match=r"needs Debian, whose packages it takes, and no source in .* is a mirror"):
        debian_mirror(sources(tmp_path, "sources.list", text))


def test_what_is_missing_is_named_with_the_packages_that_have_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(lambda_runtime, "_KEYRING", tmp_path)
    monkeypatch.setenv("PATH", commands(tmp_path, "apt-get", "dpkg-deb"))

    with pytest.raises(MachineError) as refused:
        check_machine()

    assert str(refused.value) == (
        "The function's own runtime needs go and qemu-aarch64-static (apt-get install golang-go qemu-user-static), and "
        "they are not in the PATH. Everything else is tested by `make test`."
    )


def test_a_machine_without_debian_s_keys_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(lambda_runtime, "_KEYRING", tmp_path / "absent")

    with pytest.raises(MachineError, match=r"Debian's keys .apt-get install debian-archive-keyring."):
        check_machine()


def test_another_processor_is_told_which_one_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")

    with pytest.raises(MachineError, match=r"needs an x86_64 processor, .*, and this one is riscv64"):
        check_machine()


def test_a_version_that_is_none_is_refused(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tools.lambda_runtime", "3", str(tmp_path / "runtime")]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert (done.returncode, "'3' is no version such as 3.14" in done.stderr) == (2, True)
    assert list(tmp_path.iterdir()) == []
