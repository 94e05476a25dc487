"""Synthesize, deploy and stop a pipeline on this machine."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from darkroom.errors import DarkroomError, UsageError, aws_errors
from darkroom.local.deploy import deploy
from darkroom.local.deployed_overrides import DeployedOverrides
from darkroom.local.emulator import Emulator, emulator
from darkroom.local.existing_bucket import stand_in
from darkroom.local.registry import find_running, keys_for
from darkroom.local.synthesis import PROJECT, checked_configuration, local_overrides, synthesize
from darkroom.pipeline.client import Pipeline, client_of, find_pipeline, find_stack
from darkroom.pipeline.sqs import queue_depth

ASSEMBLIES = PROJECT / ".darkroom" / "assemblies"

_LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalPipeline:
    """The pipeline, and the log of the emulator that it runs on.

    The log is None where the endpoint is somebody else's.
    """

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
        """Wait until no job is in flight, for `idle_timeout` seconds at most.

        A function logs after it has written. A job that failed counts as being worked on until it may be tried again.
        """
        sqs = self.pipeline.client("sqs")
        deadline = clock() + idle_timeout
        while queue_depth(sqs, self.pipeline.jobs_queue_url).in_flight and clock() < deadline:
            sleep(_LOOK_SECONDS)

    def whole_log(self) -> str:
        """Read what the function has logged, and then what the emulator says.

        Why it did not even start, say.
        """
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
    """Bring the pipeline up, on an emulator of its own unless there is one.

    The emulator that was started is taken down after. `overrides` are settings of cdk.json; `begin` is told of each
    step. A pipeline that is at the endpoint already is taken as it is where there are none; otherwise it is deployed
    again, and keeps what it was deployed with besides.

    Raises:
        DarkroomError: it could not be brought up.
    """
    with _endpoint(endpoint_url, port, begin) as (aws, log):
        found = _find(aws, overrides) if endpoint_url else None
        yield LocalPipeline(pipeline=found or _deploy(aws, overrides, begin), emulator_log=log)


def _find(aws: Emulator, overrides: Mapping[str, object]) -> Pipeline | None:
    """Find the pipeline that is to be used as it is."""
    if overrides.keys() - {"stack_name"}:
        return None
    stack_name = _stack_name(aws, overrides)
    with aws_errors(f"Finding the pipeline at {aws.endpoint_url}"):
        if find_stack(stack_name, client_of(aws.session(), "cloudformation", aws.endpoint_url)) is None:
            return None
        return find_pipeline(stack_name, aws.endpoint_url, aws.session())


def _deploy(aws: Emulator, overrides: Mapping[str, object], begin: Callable[[str], None]) -> Pipeline:
    stack_name = _stack_name(aws, overrides)
    kept = DeployedOverrides(stack_name, aws.endpoint_url, aws.session())
    settings = kept.read() | {"stack_name": stack_name} | dict(overrides)
    begin("Building the pipeline (the first time takes a minute)")
    assembly = synthesize(local_overrides() | settings, ASSEMBLIES)
    begin("Deploying the pipeline")
    config = checked_configuration(local_overrides() | settings)
    with aws_errors(f"Deploying to {aws.endpoint_url}"):
        stand_in(config, aws)
        pipeline = deploy(assembly, aws.endpoint_url, aws.session())
    kept.write(settings)
    return pipeline


def _stack_name(aws: Emulator, overrides: Mapping[str, object]) -> str:
    """Say which stack is meant: the one that is named, that of the pipeline that is up there, or cdk.json's."""
    running = find_running(aws.endpoint_url)
    if running and "stack_name" not in overrides:
        return running.stack_name
    return checked_configuration(local_overrides() | dict(overrides)).stack_name


@contextmanager
def _endpoint(
    endpoint_url: str | None, port: int | None, begin: Callable[[str], None]
) -> Iterator[tuple[Emulator, Path | None]]:
    if endpoint_url:
        yield Emulator(endpoint_url=endpoint_url, keys=keys_for(endpoint_url)), None
        return
    begin("Starting AWS on this machine")
    with _log() as log, emulator(log=log, port=port) as aws:
        yield aws, log


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
