"""Apache Kafka on loopback, a child process that ends with its parent."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from darkroom.errors import DarkroomError
from darkroom.event_log.installation import Installation, java_environment
from darkroom.event_log.server_properties import Listener, server_properties
from darkroom.local.emulator import last_lines
from darkroom.loopback import HOST, free_port

_PROCESS = Path(__file__).with_name("broker_process.py")
_ADDRESS_IN_USE = "Address already in use"
_TRIES = 3
_END_SECONDS = 10


class BrokerError(DarkroomError):
    """The broker did not start; the message ends with the last lines of its log."""

    def __init__(self, what: str, log: Path) -> None:
        super().__init__(f"The broker {what}. The end of its log, {log}:\n{last_lines(log)}")
        self.log = log


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """A broker that runs: where it answers, and how to kill it as a power cut would."""

    bootstrap: str
    port: int
    process: subprocess.Popen[bytes]

    @property
    def is_alive(self) -> bool:
        """Tell whether it still runs."""
        return self.process.poll() is None

    def kill(self) -> None:
        """Kill it and wait until it is gone.

        What it has stored in a folder of the caller's stays.
        """
        _kill(self.process)


@contextmanager
def kafka_broker(
    kafka: Installation,
    *,
    log: Path,
    data: Path | None = None,
    port: int | None = None,
    listeners: Sequence[Listener] = (),
) -> Iterator[Broker]:
    """Run a broker on loopback, from a storage that is gone at the end.

    The port is a free one when `port` is None; `listeners` are ports beside it. With `data`, a folder of the caller's,
    the storage is there, and stays: a broker that is started again goes on with it. Whoever can open a socket on this
    machine can read and write the log; a web page cannot, as Kafka takes what a browser says first for the length of a
    request, and closes.

    Raises:
        PortInUseError: something else listens on `port`.
        BrokerError: it did not start.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="kafka-", dir=log.parent.resolve()))
    storage = data or scratch / "data"
    try:
        if not (storage / "meta.properties").exists():
            shutil.copytree(kafka.formatted, storage, dirs_exist_ok=True)
        write = partial(server_properties, data=storage, more=listeners)
        broker = _start(kafka, write, scratch, log, port)
        try:
            yield broker
        finally:
            broker.kill()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _start(kafka: Installation, write: Callable[..., str], scratch: Path, log: Path, port: int | None) -> Broker:
    """Start it on ports that are free; as it cannot be handed a socket, another program may take one first."""
    for _ in range(_TRIES):
        chosen = free_port(port)
        properties = scratch / "server.properties"
        properties.write_text(write(port=chosen, controller_port=free_port()), encoding="utf-8")
        process = _process(kafka.start_command(properties), scratch, log)
        if _has_started(process):
            return Broker(bootstrap=f"{HOST}:{chosen}", port=chosen, process=process)
        _kill(process)
        if _ADDRESS_IN_USE not in log.read_text(encoding="utf-8", errors="replace"):
            break
    raise BrokerError(f"did not start: it ended with status {process.returncode}", log)


def _process(command: list[str], scratch: Path, log: Path) -> subprocess.Popen[bytes]:
    """Start it in a session of its own: Ctrl-C in a terminal reaches us alone, and we stop all of it at once."""
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-P", str(_PROCESS), str(scratch), *command],
            stdin=subprocess.PIPE,  # never written to: its end-of-file tells the child that we are gone
            stdout=subprocess.PIPE,
            stderr=output,
            cwd=scratch,
            env=java_environment(scratch),
            start_new_session=True,
        )


def _has_started(process: subprocess.Popen[bytes]) -> bool:
    """Wait for the line that says so, or for the end of whoever would write it."""
    try:
        return process.stdout is not None and bool(process.stdout.readline())
    except BaseException:
        _kill(process)  # Ctrl-C while it starts
        raise


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Have the child kill the broker, wait for it, and end: only a parent can wait until its port is free again."""
    if process.stdin is not None:
        process.stdin.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_END_SECONDS)
    # ProcessLookupError on Linux, PermissionError on macOS: nothing of the group is left to stop.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()
