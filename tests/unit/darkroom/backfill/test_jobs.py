"""A job of a backfill has a place in the order of its key's events that harms none of them."""

from datetime import UTC, datetime

import pytest

from contract.events import EventType
from contract.message_body import parse_body
from contract.sequencer import EventOrder
from darkroom.backfill.jobs import BEFORE_ALL, ObjectVersion, just_after, message, removal, requested_now, sequencer_for
from support.command import manifests

REAL = "00663BD54A1B2C3D4E"
NEXT = "00663BD54A1B2C3D4F"


def order(sequencer: str) -> EventOrder:
    return EventOrder(sequencer=sequencer, function_version=1)


def test_the_place_right_after_an_event_is_before_the_next_event() -> None:
    after = just_after(REAL)

    assert order(after).is_later_than(order(REAL))
    assert order(NEXT).is_later_than(order(after))


def test_there_is_a_place_after_a_place_after() -> None:
    twice = just_after(just_after(REAL))

    assert order(twice).is_later_than(order(just_after(REAL)))
    assert order(NEXT).is_later_than(order(twice))


@pytest.mark.parametrize("real", ["1", "0000000000000001", REAL])
def test_the_place_before_all_is_before_every_event(real: str) -> None:
    assert order(real).is_later_than(order(BEFORE_ALL))


def test_a_manifest_of_the_current_version_gives_its_own_place() -> None:
    manifest = manifests.manifest()

    assert sequencer_for(manifest, is_current=True) == manifest.source.sequencer
    assert order(sequencer_for(manifest, is_current=False)).is_later_than(order(manifest.source.sequencer))
    assert sequencer_for(None, is_current=False) == BEFORE_ALL


def test_what_lies_there_already_is_no_later_than_the_job() -> None:
    earlier = manifests.manifest()

    for manifest, written in ((None, [REAL]), (earlier, [REAL]), (earlier, ["0001"]), (None, ["0001", REAL])):
        place = order(sequencer_for(manifest, is_current=False, written=written))
        assert all(place.is_later_than(order(each)) for each in written)
        assert order(NEXT).is_later_than(place)


def test_the_function_reads_the_message_as_an_event_that_was_asked_for() -> None:
    modified = datetime(2026, 1, 1, tzinfo=UTC)
    version = ObjectVersion(version_id="v1", etag="e1", size=7, modified=modified)

    body = message("uploads", "ä b/+%.jpg", version, just_after(REAL))
    before = datetime.now(UTC)

    (upload,) = parse_body(requested_now(body))

    assert (upload.change, upload.bucket, upload.key) == (EventType.CREATED, "uploads", "ä b/+%.jpg")
    assert (upload.version_id, upload.etag, upload.size) == ("v1", "e1", 7)
    assert (upload.sequencer, upload.time) == (just_after(REAL), modified)
    assert upload.requested is not None
    assert before <= upload.requested <= datetime.now(UTC)


def test_the_function_reads_a_removal_as_a_deletion_that_was_asked_for() -> None:
    found = datetime(2026, 1, 1, tzinfo=UTC)

    (upload,) = parse_body(requested_now(removal("uploads", "ä b/+%.jpg", just_after(REAL), found)))

    assert (upload.change, upload.bucket, upload.key) == (EventType.MARKED_DELETED, "uploads", "ä b/+%.jpg")
    assert (upload.version_id, upload.sequencer, upload.time) == (None, just_after(REAL), found)
    assert upload.requested
