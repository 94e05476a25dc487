"""Compare the event log with the manifests that stand."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from contract.image_event import ImageEvent
from contract.manifest import Outcome
from contract.sequencer import EventOrder
from darkroom.errors import UsageError

_HOW = "Write the log with: darkroom events tail --from beginning --once --json"


class KeyState(StrEnum):
    """What is found of a key; only the first is as it should be."""

    SAME = "same"
    NOT_ANNOUNCED = "not_announced"  # the log has no event of the manifest that stands
    NO_MANIFEST = "no_manifest"  # the log's newest outcome is not a removal, and there is no manifest
    GAP = "gap"  # the log has an outcome after another, and not the one between

    @property
    def is_fault(self) -> bool:
        """Whether something is to be done about it."""
        return self is not KeyState.SAME


@dataclass(frozen=True, slots=True)
class KeyFinding:
    """A key and what is found of it, in words too."""

    key: str
    finding: KeyState
    detail: str = ""


@dataclass(slots=True)
class KeyHistory:
    """What the log has of a key.

    The ids, the numbers by sequencer, and the newest outcome.
    """

    ids: set[str]
    numbers: dict[str, set[int]]
    newest: tuple[str, int]
    outcome: str


def read_log(lines: Iterable[str], name: str) -> dict[str, KeyHistory]:
    """Read events, one a line: bare, or as `darkroom events tail --json` prints them.

    Repeats are passed over.

    Raises:
        UsageError: a line is no event.
    """
    histories: dict[str, KeyHistory] = {}
    for number, line in enumerate(lines, 1):
        if line.strip():
            event = _event_of(line, f"{name}, line {number}")
            if event is not None:
                _add(histories, event)
    return histories


def verify(histories: dict[str, KeyHistory], standing: Iterable[ImageEvent]) -> Iterator[KeyFinding]:
    """Compare a log with every manifest that stands now.

    What is announced while this runs may be found missing.
    """
    seen = set()
    for event in standing:
        seen.add(event.key)
        history = histories.get(event.key)
        if history is None or event.id not in history.ids:
            known = "no event of this key" if history is None else f"{len(history.ids):,} others of this key"
            yield KeyFinding(event.key, KeyState.NOT_ANNOUNCED, f"the log has {known}")
        else:
            yield KeyFinding(event.key, KeyState.SAME)
    for key, history in histories.items():
        if key not in seen and history.outcome != Outcome.REMOVED:
            yield KeyFinding(key, KeyState.NO_MANIFEST, f"the log says {history.outcome}, and the bucket has nothing")
        for left_out in _left_out(history):
            yield KeyFinding(key, KeyState.GAP, f"number {left_out} is not in the log")


def _event_of(line: str, where: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError as error:
        raise UsageError(f"{where} is no JSON. {_HOW}") from error
    if isinstance(found, dict) and "event" in found:
        found = found["event"]  # None for what `tail` found to be no event
    if found is not None and not _is_event(found):
        raise UsageError(f"{where} is no event. {_HOW}")
    return found  # type: ignore[no-any-return]  # as _is_event has it


def _is_event(found: Any) -> bool:
    """Tell whether it has what is read of it here."""
    try:
        data = found["data"]
        words = (found["id"], found["subject"], found["sequence"], data["outcome"], data["source"]["sequencer"])
    except (KeyError, TypeError):
        return False
    return all(isinstance(word, str) for word in words) and found["sequence"].isdecimal()


def _add(histories: dict[str, KeyHistory], event: dict[str, Any]) -> None:
    sequencer, number = event["data"]["source"]["sequencer"], int(event["sequence"])
    place, outcome = (sequencer, number), event["data"]["outcome"]
    history = histories.get(event["subject"])
    if history is None:
        history = histories[event["subject"]] = KeyHistory(ids=set(), numbers={}, newest=place, outcome=outcome)
    history.ids.add(event["id"])
    history.numbers.setdefault(sequencer, set()).add(number)
    if _is_later(place, history.newest):
        history.newest, history.outcome = place, outcome


def _is_later(place: tuple[str, int], other: tuple[str, int]) -> bool:
    """Compare by sequencer, then by number: an outcome may be written again under the event of the one before."""
    one, two = (EventOrder(sequencer=sequencer, function_version=number) for sequencer, number in (place, other))
    return one.is_later_than(two)


def _left_out(history: KeyHistory) -> list[int]:
    """Name the numbers between the first and the last, where these have not begun again since.

    They begin again once a removed manifest has expired, and are counted from there only.
    """
    width = max(map(len, history.numbers))
    ordered = sorted(
        ((sequencer.ljust(width, "0"), number) for sequencer, some in history.numbers.items() for number in some)
    )
    numbers = [number for _, number in ordered]
    begins = max((place for place in range(1, len(numbers)) if numbers[place] <= numbers[place - 1]), default=0)
    current = numbers[begins:]
    return sorted(set(range(current[0], current[-1])) - set(current))
