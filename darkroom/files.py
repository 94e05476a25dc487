"""Write files atomically, and create folders."""

import os
import tempfile
from pathlib import Path

from darkroom.errors import DarkroomError, UsageError


def state_folder() -> Path:
    """Say where this user's programs keep what outlives them, for Darkroom.

    Source: XDG Base Directory Specification 0.8, XDG_STATE_HOME.
    """
    told = Path(os.environ.get("XDG_STATE_HOME", ""))
    return (told if told.is_absolute() else Path.home() / ".local" / "state") / "darkroom"


def ensure_folder(folder: Path, option: str) -> None:
    """Make the folder that a command line option names, where it is missing.

    Raises:
        UsageError: it is a file, or it cannot be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise UsageError(
            f"{option}: the folder {str(folder)!r} cannot be written to: {error.strerror}. Choose another."
        ) from error


def write_atomically(target: Path, content: bytes) -> Path:
    """Write all of a file or nothing.

    Under another name first, then moved to its place at once.

    Raises:
        DarkroomError: the disk refuses it.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".darkroom-") as folder:
            unfinished = Path(folder, "unfinished")
            unfinished.write_bytes(content)
            unfinished.replace(target)
    except OSError as error:
        raise DarkroomError(f"{str(target)!r} cannot be written: {error.strerror}. Choose another place.") from error
    return target
