"""`darkroom up`: keep the pipeline running on this machine."""

import sys
from contextlib import ExitStack

import typer

from darkroom.cli.options import Port
from darkroom.cli.output.aws_cli import aws_command, export_command
from darkroom.cli.progress import steps
from darkroom.cli.terminal import stop_signal
from darkroom.errors import DarkroomError
from darkroom.local.local_pipeline import local_pipeline
from darkroom.local.registry import RunningPipeline, register
from darkroom.loopback import is_listening
from darkroom.pipeline.client import Pipeline

_LOOK_SECONDS = 1.0


def up(port: Port = None) -> None:
    """Keep the pipeline running on this machine until Ctrl-C, for any S3 client to upload to.

    It prints the access keys of this start. A request that is not signed with them is refused, and so is whatever a web
    page asks, but for the form of `darkroom link`.

    \b
    Examples:
      darkroom up
      darkroom up --port 4566
      darkroom run photos --endpoint-url http://127.0.0.1:4566
    """  # noqa: D301 - \b tells the help to leave the lines as they are
    with ExitStack() as running:
        with steps(shown=sys.stderr.isatty()) as progress:
            pipeline = running.enter_context(local_pipeline({}, port=port, begin=progress.begin)).pipeline
        running.enter_context(register(RunningPipeline.of(pipeline)))
        stopped = stop_signal()
        typer.echo(instructions(pipeline))
        while not stopped.wait(_LOOK_SECONDS):
            if not is_listening(str(pipeline.endpoint_url)):
                raise DarkroomError(f"Nothing listens at {pipeline.endpoint_url} any more: the emulator has ended.")


def instructions(pipeline: Pipeline) -> str:
    """Write where everything is, and commands that work as they stand."""
    command = aws_command(pipeline)
    return f"""\
endpoint           {pipeline.endpoint_url}
uploads bucket     {pipeline.uploads_bucket}
derived bucket     {pipeline.derived_bucket}
jobs queue         {pipeline.jobs_queue_url}
dead-letter queue  {pipeline.dead_letter_queue_url}
function           {pipeline.function_name}

Upload an image:
  {command} s3 cp photo.jpg s3://{pipeline.uploads_bucket}/
See what came out:
  {command} s3 ls --recursive s3://{pipeline.derived_bucket}/
Let any AWS tool of a shell find it; the keys are new at each start, and nothing is answered without them:
  {export_command(pipeline)}

Ctrl-C stops it, and everything in it is gone."""
