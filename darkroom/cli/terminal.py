"""Confirm, stop on a signal, say what was done by then, and print tables."""

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType

import typer
from rich.console import Console

from darkroom.errors import UsageError
from darkroom.text import printable

UNLIMITED_WIDTH = 10_000

_STDERR = 2
_STOPPING = "darkroom: stopping.\n"

# On an interruption of which a person knows already.
_TOLD = "told"


def confirm(question: str, *, yes: bool) -> None:
    """Go on only if the answer is yes; `--yes` is an answer given beforehand.

    Raises:
        UsageError: nobody is there to be asked.
        Abort: the answer is no.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(f"{question} There is nobody to ask: give --yes.")
    typer.confirm(question, abort=True, err=True)


@contextmanager
def told_when_stopped(so_far: Callable[[], str]) -> Iterator[None]:
    """Say what is done so far, once, where Ctrl-C or SIGTERM ends the work.

    That goes to standard error.
    """
    try:
        yield
    except (KeyboardInterrupt, SystemExit) as stopped:
        if _TOLD not in getattr(stopped, "__notes__", ()):
            typer.echo(f"darkroom: stopped. {printable(so_far())}", err=True)
            stopped.add_note(_TOLD)
        raise


@contextmanager
def stopping_told() -> Iterator[None]:
    """Say at once that Ctrl-C or SIGTERM is heard.

    Taking a pipeline down takes seconds.
    """
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def hear(number: int, frame: FrameType | None) -> None:
        restore()  # whoever presses it again is not told again
        os.write(_STDERR, _STOPPING.encode())  # in a signal's handler a stream may be in use
        after = before[signal.Signals(number)]
        if not callable(after):
            sys.exit(128 + number)
        after(number, frame)

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    for number in before:
        signal.signal(number, hear)
    try:
        yield
    finally:
        restore()


def stop_signal() -> threading.Event:
    """Set an event on Ctrl-C or SIGTERM.

    From here on they are no errors but what ends the wait, once and without haste.
    """
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stopped.set())
    return stopped


def print_summary(text: str, members: Mapping[str, object], *, as_json: bool) -> None:
    """Print what a command did or would do, as text or as one line of JSON."""
    typer.echo(json.dumps(members) if as_json else text)


def table_console() -> Console:
    """Make a console for tables on standard output.

    Nothing wraps in it where another program reads it.
    """
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = UNLIMITED_WIDTH
    return console
