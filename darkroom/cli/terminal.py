"""Asks a person before something is done that cannot be undone, or costs."""

import sys

import typer

from darkroom.errors import UsageError


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
