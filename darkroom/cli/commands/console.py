"""`darkroom console`: serve the console on loopback."""

import asyncio

import typer

from darkroom.cli.options import EndpointUrl, LocalOption, Port, Stack
from darkroom.cli.target import find_target
from darkroom.console.settings import find_settings
from darkroom.text import printable


def console(
    *, port: Port = None, local: LocalOption = False, stack: Stack = None, endpoint_url: EndpointUrl = None
) -> None:
    """Serve a page that shows the pipeline.

    Drop images on it, see what becomes of them, redrive dead letters. It listens on this machine only, and the address
    that it prints is a key: whoever has it acts with your AWS credentials. They never reach the page. The address is
    the same at each start, so that a page that is open goes on; it is kept in ~/.local/state/darkroom/console, and
    deleting it there makes another.

    \b
    Examples:
      darkroom console                  the pipeline that `darkroom up` keeps running
      darkroom console --port 8000
      darkroom console --stack Darkroom
    """  # noqa: D301 - \b tells the help to leave the lines as they are
    # These load a web server, which no other command needs: that takes as long as all the rest.
    from darkroom.console.address import address_file, open_address  # noqa: PLC0415
    from darkroom.console.server import serve  # noqa: PLC0415

    pipeline = find_target(local=local, stack=stack, endpoint_url=endpoint_url)
    limits = find_settings(pipeline)
    with open_address(address_file(pipeline), port) as opened:
        typer.echo(f"Console:  {opened.url}")
        if opened.warning:
            typer.echo(f"darkroom: {opened.warning}", err=True)
        typer.echo(f"Shows:    {printable(pipeline.stack_name)} at {pipeline.endpoint_url or pipeline.region}")
        typer.echo(f"Uploads:  s3://{pipeline.uploads_bucket}/{printable(limits.prefix)}")
        typer.echo("\nCtrl-C stops it; the pipeline goes on.")
        asyncio.run(serve(pipeline, limits, opened.listener, opened.access))
