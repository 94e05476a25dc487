"""Runs the `darkroom` command as a person does, and finds every process that it started. Finding is for Linux."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

COMMAND = str(Path(sys.executable).with_name("darkroom"))

LAST_LINE = "Ctrl-C stops it, and everything in it is gone.\n"

_START_SECONDS = 60
_LOOK_SECONDS = 0.05


def darkroom(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder until it ends."""
    return subprocess.run(
        [COMMAND, *arguments], cwd=folder, env=marked(folder), capture_output=True, text=True, check=False, timeout=240
    )


def start_darkroom(*arguments: str, folder: Path) -> subprocess.Popen[str]:
    """Start the command in a folder, in a process group of its own, as a shell does."""
    return subprocess.Popen(
        [COMMAND, *arguments],
        cwd=folder,
        env=marked(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """`darkroom up`, ready, and what it printed; killed with its group if the test did not end it."""
    with start_darkroom("up", *arguments, folder=folder) as command:
        try:
            yield command, list(_until_ready(command))
        finally:
            if command.poll() is None:
                os.killpg(command.pid, signal.SIGKILL)


def _until_ready(command: subprocess.Popen[str]) -> Iterator[str]:
    assert command.stdout is not None
    assert command.stderr is not None
    for line in command.stdout:
        if line == LAST_LINE:
            return
        yield line
    raise AssertionError(f"`darkroom up` has ended: {command.stderr.read()}")


def marked(folder: Path) -> Mapping[str, str]:
    """An environment that marks what is started in it: the folder stands in the one variable that all inherit.

    What would be left in the machine's folder for temporary files, or in the user's own, is left in that folder, and
    pipelines that others run are not found.
    """
    here = {"TMPDIR": str(folder), "XDG_RUNTIME_DIR": str(folder), "XDG_STATE_HOME": str(folder)}
    return os.environ | here | {"PATH": f"{os.environ['PATH']}:{folder}"}


def processes_started_in(folder: Path) -> set[int]:
    """Every process that runs now and that the command started in this folder, or that one of those started."""
    mark = f":{folder}".encode()
    return {int(path.name) for path in Path("/proc").glob("[0-9]*") if _path_of(path).endswith(mark)}


def wait_for_processes(folder: Path, count: int) -> set[int]:
    """Wait until so many processes of the command run at once.

    Raises:
        TimeoutError: they do not within a minute.
    """
    deadline = time.monotonic() + _START_SECONDS
    while len(found := processes_started_in(folder)) < count:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{found} after {_START_SECONDS} seconds, {count} expected")
        time.sleep(_LOOK_SECONDS)
    return found


def _path_of(process: Path) -> bytes:
    try:
        variables = (process / "environ").read_bytes().split(b"\0")
    except OSError:  # it has ended meanwhile, or belongs to somebody else
        return b""
    return next((variable for variable in variables if variable.startswith(b"PATH=")), b"")
