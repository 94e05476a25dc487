"""Entry point of the `darkroom` command: it can be stopped while it loads, too."""

import sys
from typing import NoReturn

_STOPPED = 130  # as shells have it for Ctrl-C


def main() -> NoReturn:
    """Load the command and run it.

    Whoever stops it before it has begun is told that nothing was done.
    """
    try:
        from darkroom.cli.main import main as run_command  # noqa: PLC0415 - loading it takes a moment

        run_command()
    except KeyboardInterrupt:
        sys.stderr.write("darkroom: stopped. Nothing was changed.\n")
        sys.exit(_STOPPED)
