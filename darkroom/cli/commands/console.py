"""`darkroom console`: serve the console on loopback."""

import asyncio
from typing import TYPE_CHECKING

import typer

from darkroom.cli.commands.events import Bootstrap, Client, Topic
from darkroom.cli.options import EndpointUrl, LocalOption, Port, Stack
from darkroom.cli.target import find_successor, find_target
from darkroom.console.settings import find_settings
from darkroom.errors import DarkroomError
from darkroom.event_log.client import find_log
from darkroom.event_log.topic import TOPIC
from darkroom.local.registry import find_running
from darkroom.pipeline.client import Pipeline
from darkroom.text import printable

if TYPE_CHECKING:
    from pathlib import Path


def console(  # noqa: PLR0913 - the command has so many options
    *,
    port: Port = None,
    local: LocalOption = False,
    stack: Stack = None,
    endpoint_url: EndpointUrl = None,
    topic: Topic = TOPIC,
    bootstrap: Bootstrap = None,
    client: Client = None,
) -> None:
    """Serve a page that shows the pipeline.

    Drop images on it, see what becomes of them, redrive dead letters. It listens on this machine only, and the address
    that it prints is a key: whoever has it acts with your AWS credentials. They never reach the page. The address is
    the same at each start, so that a page that is open goes on, and so it does where `darkroom up` is started anew. It
    is kept in ~/.local/state/darkroom/console, and deleting it there makes another.

    Where there is an event log, the page shows what comes into it: that of `darkroom up --log` by itself, another one
    with --bootstrap or --client.

    \b
    Examples:
      darkroom console                  the pipeline that `darkroom up` keeps running
      darkroom console --port 8000
      darkroom console --stack Darkroom
      darkroom console --stack Darkroom --client confluent-cloud.properties
    """  # noqa: D301 - \b tells the help to leave the lines as they are
    # These load a web server, which no other command needs: that takes as long as all the rest.
    from darkroom.console.address import address_file, open_address  # noqa: PLC0415
    from darkroom.console.server import FollowedLog, ServedPipeline, serve  # noqa: PLC0415

    def served(pipeline: Pipeline) -> ServedPipeline:
        log = find_log_of(pipeline, bootstrap, client)
        event_log = FollowedLog(client=log, topic=topic) if log else None
        return ServedPipeline(pipeline=pipeline, limits=find_settings(pipeline), event_log=event_log)

    def successor(of: Pipeline) -> ServedPipeline | None:
        try:
            found = find_successor(of, endpoint_url)
            return served(found) if found else None
        except DarkroomError:  # it is just about to start, or to end: it is asked again
            return None

    pipeline = find_target(local=local, stack=stack, endpoint_url=endpoint_url)
    first = served(pipeline)
    with open_address(address_file(pipeline), port) as opened:
        typer.echo(f"Console:  {opened.url}")
        if opened.warning:
            typer.echo(f"darkroom: {opened.warning}", err=True)
        typer.echo(f"Shows:    {printable(pipeline.stack_name)} at {pipeline.endpoint_url or pipeline.region}")
        typer.echo(f"Uploads:  s3://{pipeline.uploads_bucket}/{printable(first.limits.prefix)}")
        if first.event_log:
            typer.echo(f"Log:      {printable(topic)} at {printable(first.event_log.client['bootstrap.servers'])}")
        typer.echo("\nCtrl-C stops it; the pipeline goes on.")
        shown: ServedPipeline | None = first
        while shown:
            shown = asyncio.run(serve(shown, opened.listener, opened.access, find_successor=successor))
            if shown:
                where = printable(f"{shown.pipeline.stack_name} at {shown.pipeline.endpoint_url}")
                typer.echo(f"Shows:    {where}, in place of the one that has ended")


def find_log_of(pipeline: Pipeline, bootstrap: str | None, client: "Path | None") -> dict[str, str] | None:
    """Find the log that is meant, or that is up beside this very pipeline.

    None where there is none.

    Raises:
        UsageError: what was given cannot be used.
    """
    running = find_running(pipeline.endpoint_url) if pipeline.endpoint_url else None
    beside = running.event_log if running else None
    return find_log(bootstrap or beside, client) if bootstrap or client or beside else None
