"""Entry point of the `darkroom` command: subcommands, errors and exit statuses."""

import io
import signal
import sys
from importlib.metadata import version
from types import FrameType
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from darkroom.cli.commands import dlq, events, outbox
from darkroom.cli.commands.adopt import adopt
from darkroom.cli.commands.backfill import backfill_
from darkroom.cli.commands.console import console
from darkroom.cli.commands.doctor import doctor
from darkroom.cli.commands.link import link
from darkroom.cli.commands.run import run
from darkroom.cli.commands.show import show
from darkroom.cli.commands.status import status
from darkroom.cli.commands.up import up
from darkroom.cli.commands.upload import upload
from darkroom.cli.commands.url import url
from darkroom.cli.terminal import told_when_stopped
from darkroom.errors import DarkroomError
from darkroom.text import printable


class _Commands(TyperGroup):
    """The commands; one that is stopped says so, and more where it has done something by then."""

    def invoke(self, ctx: Any) -> Any:
        with told_when_stopped(lambda: "Nothing was changed."):
            return super().invoke(ctx)


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in (run, up, upload, status, show, url, link, doctor, console, adopt):
    app.command()(command)
app.command("backfill")(backfill_)
app.add_typer(dlq.app, name="dlq")
events.app.add_typer(outbox.app)
app.add_typer(events.app, name="events")


def _print_version(asked: bool) -> None:  # noqa: FBT001 - typer calls it so
    if asked:
        typer.echo(f"darkroom {version('darkroom')}")
        raise typer.Exit


VersionOption = Annotated[
    bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
]


@app.callback()
def darkroom(*, version: VersionOption = False) -> None:
    """Make every size of an image that you configured.

    A serverless pipeline, here on this machine and on AWS.

    \b
    Examples:
      darkroom run photos     resize a folder of images into ./out
      darkroom up             keep the pipeline running, for any S3 client
      darkroom adopt BUCKET   read a bucket that you have, and write the configuration for it

    \b
    With the pipeline that is up, or with --stack NAME:
      darkroom console        a page that shows it at work
      darkroom upload photos  upload what is not there yet
      darkroom status         how long the queue is, and how jobs end
      darkroom show cat.jpg   what became of an upload
      darkroom link           a form for visitors to upload with
      darkroom dlq list       see which jobs failed, and why
      darkroom events tail    read what became of uploads, where there is a log
      darkroom backfill       resize what is in the bucket already
      darkroom doctor         check the pipeline's health
    """  # noqa: D301 - \b tells the help to leave the lines as they are


def main() -> NoReturn:
    """Run the command, and end with its exit status: see `ExitStatus`."""
    signal.signal(signal.SIGTERM, _stop)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # where a character cannot be shown, its escape can
    try:
        app()
    except DarkroomError as error:
        for line in "\n".join([f"darkroom: {error}", *getattr(error, "__notes__", ())]).splitlines():
            typer.echo(printable(line), err=True)
        sys.exit(error.exit_status)
    sys.exit(0)


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    """End as after Ctrl-C, so that everything that was started is stopped; the status is what shells expect."""
    sys.exit(128 + number)
