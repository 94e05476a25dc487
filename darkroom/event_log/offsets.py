"""Offsets of readers: their lag, and the plan of a replay."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from darkroom.errors import UsageError

_AGO = re.compile(r"([0-9]{1,9})([smhd])")
_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


@dataclass(frozen=True, slots=True)
class LogPoint:
    """A point of the log.

    Its beginning, its end, or the first record of a time on (milliseconds since 1970, UTC).
    """

    name: str
    milliseconds: int | None = None

    @classmethod
    def parse(cls, option: str, text: str, now: datetime) -> "LogPoint":
        """Read `beginning`, `end`, or a time.

        A time is like `2026-11-26T08:00:00Z`, or one ago such as `2h`.

        Raises:
            UsageError: it is none of these.
        """
        if text in {"beginning", "end"}:
            return cls(text)
        time = _time(text, now)
        if time is None:
            raise UsageError(
                f"{option} {text!r} cannot be. Give beginning, end, 2026-11-26T08:00:00Z, or 30m, 2h or 7d ago."
            )
        return cls(text, int(time.timestamp() * 1_000))


def _time(text: str, now: datetime) -> datetime | None:
    try:
        if ago := _AGO.fullmatch(text):
            return now - timedelta(seconds=int(ago[1]) * _UNIT_SECONDS[ago[2]])
        time = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumerGroup:
    """A group of readers.

    How it is, how many read now, and the next offset that it will read of each partition.
    """

    name: str
    state: str
    members: int
    committed: Mapping[int, int]

    def lag(self, begins: Mapping[int, int], ends: Mapping[int, int]) -> dict[int, int]:
        """Count the records of each partition that it has still to read.

        Where it has read none, those are all.
        """
        return {
            partition: max(0, end - max(self.committed.get(partition, 0), begins[partition]))
            for partition, end in sorted(ends.items())
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What a replay does to a group's place in a partition.

    `before` is None where it has none.
    """

    partition: int
    before: int | None
    after: int

    @property
    def again(self) -> int:
        """How many records are read that were read before."""
        return max(0, (self.before or 0) - self.after)

    @property
    def skipped(self) -> int:
        """How many records are passed over that were not read."""
        return max(0, self.after - (self.before or 0))


def plan_replay(group: ConsumerGroup, targets: Mapping[int, int]) -> tuple[Move, ...]:
    """Say what setting a group to these offsets would change.

    Nothing, where it is there already.
    """
    moves = (
        Move(partition=partition, before=group.committed.get(partition), after=target)
        for partition, target in sorted(targets.items())
    )
    return tuple(move for move in moves if move.before != move.after)
