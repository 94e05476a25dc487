"""Entry point of the emulator's process.

Run by `emulator.py` as `python emulator_process.py SOCKET_FD STATE_FOLDER`, in a process group of its own and with a
pipe as standard input.
"""

import os
import shutil
import signal
import sys
import threading
from pathlib import Path

from hypercorn.config import Config
from hypercorn.run import run

# Longer than any client of ours rests between two requests on one connection.
_KEEP_ALIVE_SECONDS = 75

# Whoever is still at work may write while its folder goes; it is killed last, with this very process.
_REMOVALS = 20


def main(socket_fd: int, state: Path) -> None:
    """Serve until the process is killed."""
    threading.Thread(target=_end_with_parent, args=(state,), daemon=True).start()
    run(_configuration(socket_fd))


def _end_with_parent(state: Path) -> None:
    """Wait for the end-of-file that a parent leaves behind however it dies, then take every worker along."""
    os.read(sys.stdin.fileno(), 1)  # unbuffered: a buffer's lock would stop the interpreter from ending
    for _ in range(_REMOVALS):
        shutil.rmtree(state, ignore_errors=True)
        if not state.exists():
            break
    os.killpg(0, signal.SIGKILL)


def _configuration(socket_fd: int) -> Config:
    config = Config()
    config.application_path = "darkroom.local.emulator_app:app"
    config.bind = [f"fd://{socket_fd}"]
    config.workers = 0  # none beside this process
    config.keep_alive_timeout = _KEEP_ALIVE_SECONDS
    # Plain HTTP without.
    config.certfile = os.environ.get("MINISTACK_SSL_CERT")
    config.keyfile = os.environ.get("MINISTACK_SSL_KEY")
    return config


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
