"""Runs the programs of consumers/ as a user does, each in a process of its own."""

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

from support.events.event_log import Log

PROJECT = Path(__file__).parents[3]

_SECONDS = 120
# The option by which each is told where it keeps what it knows.
_KEEPS = {"catalog": "--catalog", "audit": "--audit", "webhook": "--queue"}


def command(log: Log, program: str, *before: str, once: bool = True) -> list[str]:
    """The command that follows a log."""
    end = ["--once"] if once else []
    return [sys.executable, "-m", f"consumers.{program}", *before, "follow", *at(log), *end]


def at(log: Log) -> list[str]:
    """The options that say where a log is."""
    return ["--bootstrap", log.bootstrap, "--topic", log.topic]


def run(arguments: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command until it ends."""
    return subprocess.run(
        arguments,
        cwd=PROJECT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
    )


def follow(log: Log, program: str, path: Path, *options: str, **environment: str) -> None:
    """Follow a log to its end, keeping in a file what the program keeps."""
    finished = run([*command(log, program, _KEEPS[program], str(path)), *options], **environment)
    assert (finished.returncode, finished.stderr) == (0, "")


def catalog_rows(path: Path) -> list[sqlite3.Row]:
    """Read all of a catalog, by key."""
    with contextlib.closing(sqlite3.connect(path, timeout=60)) as database:
        database.row_factory = sqlite3.Row
        return database.execute("SELECT * FROM images ORDER BY key").fetchall()


def verify_audit(log: Log, path: Path) -> tuple[int, dict[str, Any]]:
    """Have the audit prove what it has: its exit status, and what it tells."""
    program = command(log, "audit", "--audit", str(path))[:5]
    finished = run([*program, "verify", *at(log)])
    told: dict[str, Any] = json.loads(finished.stdout)
    return finished.returncode, told


def run_killed(log: Log, path: Path, option: str, program: str, patch: str, **environment: str) -> int:
    """Follow a log with a program in which `patch` has been run before: it says where the process kills itself."""
    code = f"import os, signal, sys\n{patch}\nfrom consumers.{program} import main\nmain(sys.argv[1:])"
    arguments = [sys.executable, "-c", code, option, str(path), "follow", *at(log), "--once"]
    return run(arguments, **environment).returncode
