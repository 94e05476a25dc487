"""Every event that a test writes, or reads as announced, is what the published schema allows."""

from dataclasses import replace

import pytest

from support.command.manifests import manifest
from support.events.announcements import image_event
from support.events.event_contract import event_validator
from support.events.histories import history
from support.events.outcome_events import event


def test_an_event_that_the_schema_does_not_allow_fails_whoever_writes_it() -> None:
    broken = replace(image_event(), manifest=replace(manifest(), generation=-1).to_json())

    with pytest.raises(AssertionError, match=r"\$\.data\.generation: -1 is less than the minimum"):
        broken.to_json()


@pytest.mark.parametrize("outcome", ["resized", "rejected", "removed"])
def test_what_readers_are_tested_with_is_what_the_schema_allows(outcome: str) -> None:
    reason = "corrupt" if outcome == "rejected" else None

    assert list(event_validator().iter_errors(event(outcome=outcome, reason=reason))) == []


def test_a_history_is_what_the_schema_allows() -> None:
    faults = [error.message for each in history(keys=5, outcomes=50) for error in event_validator().iter_errors(each)]

    assert faults == []
