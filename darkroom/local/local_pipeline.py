"""Synthesize, deploy and stop a pipeline on this machine."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from darkroom.errors import DarkroomError, UsageError, aws_errors
from darkroom.local.access_keys import AccessKeys
from darkroom.local.deploy import deploy
from darkroom.local.emulator import Emulator, emulator
from darkroom.local.registry import find_running
from darkroom.local.synthesis import PROJECT, local_overrides, synthesize
from darkroom.loopback import is_listening
from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.sqs import queue_depth

ASSEMBLIES = PROJECT / ".darkroom" / "assemblies"

_LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalPipeline:
    """The pipeline, and the log of the emulator that it runs on, None where the endpoint is somebody else's."""

    pipeline: Pipeline
    emulator_log: Path | None

    def function_log(self) -> str:
        """Read what the function has logged."""
        with aws_errors("Reading the function's log"):
            return "".join(f"{line.text.rstrip()}\n" for line in self.pipeline.function_log())

    def wait_until_idle(
        self,
        idle_timeout: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Wait until no job is in flight, for `idle_timeout` seconds at most: a function logs after it has written.

        A job that failed counts as being worked on until it may be tried again.
        """
        sqs = self.pipeline.client("sqs")
        deadline = clock() + idle_timeout
        while queue_depth(sqs, self.pipeline.jobs_queue_url).in_flight and clock() < deadline:
            sleep(_LOOK_SECONDS)

    def whole_log(self) -> str:
        """Read what the function has logged, and then what the emulator says: why it did not even start, say."""
        if self.emulator_log is None:
            return self.function_log()
        emulator_log = self.emulator_log.read_text(encoding="utf-8", errors="replace")
        return f"{self.function_log()}\nThe emulator's own log:\n{emulator_log}"


@contextmanager
def local_pipeline(
    overrides: Mapping[str, object],
    *,
    endpoint_url: str | None = None,
    port: int | None = None,
    begin: Callable[[str], None],
) -> Iterator[LocalPipeline]:
    """Bring the pipeline up, on an emulator of its own unless there is an endpoint, and take the emulator down after.

    `overrides` are settings of cdk.json; `begin` is told of each step.

    Raises:
        DarkroomError: it could not be brought up.
    """
    with _endpoint(endpoint_url, port, begin) as (aws, log):
        begin("Building the pipeline (the first time takes a minute)")
        assembly = synthesize(local_overrides() | dict(overrides), ASSEMBLIES)
        begin("Deploying the pipeline")
        with aws_errors(f"Deploying to {aws.endpoint_url}"):
            pipeline = deploy(assembly, aws.endpoint_url, aws.session())
        yield LocalPipeline(pipeline=pipeline, emulator_log=log)


@contextmanager
def _endpoint(
    endpoint_url: str | None, port: int | None, begin: Callable[[str], None]
) -> Iterator[tuple[Emulator, Path | None]]:
    if endpoint_url:
        if not is_listening(endpoint_url):
            raise UsageError(f"Nothing answers at {endpoint_url}. Start `darkroom up`, or leave --endpoint-url out.")
        yield Emulator(endpoint_url=endpoint_url, keys=_keys_for(endpoint_url)), None
        return
    begin("Starting AWS on this machine")
    with _log() as log, emulator(log=log, port=port) as aws:
        yield aws, log


def _keys_for(endpoint_url: str) -> AccessKeys:
    """Take the keys that `darkroom up` noted, or those of the environment; never those of a profile."""
    if running := find_running(endpoint_url):
        return running.keys
    identity, secret = os.environ.get("AWS_ACCESS_KEY_ID"), os.environ.get("AWS_SECRET_ACCESS_KEY")
    if not identity or not secret:
        raise UsageError(
            f"No access keys are known for {endpoint_url}. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to those "
            "that `darkroom up` printed, or to any where another emulator answers."
        )
    return AccessKeys(id=identity, secret=secret)


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
