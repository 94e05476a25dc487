"""Install Lambda's Python on Debian.

`python -m tools.lambda_runtime PYTHON FOLDER`. CPython comes from Debian, for x86_64 and for arm64, each with the C
library that it needs: FOLDER/ARCHITECTURE/root. Nothing is installed: `root/usr/bin/python3.14` runs from where it is.
It is a script, and what `sys.executable` names, so that Python can start itself: by its own loader, as its C library
may be newer than the machine's, or under qemu for another processor. apt checks every package against Debian's
signatures. Exit status: 0, or 2 where the machine lacks something.
"""

import argparse
import platform
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

# Where Debian is found that has the function's Python; its patch release moves, and the tests say which they ran on.
_SUITE = "forky"
_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_SOURCES = Path("/etc/apt")
_QEMU = "qemu-aarch64-static"
# What the wheels of the bundle need beside Python: Amazon Linux has it, too.
_BESIDE_PYTHON = ("libstdc++6",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """A processor by Lambda's name and Debian's.

    `starts` is the command that runs a program of `$root`.
    """

    name: str
    debian: str
    starts: str


ARCHITECTURES = (
    Architecture(
        name="x86_64",
        debian="amd64",
        starts='"$root/usr/lib64/ld-linux-x86-64.so.2" --library-path "$root/usr/lib/x86_64-linux-gnu" --argv0 "$0"',
    ),
    Architecture(name="arm64", debian="arm64", starts=f'{_QEMU} -0 "$0" -L "$root"'),
)


class MachineError(Exception):
    """This machine lacks something; the message says what."""


def main() -> None:
    """Put it there."""
    parser = argparse.ArgumentParser(prog="tools.lambda_runtime")
    parser.add_argument("python", type=_version)
    parser.add_argument("folder", type=Path)
    chosen = parser.parse_args()
    try:
        mirror = debian_mirror(_SOURCES)
        check_machine()
        for architecture in ARCHITECTURES:
            Root(architecture, chosen.python, chosen.folder.resolve() / architecture.name).make(mirror)
    except MachineError as error:
        parser.error(str(error))


def _version(text: str) -> str:
    if not re.fullmatch(r"3\.[0-9]+", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no version such as 3.14")
    return text


def debian_mirror(sources: Path) -> str:
    """Find the mirror that this machine's apt uses, in its folder of settings.

    Raises:
        MachineError: it uses none of Debian's.
    """
    files = [sources / "sources.list", *sorted(sources.glob("sources.list.d/*"))]
    for file in files:
        if file.is_file():
            for address in _addresses(file.read_text(encoding="utf-8")):
                return address
    raise MachineError(_needs("Debian, whose packages it takes", f"no source in {sources} is a mirror of Debian"))


def _addresses(text: str) -> Iterator[str]:
    """Find mirrors in either format of apt's sources: sources.list(5)."""
    yield from re.findall(r"^(?:URIs:|deb(?: +\[[^]\n]*\])?)\s+(\S+/debian)/?(?:\s|$)", text, re.MULTILINE)


def check_machine() -> None:
    """Look for what is needed besides.

    Raises:
        MachineError: something is missing.
    """
    if (machine := platform.machine()) != "x86_64":
        raise MachineError(_needs("an x86_64 processor, for one of the two bundles", f"this one is {machine}"))
    if not _KEYRING.exists():
        raise MachineError(_needs("Debian's keys (apt-get install debian-archive-keyring)", f"{_KEYRING} is missing"))
    packages = {"apt-get": "apt", "dpkg-deb": "dpkg", "go": "golang-go", _QEMU: "qemu-user-static"}
    missing = [program for program in packages if shutil.which(program) is None]
    if missing:
        names = " ".join(packages[program] for program in missing)
        raise MachineError(_needs(f"{' and '.join(missing)} (apt-get install {names})", "they are not in the PATH"))


def _needs(what: str, found: str) -> str:
    return f"The function's own runtime needs {what}, and {found}. Everything else is tested by `make test`."


class Root:
    """A folder with Python for an architecture, as Debian's packages lay it out."""

    def __init__(self, architecture: Architecture, python: str, folder: Path) -> None:
        self._architecture = architecture
        self._python = python
        self._folder = folder
        self._root = folder / "root"

    def make(self, mirror: str) -> None:
        """Fetch the packages, unpack them, and make Python start from here.

        Raises:
            MachineError: Debian has no such Python.
        """
        for name in ("state/lists/partial", "cache/archives/partial", "sources", "root"):
            (self._folder / name).mkdir(parents=True)
        for package in self._fetch(mirror):
            _run(["dpkg-deb", "--extract", str(package), str(self._root)])
        for name in ("state", "cache", "sources"):
            shutil.rmtree(self._folder / name)
        # Where programs look for their loader, as Debian links it on a machine of its own.
        for name in ("lib", "lib64"):
            if not (self._root / name).exists():
                (self._root / name).symlink_to(f"usr/{name}")
        self._make_startable()

    def _fetch(self, mirror: str) -> Iterable[Path]:
        """Have apt fetch what Python needs, as onto a machine that has nothing yet."""
        source = f"Types: deb\nURIs: {mirror}\nSuites: {_SUITE}\nComponents: main\nSigned-By: {_KEYRING}\n"
        (self._folder / "sources" / "debian.sources").write_text(source, encoding="utf-8")
        (self._folder / "state" / "status").touch()
        apt = ["apt-get", "-qq", *(f"-o{name}={value}" for name, value in self._apt_settings().items())]
        _run([*apt, "update"])
        wanted = (f"python{self._python}-minimal", f"libpython{self._python}-stdlib", *_BESIDE_PYTHON)
        _run([*apt, "--yes", "--download-only", "--no-install-recommends", "install", *wanted])
        return sorted((self._folder / "cache" / "archives").glob("*.deb"))

    def _apt_settings(self) -> dict[str, str | Path]:
        """Keep apt in our folder, in everything but its keys: apt.conf(5)."""
        return {
            "Dir::Etc::SourceList": "/dev/null",
            "Dir::Etc::SourceParts": self._folder / "sources",
            "Dir::State": self._folder / "state",
            "Dir::State::Status": self._folder / "state" / "status",
            "Dir::Cache": self._folder / "cache",
            "APT::Architecture": self._architecture.debian,
            "APT::Architectures": self._architecture.debian,
            "APT::Sandbox::User": "root",
            "Debug::NoLocking": "true",
        }

    def _make_startable(self) -> None:
        """Put a script in the program's place: it finds the program beside it, wherever the folder is."""
        script = self._root / "usr" / "bin" / f"python{self._python}"
        script.rename(script.with_suffix(f"{script.suffix}.program"))
        starts = self._architecture.starts
        script.write_text(f'#!/bin/sh\nroot="${{0%/usr/bin/*}}"\nexec {starts} "$0.program" "$@"\n', encoding="utf-8")
        script.chmod(0o755)


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        output = (done.stderr.strip() or done.stdout.strip() or "nothing").splitlines()[-1]
        raise MachineError(_needs(f"{command[0]} to work", f"it ended with {done.returncode} and said: {output}"))


if __name__ == "__main__":
    main()
