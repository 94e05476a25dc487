"""Known exceptions: file patterns with their reasons."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from tools.corpus.judgement import Judgement


class ExceptionsError(ValueError):
    """The file of known exceptions cannot be used; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exceptions:
    """Reasons by pattern of the file's name below its folder, as in `good/*.bmp`.

    The first that fits counts.
    """

    reasons: Mapping[str, str] = field(default_factory=dict)

    def reason(self, name: str) -> str | None:
        """Give the reason why a file may differ, or None."""
        return next((reason for pattern, reason in self.reasons.items() if fnmatchcase(name, pattern)), None)

    def idle(self, judgements: Sequence[Judgement]) -> list[str]:
        """List the patterns whose files are there, and none of which differs any more."""
        return [
            pattern
            for pattern in self.reasons
            if (fitting := [one for one in judgements if fnmatchcase(one.name, pattern)])
            and not any(one.differs for one in fitting)
        ]


def read_exceptions(file: Path | None) -> Exceptions:
    """Read a file of known exceptions; without one there are none.

    Raises:
        ExceptionsError: the file is no JSON object of texts, or a reason is empty.
    """
    if file is None:
        return Exceptions()
    try:
        reasons = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ExceptionsError(f"{file}: {error}") from error
    if not isinstance(reasons, dict):
        raise ExceptionsError(f"{file}: an object of pattern to reason is expected")
    for pattern, reason in reasons.items():
        if not isinstance(reason, str) or not reason.strip():
            raise ExceptionsError(f"{file}: {pattern!r} has no reason, but {reason!r}")
    return Exceptions(reasons=reasons)
