"""A line about each upload."""

import json
from dataclasses import replace

from contract.errors import Reason
from contract.manifest import Outcome
from darkroom.cli.output.results import TIMES, outcome_json, outcome_line, upload_json
from darkroom.uploads.outcomes import Failure, Result
from support.command.uploads import recorded, uploaded

RESIZED = Result(upload=uploaded(), outcome=Outcome.RESIZED, recorded=recorded())
UPLOADED = {"file": "album/photo.jpg", "key": "photo.jpg", "version_id": "v1", "unchanged": False}


def test_the_json_of_an_upload_has_exactly_the_members_promised() -> None:
    assert json.loads(upload_json(uploaded())) == UPLOADED


def test_the_json_of_an_outcome_has_those_and_what_was_made_of_it() -> None:
    assert json.loads(outcome_json(RESIZED)) == UPLOADED | {
        "outcome": "resized",
        "reason": None,
        "detail": None,
        "variants": {
            "large": {"key": "large/photo.jpg.webp", "width": 1600, "height": 1200, "bytes": 100},
            "thumb": {"key": "thumb/photo.jpg.webp", "width": 320, "height": 240, "bytes": 100},
        },
        "ms": 250,
    }


def test_a_failure_has_the_same_members() -> None:
    failed = Result(upload=uploaded(), failure=Failure.DEAD_LETTER)

    assert json.loads(outcome_json(failed)) == UPLOADED | {
        "outcome": "failed",
        "reason": "dead_letter",
        "detail": None,
        "variants": {},
        "ms": None,
    }


def test_a_person_reads_the_variants_or_why_there_are_none_and_what_to_do() -> None:
    rejected = Result(upload=uploaded(), outcome=Outcome.REJECTED, recorded=recorded(reason=Reason.EMPTY))
    failed = Result(upload=uploaded(), failure=Failure.OUTSIDE_PREFIX)

    assert outcome_line(RESIZED) == f"resized   photo.jpg  large 1600{TIMES}1200 0.1 kB, thumb 320{TIMES}240 0.1 kB"
    assert outcome_line(rejected).endswith("; upload it again, from the original")
    assert outcome_line(failed).startswith("failed    photo.jpg  outside_prefix: its key does not start as")


def test_it_is_told_that_an_older_upload_is_shown_in_place_of_a_rejected_one() -> None:
    rejected = recorded(reason=Reason.EMPTY)
    instead = replace(rejected, manifest=replace(rejected.manifest, shown=rejected.manifest.source))

    line = outcome_line(Result(upload=uploaded(), outcome=Outcome.REJECTED, recorded=instead))

    assert line.endswith("from the original; the newest good upload before it is shown instead")


def test_an_outcome_and_a_reason_of_a_later_version_are_told_as_they_are() -> None:
    later = Result(upload=uploaded(), outcome="postponed", recorded=recorded(reason="too_beautiful"))

    assert outcome_line(later).startswith("postponed photo.jpg  too_beautiful")


def test_a_hostile_key_is_shown_as_text() -> None:
    assert outcome_line(Result(upload=uploaded("\x1b[2J\nx"), failure=Failure.LOST)).isprintable()
