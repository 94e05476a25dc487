"""Save a backfill's position, to resume it after an interruption."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from darkroom.errors import UsageError
from darkroom.files import write_atomically


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The file, or none; and what the backfill is that it belongs to."""

    file: Path | None
    backfill: Mapping[str, str | bool | None]

    def read(self) -> str | None:
        """Give the position up to which all is done; None where nothing is.

        Raises:
            UsageError: the file cannot be read, or is of another backfill.
        """
        if self.file is None or not self.file.exists():
            return None
        name = f"--checkpoint {str(self.file)!r}"
        try:
            members = json.loads(self.file.read_text(encoding="utf-8"))
            backfill, position = dict(members["backfill"]), str(members["position"])
        except OSError as error:
            raise UsageError(f"{name} cannot be read: {error.strerror}. Name another file.") from error
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError(f"{name} is no checkpoint of a backfill. Name a file that is not there yet.") from error
        for member in self.backfill.keys() | backfill.keys():
            before, now = backfill.get(member), self.backfill.get(member)
            if before != now:
                raise UsageError(
                    f"{name} is of another backfill: its {member} was {before!r}, and is {now!r} now. "
                    "Go on with what it was, or name another file to start anew."
                )
        return position

    def write(self, position: str) -> None:
        """Note that all is done up to this position.

        Raises:
            DarkroomError: the file cannot be written.
        """
        if self.file:
            text = json.dumps({"backfill": dict(self.backfill), "position": position}, indent=2)
            write_atomically(self.file, f"{text}\n".encode())

    def remove(self) -> None:
        """Take the file away: all is done."""
        if self.file:
            self.file.unlink(missing_ok=True)
