"""`darkroom status`: show queues, outcomes and concurrency."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live

from darkroom.cli.options import EndpointUrl, LocalOption, Stack, json_option
from darkroom.cli.output.status import status_json, status_screen
from darkroom.cli.target import find_target
from darkroom.cli.terminal import stop_signal
from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.status import Status, StatusReader

_REFRESH_SECONDS = 2.0

Watch = Annotated[bool, typer.Option("--watch", help="Keep looking, every two seconds, until Ctrl-C.")]


def status(
    *,
    watch: Watch = False,
    as_json: Annotated[bool, json_option("One JSON object; with --watch, one a line.")] = False,
    local: LocalOption = False,
    stack: Stack = None,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Show the queue's depth, the dead letters, the consumers and the outcomes.

    Outcomes are counted by the minute. The queues are counted now. On AWS the other figures are
    CloudWatch's: they are one to three minutes old, and say until when they were measured. A figure that nobody has
    measured is "-" (null in JSON), never zero; that is so for the oldest job's age and for the consumers of `darkroom
    up`.

    \b
    Examples:
      darkroom status
      darkroom status --watch --stack Darkroom
      darkroom status --json | jq .dead_letters
    """  # noqa: D301 - \b tells the help to leave the lines as they are
    pipeline = find_target(local=local, stack=stack, endpoint_url=endpoint_url)
    reader = StatusReader(pipeline)
    console = Console(highlight=False)
    with _printer(pipeline, console, as_json=as_json, one_screen=watch and console.is_terminal) as show:
        stopped = stop_signal() if watch else None
        show(reader.read())
        while stopped and not stopped.wait(_REFRESH_SECONDS):
            show(reader.read())


@contextmanager
def _printer(
    pipeline: Pipeline, console: Console, *, as_json: bool, one_screen: bool
) -> Iterator[Callable[[Status], None]]:
    """Choose how each status is shown: as a line of JSON, on the screen that the last one was on, or below it."""
    if as_json:
        yield lambda status: typer.echo(status_json(status))
    elif one_screen:
        with Live(console=console, screen=True, auto_refresh=False) as live:
            yield lambda status: live.update(status_screen(status, pipeline), refresh=True)
    else:
        yield lambda status: console.print(status_screen(status, pipeline))
