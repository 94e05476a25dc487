"""A limit on the memory of a process and of all that it starts, as Lambda has one: a cgroup, where one can be made."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from support.command.polling import eventually

_MOUNT = Path("/sys/fs/cgroup")


@dataclass(frozen=True, kw_only=True)
class MemoryLimit:
    """A cgroup with a limit; without one, `group` is None, and nothing is limited."""

    group: Path | None

    @property
    def through(self) -> tuple[str, ...]:
        """The start of a command that runs under the limit."""
        if self.group is None:
            return ()
        return ("/bin/sh", "-c", 'echo $$ > "$0" && exec "$@"', str(self.group / "cgroup.procs"))

    def kills(self) -> int:
        """Count the processes that the kernel has ended because there was no memory left."""
        if self.group is None:
            return 0
        files = map(self.group.joinpath, ("memory.events", "memory.oom_control"))
        events = next(file for file in files if file.exists())
        counts = dict(line.split() for line in events.read_text(encoding="ascii").splitlines())
        return int(counts["oom_kill"])


def describe() -> str:
    """Say what limits memory here."""
    with memory_limit(1024) as limit:
        return "a cgroup" if limit.group else "no cgroup can be made here: the peaks of its processes are added up"


@contextmanager
def memory_limit(megabytes: int) -> Iterator[MemoryLimit]:
    """Make a cgroup below our own: docs.kernel.org/admin-guide/cgroup-v2.html, and cgroup-v1/memory.html before it."""
    group = next(filter(None, (_made_in(parent, megabytes) for parent in _own_groups())), None)
    try:
        yield MemoryLimit(group=group)
    finally:
        if group is not None:
            eventually(lambda: _is_removed(group))


def _own_groups() -> Iterator[Path]:
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if "memory" in controllers.split(","):
            yield _MOUNT / "memory" / path.lstrip("/")
        elif not controllers:
            yield _MOUNT / path.lstrip("/")


def _made_in(parent: Path, megabytes: int) -> Path | None:
    group, size = parent / f"darkroom-{uuid.uuid4().hex[:12]}", str(megabytes * 2**20)
    try:
        group.mkdir()
    except OSError:
        return None
    for name in ("memory.max", "memory.limit_in_bytes"):
        with suppress(OSError):
            _write(group / name, size)
            for swap, value in (("memory.swap.max", "0"), ("memory.memsw.limit_in_bytes", size)):
                if (group / swap).exists():
                    _write(group / swap, value)
            return group
    group.rmdir()
    return None


def _write(file: Path, value: str) -> None:
    """Write to a file that must be there already."""
    descriptor = os.open(file, os.O_WRONLY)
    try:
        os.write(descriptor, value.encode())
    finally:
        os.close(descriptor)


def _is_removed(group: Path) -> bool:
    """Remove a group, unless one of its processes has not ended yet."""
    try:
        group.rmdir()
    except OSError:
        return False
    return True
