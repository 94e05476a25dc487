"""Find the processes of an emulator, and wait until they have ended. Linux only: it reads /proc."""

import os
import select
from pathlib import Path
from urllib.parse import urlsplit

_END_SECONDS = 20


def processes_of(endpoint_url: str) -> set[int]:
    """The emulator at this endpoint and everything that it started: its port is in the environment of each."""
    mark = f"GATEWAY_PORT={urlsplit(endpoint_url).port}".encode()
    return {pid for pid in _all_processes() if mark in _environment_of(pid)}


def wait_until_ended(processes: set[int]) -> set[int]:
    """Wait until the processes have ended, and return those that have not after 20 seconds."""
    return {pid for pid in processes if not _ends(pid)}


def _all_processes() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _environment_of(pid: int) -> list[bytes]:
    """Nothing, for a process that has ended meanwhile or belongs to someone else."""
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []


def _ends(pid: int) -> bool:
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        readable, _, _ = select.select([descriptor], [], [], _END_SECONDS)
        return bool(readable)
    finally:
        os.close(descriptor)
