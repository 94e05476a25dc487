"""Runs the programs of consumers/ as a user does, each in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

from support.events.event_log import Log

PROJECT = Path(__file__).parents[3]

_SECONDS = 120


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


def run_killed(log: Log, path: Path, option: str, program: str, patch: str, **environment: str) -> int:
    """Follow a log with a program in which `patch` has been run before: it says where the process kills itself."""
    code = f"import os, signal, sys\n{patch}\nfrom consumers.{program} import main\nmain(sys.argv[1:])"
    arguments = [sys.executable, "-c", code, option, str(path), "follow", *at(log), "--once"]
    return run(arguments, **environment).returncode
