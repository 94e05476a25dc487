"""Runs `darkroom console` for a pipeline of a test, as a person does who has `darkroom up` in another terminal."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from darkroom.local.registry import RunningPipeline, register
from darkroom.pipeline.client import Pipeline
from support.command.program import start_darkroom


@contextmanager
def console_of(pipeline: Pipeline, folder: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command, and the address that it printed; killed with its group if the test did not end it."""
    with (
        mock.patch.dict(os.environ, XDG_RUNTIME_DIR=str(folder)),
        register(RunningPipeline.of(pipeline)),
        start_darkroom("console", *arguments, folder=folder) as command,
    ):
        try:
            assert command.stdout is not None
            printed = command.stdout.readline()
            found = re.search(r"http://\S+", printed)
            assert found, (printed, command.communicate())
            yield command, found[0]
        finally:
            if command.poll() is None:
                os.killpg(command.pid, signal.SIGKILL)
