"""Ask before what cannot be undone, stop on a signal, and print tables."""

import signal
import sys
import threading

import typer
from rich.console import Console

from darkroom.errors import UsageError

UNLIMITED_WIDTH = 10_000


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


def stop_signal() -> threading.Event:
    """From here on Ctrl-C and SIGTERM are not errors but what ends the wait, once and without haste."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stopped.set())
    return stopped


def table_console() -> Console:
    """Make a console for tables on standard output, in which nothing wraps where another program reads it."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = UNLIMITED_WIDTH
    return console
