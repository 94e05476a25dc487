"""Kafka's jars, fetched from Maven Central and held against their hashes."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from darkroom.errors import DarkroomError
from darkroom.local.synthesis import PROJECT

KAFKA = "4.3.1"

# With their hashes: the packages as pip takes them, the jars as `sha256sum` writes them.
PACKAGES = PROJECT / "requirements/broker.txt"
JARS = Path(__file__).with_name("jars.txt")

_COORDINATES = f"org.apache.kafka:kafka_2.13:{KAFKA}+org.slf4j:slf4j-simple:1.7.36"
_TAIL_LINES = 20


class InstallationError(DarkroomError):
    """Kafka could not be installed; the message says which step failed, and how."""


def install_packages(folder: Path) -> None:
    """Have pip install Java and jgo into a folder.

    Raises:
        InstallationError: pip failed.
    """
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
    pinned = ["--only-binary", ":all:", "--require-hashes", "-r", str(PACKAGES)]
    run_step([*pip, *pinned, "--target", str(folder)], "Installing Java and jgo")


def fetch_jars(packages: Path, jars: Path, scratch: Path, coordinates: str = _COORDINATES) -> None:
    """Have jgo fetch Kafka, or what else is named, and all that it needs.

    It needs no Maven, and reads no settings of the user's.

    Raises:
        InstallationError: jgo failed.
    """
    jgo = [sys.executable, "-m", "jgo", "--ignore-config", "--quiet", "--resolver", "python", "--links", "copy"]
    caches = ["--repo-cache", str(scratch / "repository"), "--cache-dir", str(scratch / "cache")]
    environment = os.environ | {"PYTHONPATH": str(packages), "HOME": str(scratch)}
    run_step([*jgo, *caches, "info", "classpath", coordinates], "Fetching Kafka's jars", environment)
    jars.mkdir()
    for jar in (scratch / "cache" / "envs").rglob("*.jar"):
        jar.rename(jars / jar.name)


def hashes_of(jars: Path) -> dict[str, str]:
    """Compute the SHA-256 of each file of a folder, by its name."""
    return {jar.name: hashlib.sha256(jar.read_bytes()).hexdigest() for jar in sorted(jars.iterdir())}


def check_jars(jars: Path, pinned: Path) -> None:
    """Hold the jars of a folder against a list: these, all of them, and to the byte.

    Raises:
        InstallationError: one is missing, unknown, or another one.
    """
    lines = (line.split() for line in pinned.read_text(encoding="utf-8").splitlines())
    wanted, found = {name: digest for digest, name in lines}, hashes_of(jars)
    wrong = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
    if wrong:
        raise InstallationError(
            f"Of Kafka's jars these are not those that {pinned.name} pins: {', '.join(wrong)}. Nothing was run. "
            "Try again; if it stays so, what was fetched is not to be trusted."
        )


def run_step(command: Sequence[str], what: str, environment: Mapping[str, str] | None = None) -> None:
    """Run a step of the installation.

    Raises:
        InstallationError: it failed; with the end of its output.
    """
    finished = subprocess.run(command, env=environment, capture_output=True, check=False)
    if finished.returncode:
        output = end_of(finished.stdout + finished.stderr)
        raise InstallationError(f"{what} failed with status {finished.returncode}:\n{output}")


def end_of(output: bytes) -> str:
    """Give the last lines of a program's output."""
    return "\n".join(output.decode(errors="replace").strip().splitlines()[-_TAIL_LINES:])
