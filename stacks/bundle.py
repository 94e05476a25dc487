"""The function's bundle: its package and requirements, made by pip for the platform that runs it, without Docker."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
PACKAGE = PROJECT / "lambdas" / "resize"
CACHE = PROJECT / ".darkroom" / "bundles"

# pip writes these beside each distribution; some hold the installer's version or a path of this machine.
_INSTALLERS_NOTES = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"})
_LINES_OF_PIP = 15


class BundleError(Exception):
    """pip could not make the bundle; the message ends with what pip said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """What the bundle runs on: a wheel platform and a Python version such as `3.14`."""

    wheels: str
    python: str

    @property
    def pip_arguments(self) -> tuple[str, ...]:
        """Have pip choose wheels for this platform and no other."""
        return ("--platform", self.wheels, "--python-version", self.python, "--implementation", "cp")


def lambda_platform(*, architecture: str, python: str) -> Platform:
    """Amazon Linux 2023, on which Lambda runs Python since 3.12; its C library is 2.34.

    Source: docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
    """
    machine = {"arm64": "aarch64", "x86_64": "x86_64"}[architecture]
    return Platform(wheels=f"manylinux_2_28_{machine}", python=python)


def build_bundle(platform: Platform | None, *, package: Path = PACKAGE, cache: Path = CACHE) -> Path:
    """The folder to deploy, for a platform or, given None, for this machine and its Python.

    It is made once for the same inputs: a second call finds it in the cache. It is made beside and moved into place, so
    that a build which fails leaves nothing, and two at a time do not meet.

    Raises:
        BundleError: pip failed.
    """
    bundle = cache / _fingerprint(platform, package)
    if bundle.is_dir():
        return bundle
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix="building-") as building:
        made = Path(building) / "bundle"
        _install_requirements(package / "requirements.txt", made, platform)
        _copy_package(package, made / package.name)
        _remove_what_varies(made)
        _move_into_place(made, bundle)
    return bundle


def _fingerprint(platform: Platform | None, package: Path) -> str:
    here = (sys.implementation.cache_tag, sys.platform, os.uname().machine)
    digest = hashlib.sha256(repr(platform or here).encode())
    for source in (Path(__file__), package / "requirements.txt", *_sources(package)):
        digest.update(source.name.encode() + b"\0" + hashlib.sha256(source.read_bytes()).digest())
    return digest.hexdigest()[:32]


def _sources(package: Path) -> Iterator[Path]:
    return iter(sorted(package.glob("*.py")))


def _install_requirements(requirements: Path, target: Path, platform: Platform | None) -> None:
    options = platform.pip_arguments if platform else ()
    command = [sys.executable, "-m", "pip", "install", "--target", str(target), *options]
    command += ["--only-binary=:all:", "--require-hashes", "--no-compile", "--no-deps", "--disable-pip-version-check"]
    command += ["--no-input", "-r", str(requirements)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = "\n".join((done.stdout + done.stderr).splitlines()[-_LINES_OF_PIP:])
        raise BundleError(said)


def _copy_package(package: Path, target: Path) -> None:
    target.mkdir()
    for source in _sources(package):
        shutil.copyfile(source, target / source.name)


def _remove_what_varies(bundle: Path) -> None:
    """Remove commands, whose first line is this machine's Python, compiled code, and pip's notes about itself."""
    for folder in (bundle / "bin", *bundle.rglob("__pycache__")):
        shutil.rmtree(folder, ignore_errors=True)
    for notes in bundle.glob("*.dist-info"):
        for name in _INSTALLERS_NOTES:
            (notes / name).unlink(missing_ok=True)


def _move_into_place(made: Path, bundle: Path) -> None:
    try:
        made.rename(bundle)
    except OSError:
        if not bundle.is_dir():
            raise
