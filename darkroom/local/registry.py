"""Registry of the pipelines that `darkroom up` keeps running."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from darkroom.errors import UsageError
from darkroom.local.access_keys import AccessKeys
from darkroom.local.synthesis import PROJECT
from darkroom.loopback import HOST, is_listening
from darkroom.pipeline.client import Pipeline

_OWNER_ONLY = 0o600


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningPipeline:
    """A pipeline that is up.

    Where it answers, to which keys, what its stack is called, and where its event log is.
    """

    endpoint_url: str
    stack_name: str
    keys: AccessKeys
    event_log: str | None = None

    @classmethod
    def of(cls, pipeline: Pipeline, event_log: str | None = None) -> "RunningPipeline":
        """Describe a pipeline on an emulator."""
        return cls(
            endpoint_url=str(pipeline.endpoint_url),
            stack_name=pipeline.stack_name,
            keys=AccessKeys.of(pipeline.session),
            event_log=event_log,
        )

    @classmethod
    def from_json(cls, text: str) -> "RunningPipeline":
        """Read what `to_json` wrote.

        Raises:
            ValueError: it is something else, such as the note of another version of Darkroom.
        """
        members = json.loads(text)
        try:
            return cls(**{**members, "keys": AccessKeys(**members["keys"])})
        except (TypeError, KeyError) as error:
            raise ValueError("no note of a running pipeline") from error

    def to_json(self) -> str:
        """Write it on one line, with its secret."""
        return json.dumps(asdict(self))


def folder() -> Path:
    """Say where running pipelines are noted.

    Where this user's session keeps such things, if it has such a place.

    Source: XDG Base Directory Specification 0.8, XDG_RUNTIME_DIR.
    """
    session = os.environ.get("XDG_RUNTIME_DIR")
    return Path(session) / "darkroom" if session else PROJECT / ".darkroom" / "running"


@contextmanager
def register(running: RunningPipeline) -> Iterator[None]:
    """Note a pipeline for as long as this process runs.

    The lock goes with the process, however that ends.
    """
    folder().mkdir(parents=True, exist_ok=True)
    note = folder() / f"{os.getpid()}.json"
    with os.fdopen(_open_for_owner(note), "w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(running.to_json())
        file.flush()
        try:
            yield
        finally:
            note.unlink(missing_ok=True)


def running_pipelines() -> tuple[RunningPipeline, ...]:
    """Find the pipelines that are up, those started last first.

    What a killed process left behind is cleared away.
    """
    notes = sorted(folder().glob("*.json"), key=_started, reverse=True)
    return tuple(running for running in map(_read, notes) if running)


def find_running(endpoint_url: str) -> RunningPipeline | None:
    """Find the pipeline that is up at an endpoint, however its URL names this machine."""
    place = _place(endpoint_url)
    return next((running for running in running_pipelines() if _place(running.endpoint_url) == place), None)


def keys_for(endpoint_url: str) -> AccessKeys:
    """Take the keys that `darkroom up` noted, or those of the environment.

    Never those of a profile.

    Raises:
        UsageError: nothing answers there, or no keys are known.
    """
    if not is_listening(endpoint_url):
        raise UsageError(f"Nothing answers at {endpoint_url}. Start `darkroom up`, or leave --endpoint-url out.")
    if running := find_running(endpoint_url):
        return running.keys
    identity, secret = os.environ.get("AWS_ACCESS_KEY_ID"), os.environ.get("AWS_SECRET_ACCESS_KEY")
    if not identity or not secret:
        raise UsageError(
            f"No access keys are known for {endpoint_url}. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to those "
            "that `darkroom up` printed, or to any where another emulator answers."
        )
    return AccessKeys(id=identity, secret=secret)


def _place(endpoint_url: str) -> tuple[str, str, int | None]:
    address = urlsplit(endpoint_url)
    host = address.hostname or ""
    return address.scheme, HOST if host == "localhost" else host, address.port


def _open_for_owner(note: Path) -> int:
    """Open a file that nobody else can read, whatever a process of the same id left there."""
    file = os.open(note, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, _OWNER_ONLY)
    os.fchmod(file, _OWNER_ONLY)
    return file


def _started(note: Path) -> float:
    try:
        return note.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _read(note: Path) -> RunningPipeline | None:
    try:
        with note.open(encoding="utf-8") as file:
            if _is_held(file.fileno()):
                return RunningPipeline.from_json(file.read())
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
