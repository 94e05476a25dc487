"""EventBridge's events: what happened is read as from S3's own, and everything else is refused."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.errors import MessageRefusedError
from contract.events import EventType
from contract.message_body import parse_body
from support.function.events import eventbridge_event, s3_body, s3_record

keys = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=256)


def body(event: dict[str, Any]) -> str:
    return json.dumps(event)


def test_an_upload_is_read_with_all_that_the_event_tells() -> None:
    event = eventbridge_event("a.jpg", version_id="v1", sequencer="617f08299329d189", reason="PutObject")

    (upload,) = parse_body(body(event))

    assert upload.change is EventType.CREATED
    assert (upload.bucket, upload.key, upload.version_id, upload.size) == ("uploads", "a.jpg", "v1", 1024)
    assert (upload.etag, upload.sequencer) == ("d41d8", "617F08299329D189")
    assert (upload.time, upload.requested) == (datetime(2026, 11, 23, 20, 50, tzinfo=UTC), None)


@pytest.mark.parametrize(
    ("deletion_type", "reason", "change"),
    [
        ("Permanently Deleted", "DeleteObject", EventType.DELETED),
        ("Permanently Deleted", "Lifecycle Expiration", EventType.EXPIRED_FOR_GOOD),
        ("Delete Marker Created", "DeleteObject", EventType.MARKED_DELETED),
        ("Delete Marker Created", "Lifecycle Expiration", EventType.EXPIRED),
    ],
)
def test_a_deletion_s_kind_and_who_did_it_are_told_apart(deletion_type: str, reason: str, change: EventType) -> None:
    event = eventbridge_event(detail_type="Object Deleted", deletion_type=deletion_type, reason=reason)

    assert parse_body(body(event))[0].change is change


@given(key=keys)
def test_a_key_is_taken_as_it_is(key: str) -> None:
    assert parse_body(body(eventbridge_event(key)))[0].key == key


@given(key=keys, version_id=st.none() | st.text(min_size=1))
def test_both_ways_tell_the_same_of_an_upload(key: str, version_id: str | None) -> None:
    itself = s3_body(s3_record(key, version_id=version_id, sequencer="617F08299329D189"))

    assert parse_body(body(eventbridge_event(key, version_id=version_id))) == parse_body(itself)


def test_an_event_of_the_first_days_without_a_version_of_its_own_is_read() -> None:
    event = eventbridge_event("a.jpg")
    del event["detail"]["event-version"]

    assert parse_body(body(event))[0].key == "a.jpg"


def changed(*path: str, to: object) -> str:
    """An event in which the member at the path is another."""
    event = container = eventbridge_event(detail_type="Object Deleted", deletion_type="Permanently Deleted")
    for name in path[:-1]:
        container = container[name]
    container[path[-1]] = to
    return body(event)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (changed("source", to="aws.ec2"), "aws.ec2"),
        (changed("source", to=None), "None"),
        (changed("detail-type", to="Object Tags Added"), "Object Tags Added"),
        (changed("detail-type", to=7), "detail-type"),
        (changed("detail", to=[]), "detail"),
        (changed("detail", "event-version", to="2.0"), "2.0"),
        (changed("detail", "event-version", to=1), "event-version 1"),
        (changed("detail", "deletion-type", to="Hidden"), "Hidden"),
        (changed("detail", "deletion-type", to=None), "deletion-type"),
        (changed("detail", "bucket", to="uploads"), "bucket"),
        (changed("detail", "object", "key", to=""), "key"),
        (changed("detail", "object", "key", to="k" * 1025), "1025 bytes"),
        (changed("detail", "object", "key", to="\ud800"), "not UTF-8"),
        (changed("detail", "object", "size", to="7"), "another type"),
        (changed("detail", "object", "version-id", to=7), "another type"),
        (changed("detail", "object", "sequencer", to="not hex"), "not hex"),
        (changed("time", to="2026-11-23T20:50:00"), "no time zone"),
    ],
)
def test_what_is_no_job_is_refused_and_the_error_shows_it(text: str, told: str) -> None:
    with pytest.raises(MessageRefusedError, match=told):
        parse_body(text)
