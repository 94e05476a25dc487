"""What runs beside a broker.

Its Java as a child, until whoever started it is gone. Run by `broker.py` as `python broker_process.py SCRATCH
COMMAND…`, in a process group of its own, with a pipe as standard input, another as standard output, which says when the
broker has started, and its log as standard error.
"""

import os
import shutil
import subprocess
import sys
import threading
from typing import IO

# The last line of Kafka's start: by then the broker is registered and answers (kafka.server.KafkaRaftServer).
STARTED = b"Kafka Server started"


def main(scratch: str, command: list[str]) -> int:
    """Run the broker until it ends.

    If the parent has gone first, remove `scratch`, which it would have removed.
    """
    broker = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    parent_has_gone = threading.Event()
    threading.Thread(target=_end_with_parent, args=(broker, parent_has_gone), daemon=True).start()
    if broker.stdout is not None:
        _copy(broker.stdout)
    status = broker.wait()
    if parent_has_gone.is_set():
        shutil.rmtree(scratch, ignore_errors=True)
    return status


def _copy(output: IO[bytes]) -> None:
    """Write each line into the log, and say once that the broker has started."""
    started = False
    for line in output:
        os.write(sys.stderr.fileno(), line)
        if STARTED in line and not started:
            started = True
            os.write(sys.stdout.fileno(), b"started\n")


def _end_with_parent(broker: subprocess.Popen[bytes], parent_has_gone: threading.Event) -> None:
    """Wait for the end-of-file that a parent leaves behind however it dies, then take the broker along."""
    os.read(sys.stdin.fileno(), 1)  # unbuffered: a buffer's lock would stop the interpreter from ending
    parent_has_gone.set()
    broker.kill()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
