"""What was measured of the event log, as values.

Docs/event-log-benchmarks.json holds them as they are.
"""

import json
from dataclasses import asdict, dataclass
from statistics import median

from benchmarks.report.results import Machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounds:
    """A program that took so many events, several times.

    The seconds of each round, and of its start and end alone.
    """

    program: str
    events: int
    seconds: tuple[float, ...]
    idle: tuple[float, ...] = ()

    @property
    def rate(self) -> float:
        """Events a second, of the median round without the median start and end."""
        return self.events / (median(self.seconds) - (median(self.idle) if self.idle else 0.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class EventLogResults:
    """One run. `load` is how many processes wanted a processor before it began.

    Arrivals are seconds of an upload.
    """

    date: str
    commit: str
    command: str
    quick: bool
    machine: Machine
    load: float
    kafka: str
    event_bytes: int
    announce: Rounds
    readers: tuple[Rounds, ...]
    arrivals: tuple[float, ...]

    def to_json(self) -> str:
        """Write them as a file for programs."""
        return json.dumps(asdict(self), indent=1) + "\n"
