"""Schedule when the dead letters are read again."""

import math
from typing import Final

SHOWN_LETTERS: Final = 200

# Each look takes letters in flight, and of more than it shows it sees others each time: the more there are, the rarer.
_LOOK_SECONDS = 30.0
_LOOK_AT_MANY_SECONDS = 300.0


class LookPace:
    """Goes by how many letters there are, which is asked far more often than they are looked at."""

    def __init__(self) -> None:
        self._count = 0
        self._looked_at = -math.inf

    def is_due(self, count: int, now: float) -> bool:
        """Tell whether to look, for so many letters at a time in seconds; a look that is due is taken for begun.

        Where there are no more than are shown, a change is looked at at once, and any every half minute: another
        person may have taken one away as one came. Of more, a change is looked at every half minute, and what does not
        change every five minutes.
        """
        since = now - self._looked_at
        if count == self._count:
            due = count > 0 and since > (_LOOK_SECONDS if count <= SHOWN_LETTERS else _LOOK_AT_MANY_SECONDS)
        else:
            due = count <= SHOWN_LETTERS or since > _LOOK_SECONDS
        if due:
            self._count, self._looked_at = count, now
        return due

    def failed(self) -> None:
        """Note that a look told nothing: the next count is due."""
        self._count, self._looked_at = -1, -math.inf
