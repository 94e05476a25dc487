"""`darkroom up`: keep the pipeline running on this machine."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Annotated

import typer

from darkroom.cli.options import Context, Port, Variants, log_kind
from darkroom.cli.output.aws_cli import aws_command, export_command
from darkroom.cli.overrides import local_settings
from darkroom.cli.progress import steps
from darkroom.cli.terminal import stop_signal, stopping_told, told_when_stopped
from darkroom.errors import DarkroomError
from darkroom.event_log.local import LocalLog, LogKind, local_log
from darkroom.local.local_pipeline import local_pipeline
from darkroom.local.registry import RunningPipeline, register, running_pipelines
from darkroom.loopback import is_listening
from darkroom.pipeline.client import Pipeline

_LOOK_SECONDS = 1.0
_NOT_UP = "It was not up yet, and nothing of it is left."

LogOfEvents = Annotated[
    LogKind | None,
    typer.Option(
        "--log",
        metavar="[kafka|memory]",
        parser=log_kind,
        help="Run an event log, too: Apache Kafka (installed on first use), or a mock in memory.",
    ),
]


def up(*, port: Port = None, log: LogOfEvents = None, variants: Variants = None, context: Context = None) -> None:
    """Keep the pipeline running on this machine, for any S3 client to upload to.

    It runs until Ctrl-C. It prints the access keys of this start. A request that is not signed with them is refused,
    and so is whatever a web page asks, but for the form of `darkroom link`.

    \b
    Examples:
      darkroom up
      darkroom up --port 4566
      darkroom up --log kafka
      darkroom up --variants tiny.json -c engine=vips
      darkroom run photos --endpoint-url http://127.0.0.1:4566
    """  # noqa: D301 - \b tells the help to leave the lines as they are
    overrides = local_settings(context, variants)
    with ExitStack() as running:
        with stopping_told(), told_when_stopped(lambda: _NOT_UP), steps(shown=sys.stderr.isatty()) as progress:
            event_log = running.enter_context(local_log(log, progress.begin)) if log else None
            if event_log:
                overrides = {"events": event_log.events} | overrides
            pipeline = running.enter_context(local_pipeline(overrides, port=port, begin=progress.begin)).pipeline
        for line in others(running_pipelines()):
            typer.echo(line, err=True)
        running.enter_context(register(RunningPipeline.of(pipeline, event_log.bootstrap if event_log else None)))
        stopped = stop_signal()
        typer.echo(instructions(pipeline, event_log))
        while not stopped.wait(_LOOK_SECONDS):
            if not is_listening(str(pipeline.endpoint_url)):
                raise DarkroomError(f"Nothing listens at {pipeline.endpoint_url} any more: the emulator has ended.")
            if event_log and not event_log.is_alive():
                raise DarkroomError(f"{event_log.what} at {event_log.bootstrap} has ended.")
        typer.echo("darkroom: stopping.", err=True)


def others(pipelines: Sequence[RunningPipeline]) -> Iterator[str]:
    """Say which pipelines are up already: this one is then what other commands find."""
    for other in pipelines:
        yield (
            f"darkroom: another pipeline is up at {other.endpoint_url}. Commands find this one from now on, "
            "and that one with --endpoint-url."
        )


def instructions(pipeline: Pipeline, log: LocalLog | None = None) -> str:
    """Write where everything is, and commands that work as they stand."""
    command = aws_command(pipeline)
    return f"""\
endpoint           {pipeline.endpoint_url}
uploads bucket     {pipeline.uploads_bucket}
derived bucket     {pipeline.derived_bucket}
jobs queue         {pipeline.jobs_queue_url}
dead-letter queue  {pipeline.dead_letter_queue_url}
function           {pipeline.function_name}
{_delivery_line(pipeline)}{_log_lines(log)}
Upload an image:
  {command} s3 cp photo.jpg s3://{pipeline.uploads_bucket}/
See the results:
  {command} s3 ls --recursive s3://{pipeline.derived_bucket}/
Let any AWS tool of a shell find it; the keys are new at each start, and nothing is answered without them:
  {export_command(pipeline)}

Ctrl-C stops it, and everything in it is gone."""


def _delivery_line(pipeline: Pipeline) -> str:
    return f"delivered at       {pipeline.delivery_url}\n" if pipeline.delivery_url else ""


def _log_lines(log: LocalLog | None) -> str:
    if log is None:
        return ""
    return f"""\
event log          {log.bootstrap}  ({log.what})
topic              {log.topic}
"""
