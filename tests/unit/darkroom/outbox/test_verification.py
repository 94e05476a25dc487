"""The log against the manifests: what is missing is found, and repeats, late ones and expired removals are no fault."""

import json
from dataclasses import replace

import pytest

from contract.image_event import ImageEvent
from contract.manifest import Outcome
from darkroom.errors import UsageError
from darkroom.outbox.verification import KeyState, read_log, verify
from support.command.manifests import manifest, source


def event(key: str, revision: int, *, sequencer: str = "0A", outcome: Outcome = Outcome.RESIZED) -> ImageEvent:
    told = replace(manifest(), outcome=outcome, source=source(key, sequencer=sequencer), detail=f"number {revision}")
    return ImageEvent(source="/d", key=key, revision=revision, manifest=told.to_json())


def lines(*events: ImageEvent) -> list[str]:
    return [each.to_json() for each in events]


def faults(log: list[str], *standing: ImageEvent) -> list[tuple[str, KeyState]]:
    found = verify(read_log(log, "log"), standing)
    return [(each.key, each.finding) for each in found if each.finding.is_fault]


def test_a_log_that_has_every_standing_manifest_has_no_fault_whatever_came_twice_or_late() -> None:
    first, second, other = event("a", 1, sequencer="0A"), event("a", 2, sequencer="0B"), event("b", 1)

    assert faults(lines(first, other, second, first, second), second, other) == []


def test_a_manifest_that_was_never_announced_is_found_also_where_the_key_is_known() -> None:
    first, second, other = event("a", 1), event("a", 2, sequencer="0B"), event("b", 1)

    assert faults(lines(first), second, other) == [("a", KeyState.NOT_ANNOUNCED), ("b", KeyState.NOT_ANNOUNCED)]


def test_a_manifest_of_which_only_the_words_differ_is_another() -> None:
    announced, stands = event("a", 1), event("a", 1, outcome=Outcome.REJECTED)

    assert faults(lines(announced), stands) == [("a", KeyState.NOT_ANNOUNCED)]


def test_a_removed_key_needs_no_manifest_and_a_resized_one_does() -> None:
    resized, removed = event("a", 1), event("a", 2, sequencer="0A8", outcome=Outcome.REMOVED)

    assert faults(lines(resized, removed)) == []
    assert faults(lines(removed, resized)) == []  # a repeat that comes late is not the newest
    assert faults(lines(resized)) == [("a", KeyState.NO_MANIFEST)]


def test_sequencers_of_other_lengths_are_compared_as_s3_says() -> None:
    removed, resized = event("a", 1, sequencer="0A1", outcome=Outcome.REMOVED), event("a", 2, sequencer="0A20")

    assert faults(lines(resized, removed)) == [("a", KeyState.NO_MANIFEST)]


def test_a_number_that_is_left_out_is_a_gap_and_numbers_that_begin_again_are_none() -> None:
    numbered = [event("a", number, sequencer=f"0{number}") for number in (3, 4, 6)]
    begun_again = [event("b", number, sequencer=sequencer) for number, sequencer in ((7, "01"), (1, "02"), (2, "03"))]

    assert faults(lines(*numbered), numbered[-1]) == [("a", KeyState.GAP)]
    assert faults(lines(*begun_again), begun_again[-1]) == []


def test_a_log_as_tail_writes_it_is_read_without_what_was_no_event() -> None:
    one = event("a", 1)
    log = [json.dumps({"partition": 0, "offset": 7, "event": json.loads(one.to_json())}), '{"event": null}', "\n"]

    assert faults(log, one) == []


@pytest.mark.parametrize(
    "line",
    [
        *("nonsense", "7", "[]", "{}", '{"event": 7}', '{"id": "a"}'),
        event("a", 1).to_json().replace('"000000000001"', '"-1"'),
        event("a", 1).to_json().replace('"subject":"a"', '"subject":7'),
    ],
)
def test_a_line_that_is_no_event_is_named(line: str) -> None:
    with pytest.raises(UsageError, match=r"log, line 2 is no (JSON|event)\. Write the log with: darkroom events tail"):
        read_log([event("a", 1).to_json(), line], "log")
