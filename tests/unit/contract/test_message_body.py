"""SQS bodies: S3's events are read exactly, everything else is refused with a word about what it was."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.errors import MessageRefusedError
from contract.events import EventType
from contract.message_body import parse_body
from support.function.events import s3_body, s3_record

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["Records", "s3", "object", "key", "x"]), inner),
)


def test_an_upload_is_read_with_all_that_the_event_tells() -> None:
    body = s3_body(s3_record("a.jpg", version_id="v1", sequencer="0aF1", size=7))

    (upload,) = parse_body(body)

    assert upload.change is EventType.CREATED
    assert (upload.bucket, upload.key, upload.version_id, upload.size) == ("uploads", "a.jpg", "v1", 7)
    assert (upload.etag, upload.sequencer, upload.time) == ("d41d8", "0AF1", datetime(2026, 11, 23, 20, 50, tzinfo=UTC))


@pytest.mark.parametrize(
    "key", ["a b", "a+b", "a%20b", "a%2Bb", "ü/é.jpg", "'\"", "..", "/a", "a//b", "日本\n", "k" * 1024, "100%"]
)
def test_the_encoding_of_a_key_is_undone_exactly_once(key: str) -> None:
    assert parse_body(s3_body(s3_record(key)))[0].key == key


@given(key=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=256))
def test_every_key_survives_its_encoding(key: str) -> None:
    assert parse_body(s3_body(s3_record(key)))[0].key == key


def test_every_record_of_an_event_is_an_upload() -> None:
    body = s3_body(s3_record("a"), s3_record("b"))

    assert [upload.key for upload in parse_body(body)] == ["a", "b"]


def test_the_test_event_speaks_of_no_upload() -> None:
    body = json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "uploads"})

    assert parse_body(body) == ()


@pytest.mark.parametrize("version", ["2.0", "2.1", "2.6", "2.99"])
def test_every_version_2_event_is_accepted(version: str) -> None:
    assert parse_body(s3_body(s3_record() | {"eventVersion": version}))


def test_the_events_of_a_deletion_are_told_apart() -> None:
    body = s3_body(s3_record(event="ObjectRemoved:Delete"), s3_record(event="ObjectRemoved:DeleteMarkerCreated"))

    assert [upload.change for upload in parse_body(body)] == [EventType.DELETED, EventType.MARKED_DELETED]


def test_the_events_of_a_lifecycle_rule_are_told_from_a_person_s() -> None:
    body = s3_body(
        s3_record(event="LifecycleExpiration:DeleteMarkerCreated", version_id="v2"),
        s3_record(event="LifecycleExpiration:Delete"),
    )

    assert [upload.change for upload in parse_body(body)] == [EventType.EXPIRED, EventType.EXPIRED_FOR_GOOD]


def test_a_delete_marker_event_without_size_and_etag_is_read() -> None:
    record = s3_record(event="ObjectRemoved:DeleteMarkerCreated")
    del record["s3"]["object"]["size"], record["s3"]["object"]["eTag"]

    (upload,) = parse_body(s3_body(record))

    assert (upload.size, upload.etag) == (0, "")


def without(record: dict[str, Any], *path: str) -> dict[str, Any]:
    """The record, less the member at the path."""
    container = record
    for name in path[:-1]:
        container = container[name]
    del container[path[-1]]
    return record


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "not a JSON object"),
        ("{}", "no list of Records"),
        ('{"Records": []}', "no list of Records"),
        ('{"Records": [7]}', "eventVersion"),
        (s3_body(s3_record() | {"eventVersion": "3.0"}), "3.0"),
        (s3_body(s3_record(event="ObjectTagging:Put")), "ObjectTagging:Put"),
        (s3_body(s3_record(event="ObjectRemoved:Elsewise")), "ObjectRemoved:Elsewise"),
        (s3_body(s3_record(event="LifecycleTransition")), "LifecycleTransition"),
        (s3_body(s3_record(sequencer="not hex")), "not hex"),
        (s3_body(s3_record() | {"eventTime": "yesterday"}), "yesterday"),
        (s3_body(s3_record() | {"darkroomRequested": "today"}), "today"),
        (s3_body(s3_record() | {"darkroomRequested": 7}), "darkroomRequested"),
        (s3_body(s3_record() | {"eventTime": "2026-11-23T20:50:00"}), "no time zone"),
        (s3_body(without(s3_record(), "s3", "object", "sequencer")), "sequencer"),
        (s3_body(without(s3_record(), "s3", "bucket")), "bucket"),
        (s3_body(without(s3_record(), "s3", "object", "key")), "key"),
        (s3_body(s3_record("k" * 1025)), "1025 bytes"),
        (s3_body(s3_record("a")).replace('"key": "a"', '"key": "%FF"'), "%FF"),
        (s3_body(s3_record()).replace('"size": 1024', '"size": "1024"'), "another type"),
    ],
)
def test_what_is_no_job_is_refused_and_the_error_shows_it(body: str, told: str) -> None:
    with pytest.raises(MessageRefusedError, match=told):
        parse_body(body)


@given(value=json_values)
def test_no_json_value_reaches_another_error(value: object) -> None:
    with pytest.raises(MessageRefusedError):
        parse_body(json.dumps(value))


def test_a_shown_body_is_cut_short() -> None:
    with pytest.raises(MessageRefusedError) as refused:
        parse_body("x" * 1_000_000)

    assert len(str(refused.value)) < 300
