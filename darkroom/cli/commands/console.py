"""`darkroom console`: serve the console on loopback."""

import asyncio

import typer

from darkroom.cli.options import EndpointUrl, LocalOption, Port, Stack
from darkroom.cli.target import find_successor, find_target
from darkroom.console.settings import find_settings
from darkroom.errors import DarkroomError
from darkroom.pipeline.client import Pipeline
from darkroom.text import printable


def console(
    *, port: Port = None, local: LocalOption = False, stack: Stack = None, endpoint_url: EndpointUrl = None
) -> None:
    """Serve a page that shows the pipeline.

    Drop images on it, see what becomes of them, redrive dead letters. It listens on this machine only, and the address
    that it prints is a key: whoever has it acts with your AWS credentials. They never reach the page. The address is
    the same at each start, so that a page that is open goes on, and so it does where `darkroom up` is started anew. It
    is kept in ~/.local/state/darkroom/console, and deleting it there makes another.

    \b
    Examples:
      darkroom console                  the pipeline that `darkroom up` keeps running
      darkroom console --port 8000
      darkroom console --stack Darkroom
    """  # noqa: D301 - \b tells the help to leave the lines as they are
    # These load a web server, which no other command needs: that takes as long as all the rest.
    from darkroom.console.address import address_file, open_address  # noqa: PLC0415
    from darkroom.console.server import Shown, serve  # noqa: PLC0415

    pipeline = find_target(local=local, stack=stack, endpoint_url=endpoint_url)
    limits = find_settings(pipeline)

    def successor(of: Pipeline) -> Shown | None:
        try:
            found = find_successor(of, endpoint_url)
            return (found, find_settings(found)) if found else None
        except DarkroomError:  # it is just about to start, or to end: it is asked again
            return None

    with open_address(address_file(pipeline), port) as opened:
        typer.echo(f"Console:  {opened.url}")
        if opened.warning:
            typer.echo(f"darkroom: {opened.warning}", err=True)
        typer.echo(f"Shows:    {printable(pipeline.stack_name)} at {pipeline.endpoint_url or pipeline.region}")
        typer.echo(f"Uploads:  s3://{pipeline.uploads_bucket}/{printable(limits.prefix)}")
        typer.echo("\nCtrl-C stops it; the pipeline goes on.")
        shown: Shown | None = (pipeline, limits)
        while shown:
            shown = asyncio.run(serve(shown, opened.listener, opened.access, find_successor=successor))
            if shown:
                where = printable(f"{shown[0].stack_name} at {shown[0].endpoint_url}")
                typer.echo(f"Shows:    {where}, in place of the one that has ended")
