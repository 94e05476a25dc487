"""Tells other commands which pipeline `darkroom up` keeps running on this machine, for as long as it does."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from darkroom.synthesis import PROJECT


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A pipeline that is up: where it answers, and what its stack is called."""

    endpoint_url: str
    stack_name: str


def folder() -> Path:
    """Say where running pipelines are noted: where this user's session keeps such things, if it has such a place.

    Source: XDG Base Directory Specification 0.8, XDG_RUNTIME_DIR.
    """
    session = os.environ.get("XDG_RUNTIME_DIR")
    return Path(session) / "darkroom" if session else PROJECT / ".darkroom" / "running"


@contextmanager
def announced(running: Running) -> Iterator[None]:
    """Note a pipeline for as long as this process runs: the lock goes with the process, however that ends."""
    folder().mkdir(parents=True, exist_ok=True)
    note = folder() / f"{os.getpid()}.json"
    with note.open("w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        json.dump(asdict(running), file)
        file.flush()
        try:
            yield
        finally:
            note.unlink(missing_ok=True)


def all_running() -> tuple[Running, ...]:
    """Find the pipelines that are up, those started last first; what a killed process left behind is cleared away."""
    notes = sorted(folder().glob("*.json"), key=_started, reverse=True)
    return tuple(running for running in map(_read, notes) if running)


def _started(note: Path) -> float:
    try:
        return note.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _read(note: Path) -> Running | None:
    try:
        with note.open(encoding="utf-8") as file:
            if _is_held(file.fileno()):
                return Running(**json.load(file))
            note.unlink(missing_ok=True)
    except (FileNotFoundError, ValueError):  # it has just ended, or is just about to be written
        pass
    return None


def _is_held(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False
