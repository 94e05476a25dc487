"""Outcomes of many keys as they would be announced: in each key's order, some of them again."""

import random
from typing import Any

from support.events.outcome_events import event

_COLORS = ("#2255cc", "#cc2222", "#22aa33", "#808080", "#6b4a2f")


def history(*, keys: int, outcomes: int, seed: int = 1, again: float = 0.1) -> list[dict[str, Any]]:
    """Make so many outcomes, and repeat one of those before after some of them.

    A key is uploaded, rejected and removed at random; after a removal its manifest may expire, and its revisions begin
    again with a later sequencer.
    """
    drawn = random.Random(seed)  # noqa: S311 - the same history for the same seed
    state: dict[str, tuple[int, str]] = {}
    events: list[dict[str, Any]] = []
    for number in range(outcomes):
        key = f"photos/{drawn.randrange(keys):06}.jpg"
        revision, before = state.get(key, (0, "removed"))
        revision = 0 if before == "removed" and drawn.random() < 0.5 else revision
        outcome = drawn.choices(["resized", "rejected", "removed"], [6, 1, 2])[0]
        reason = "corrupt" if outcome == "rejected" else None
        made = event(
            key,
            sequencer=f"{number + 1:016X}",
            revision=revision + 1,
            outcome=outcome,
            reason=reason,
            dominant_colour=drawn.choice(_COLORS),
        )
        state[key] = (revision + 1, outcome)
        events.append(made)
        if drawn.random() < again:
            events.append(drawn.choice(events))
    return events


def newest(events: list[dict[str, Any]]) -> dict[str, str]:
    """Each key's newest outcome, as any reader has to know it in the end."""
    found: dict[str, dict[str, Any]] = {}
    for each in events:
        before = found.get(each["subject"])
        if before is None or _order(each) > _order(before):
            found[each["subject"]] = each
    return {key: each["data"]["outcome"] for key, each in found.items()}


def _order(made: dict[str, Any]) -> tuple[str, str]:
    return made["data"]["source"]["sequencer"].ljust(64, "0"), made["sequence"]
