"""`darkroom status`: how the pipeline is doing."""

from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live

from darkroom.status import StatusReader
from darkroom.status_screen import status_json, status_screen
from darkroom.stopping import stop_signal
from darkroom.target import Local, Stack, find_target

_REFRESH_SECONDS = 2.0

Watch = Annotated[bool, typer.Option("--watch", help="Keep looking, every two seconds, until Ctrl-C.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object; with --watch, one a line.")]


def status(*, watch: Watch = False, as_json: AsJson = False, local: Local = False, stack: Stack = None) -> None:
    """Show the queue's depth, the dead letters, the consumers, and how many jobs end how each minute.

    The queues are counted now. On AWS the other figures are CloudWatch's: they are one to three minutes old, and say
    until when they were measured. A figure that nobody has measured is "-" (null in JSON), never zero; that is so for
    the oldest job's age and for the consumers of `darkroom up`.

    \b
    Examples:
      darkroom status
      darkroom status --watch --stack Darkroom
      darkroom status --json | jq .dead_letters
    """  # noqa: D301 - \b tells the help to leave the lines as they are
    pipeline = find_target(local=local, stack=stack)
    reader = StatusReader(pipeline)
    console = Console(highlight=False)
    if not watch:
        now = reader.read()
        if as_json:
            typer.echo(status_json(now))
        else:
            console.print(status_screen(now, pipeline))
        return
    stopped = stop_signal()
    if as_json:
        while not stopped.is_set():
            typer.echo(status_json(reader.read()))
            stopped.wait(_REFRESH_SECONDS)
        return
    with Live(console=console, screen=console.is_terminal, auto_refresh=False) as live:
        while not stopped.is_set():
            live.update(status_screen(reader.read(), pipeline), refresh=True)
            stopped.wait(_REFRESH_SECONDS)
