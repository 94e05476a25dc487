"""The pipeline on this machine: synthesized, deployed to an emulator or another endpoint, and stopped at the end."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from darkroom.answering import answering
from darkroom.deployment import Pipeline, deploy
from darkroom.emulator import emulator, session
from darkroom.errors import DarkroomError, UsageError
from darkroom.listening import is_listening
from darkroom.synthesis import PROJECT, local_overrides, synthesize

ASSEMBLIES = PROJECT / ".darkroom" / "assemblies"


@contextmanager
def local_pipeline(
    overrides: Mapping[str, object],
    *,
    endpoint_url: str | None = None,
    port: int | None = None,
    begin: Callable[[str], None],
) -> Iterator[Pipeline]:
    """Bring the pipeline up, on an emulator of its own unless there is an endpoint, and take the emulator down after.

    `overrides` are knobs of cdk.json; `begin` is told of each step.

    Raises:
        DarkroomError: it could not be brought up.
    """
    with _endpoint(endpoint_url, port, begin) as endpoint:
        begin("Building the pipeline (the first time takes a minute)")
        assembly = synthesize(local_overrides() | dict(overrides), ASSEMBLIES)
        begin("Deploying the pipeline")
        with answering(f"Deploying to {endpoint}"):
            pipeline = deploy(assembly, endpoint, session())
        yield pipeline


@contextmanager
def _endpoint(endpoint_url: str | None, port: int | None, begin: Callable[[str], None]) -> Iterator[str]:
    if endpoint_url:
        if not is_listening(endpoint_url):
            raise UsageError(f"Nothing answers at {endpoint_url}. Start `darkroom up`, or leave --endpoint-url out.")
        yield endpoint_url
        return
    begin("Starting AWS on this machine")
    with _log() as log, emulator(log=log, port=port) as endpoint:
        yield endpoint


@contextmanager
def _log() -> Iterator[Path]:
    """Keep the emulator's log when the pipeline failed, and only then."""
    folder = Path(tempfile.mkdtemp(prefix="darkroom-"))
    log = folder / "emulator.log"
    kept = False
    try:
        yield log
    except DarkroomError as error:
        kept = not isinstance(error, UsageError)
        if kept:
            error.add_note(f"The emulator's log is {log}.")
        raise
    finally:
        if not kept:
            shutil.rmtree(folder, ignore_errors=True)
