"""Synthesize the CDK app to a cloud assembly."""

import fcntl
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from contract.errors import SettingsError
from darkroom.errors import DarkroomError, UsageError
from stacks.bundle.bytecode import pyodide_version
from stacks.config.config import Config
from stacks.config.context import read_context
from stacks.config.parser import parse_config

PROJECT = Path(__file__).resolve().parents[2]

# Everything that decides what an assembly looks like, apart from the overrides and the machine.
_SCHEMAS = ("docs/image-event.schema.json", "docs/manifest.schema.json")
_INPUTS = ("app.py", "cdk.json", "requirements.txt", "stacks", "lambdas", *_SCHEMAS)
_TAIL_LINES = 20
_UNFINISHED = "unfinished-"
_KEPT = 8


class SynthesisError(DarkroomError):
    """The CDK app refused; the message is the end of what it said."""


def local_overrides() -> dict[str, object]:
    """What differs on this machine.

    The function's wheels, its parallelism, and that nothing outlives the run. A job that fails is tried once more, and
    soon, so that whoever waits sees it in the dead-letter queue.
    """
    return {
        "bundle_for": "this-machine",
        "max_concurrency": max(2, os.cpu_count() or 2),  # AWS allows no fewer than two
        "retain_data": False,
        "function_timeout_seconds": 330,
        "visibility_timeout_seconds": 330,
        "max_receive_count": 2,
        "delivery": None,  # its names and certificate are AWS's, too; `-c delivery={}` brings the emulator's
        "events": None,  # a target of AWS's is out of reach; `darkroom up --log` brings one of this machine's
        "monitoring": False,  # the emulator knows no saved queries and refuses the stack; nor would it look at an alarm
    }


def configuration(overrides: Mapping[str, object]) -> Config:
    """Read cdk.json as app.py does where these settings are overridden.

    Raises:
        SettingsError: a setting cannot be what it is.
    """
    return parse_config(read_context(PROJECT / "cdk.json", {}) | dict(overrides))


def checked_configuration(overrides: Mapping[str, object]) -> Config:
    """Read cdk.json as `configuration` does, for who can only tell a person.

    Raises:
        UsageError: a setting cannot be what it is, or cdk.json cannot be read.
    """
    try:
        return configuration(overrides)
    except SettingsError as error:
        raise UsageError(f"cdk.json: {error}") from error


def synthesize(overrides: Mapping[str, object], output: Path) -> Path:
    """Make the assembly of this project under `output`, and return its folder.

    One that is there already is taken. `overrides` are settings of cdk.json. Identical inputs have one folder, so a
    second call only looks; concurrent calls wait for the first.

    Raises:
        SynthesisError: app.py did not accept its configuration, or failed.
    """
    assembly = output.resolve() / _fingerprint(overrides)
    output.mkdir(parents=True, exist_ok=True)
    with _lock(assembly.with_suffix(".lock")):
        if not assembly.exists():
            _make(assembly, overrides)
            _keep_newest(output)
    return assembly


def _make(assembly: Path, overrides: Mapping[str, object]) -> None:
    """Synthesize beside the final place and move there at the end, so that a killed run leaves no half assembly."""
    unfinished = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=assembly.parent))
    try:
        _run_app(overrides, unfinished)
        unfinished.rename(assembly)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _keep_newest(output: Path) -> None:
    """Remove the oldest assemblies: each holds a bundle of some 30 MB, and every change of the code makes one more."""
    assemblies = [path for path in output.iterdir() if path.is_dir() and not path.name.startswith(_UNFINISHED)]
    for old in sorted(assemblies, key=lambda path: path.stat().st_mtime)[:-_KEPT]:
        shutil.rmtree(old, ignore_errors=True)


def _run_app(overrides: Mapping[str, object], output: Path) -> None:
    """Run app.py as the CDK's command line does: docs.aws.amazon.com/cdk/v2/guide/configure-synth.html."""
    environment = os.environ | {
        "CDK_OUTDIR": str(output),
        "CDK_CONTEXT_JSON": json.dumps(dict(overrides)),
    }
    finished = subprocess.run(
        [sys.executable, "app.py"], cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
    )
    if finished.returncode != 0:
        said = (finished.stderr.strip() or finished.stdout.strip()).splitlines()[-_TAIL_LINES:]
        raise SynthesisError("The CDK app could not be synthesized:\n" + "\n".join(said))


def _fingerprint(overrides: Mapping[str, object]) -> str:
    """Name an assembly by all that goes into it; 128 bits, as two of one name would be mixed up."""
    machine = [sys.version, platform.platform(), platform.machine(), pyodide_version()]
    digest = hashlib.sha256(json.dumps([dict(overrides), machine], sort_keys=True).encode())
    for path in _input_files():
        content = path.read_bytes()
        digest.update(f"{path.relative_to(PROJECT).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:32]


def _input_files() -> Iterator[Path]:
    for name in _INPUTS:
        path = PROJECT / name
        found = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (file for file in found if file.is_file() and "__pycache__" not in file.parts)


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Let one process at a time pass; the lock goes with the process that held it, however that ends."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
