"""An event is read whatever a later version has added, and whatever else a record holds is told apart from it."""

import base64
import json
from typing import Any

import pytest

from consumers.event import Event, NotAnEventError, Record, records_of
from support.events.outcome_events import encoded, event, invocation, records


def test_an_event_is_read() -> None:
    read = Event.from_json(encoded(event("a/ä.jpg", revision=7, outcome="rejected")))

    assert (read.key, read.outcome, read.revision) == ("a/ä.jpg", "rejected", 7)


def test_events_are_ordered_by_s3_s_sequencer_and_then_by_their_revision() -> None:
    """A shorter sequencer is padded with zeros on the right; a revision of more digits is greater all the same."""
    ascending = [
        *(event(sequencer="00AF", revision=0), event(sequencer="00AF00", revision=1)),
        *(event(sequencer="00AF", revision=999_999_999_999), event(sequencer="00af", revision=1_000_000_000_000)),
        *(event(sequencer="00AF01", revision=1), event(sequencer="00B", revision=1)),
    ]

    sequences = [Event.from_json(encoded(each)).sequence for each in ascending]

    assert sequences == sorted(set(sequences))


@pytest.mark.parametrize("sequencer", [None, "", "x", "0" * 65])
def test_what_has_no_place_in_its_key_s_order_is_no_event(sequencer: str | None) -> None:
    with pytest.raises(NotAnEventError, match="sequencer"):
        Event.from_json(encoded(event(source={"sequencer": sequencer})))


def test_members_that_a_later_version_added_are_ignored() -> None:
    later = event(more={"nested": 1}) | {"traceparent": "00-1-2-3", "data_base64": None}

    assert Event.from_json(encoded(later)).key == "cat.jpg"


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (None, "not JSON"),
        (b"", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"a": "\\ud800"}', "not JSON"),
        (b"[]", "no CloudEvent"),
        (encoded({"type": "io.darkroom.image.resized.v1"}), "no CloudEvent"),
        (encoded(event() | {"type": "io.darkroom.image.resized.v2"}), "of type 'io.darkroom.image.resized.v2'"),
        (encoded(event() | {"type": 1}), "of type 1"),
        (encoded(event() | {"id": "1\r\nx-evil: 1"}), "its id is '1"),
        (encoded(event() | {"id": "é"}), "its id is 'é'"),
        (encoded(event() | {"id": "1" * 257}), "its id is"),
        (encoded(event() | {"subject": ""}), "its subject is ''"),
        (encoded(event() | {"sequence": 3}), "its sequence is 3"),
        (encoded(event() | {"sequence": "00AF-3"}), "its sequence is '00AF-3'"),
        (encoded(event() | {"data": {"source": None}}), "its source's sequencer is None"),
        (encoded({name: value for name, value in event().items() if name != "id"}), "its id is None"),
    ],
)
def test_what_is_no_event_is_told_apart_with_the_reason(value: bytes | None, why: str) -> None:
    with pytest.raises(NotAnEventError, match=why):
        Event.from_json(value)


@pytest.mark.parametrize("source", ["aws:kafka", "SelfManagedKafka"])
def test_lambda_s_records_are_read_in_the_order_of_each_partition(source: str) -> None:
    taken = [*records(event("a"), event("b"), partition=0, start=5), *records(event("c"), partition=1)]

    assert list(records_of(invocation(taken, source=source))) == taken


def test_a_tombstone_of_lambda_s_has_no_value() -> None:
    given: dict[str, Any] = {
        "records": {"t-0": [{"partition": 0, "offset": 1, "value": None}, {"partition": 0, "offset": 2}]}
    }

    assert [record.value for record in records_of(given)] == [None, None]


def test_the_example_of_aws_s_documentation_is_read() -> None:
    example = """{"eventSource": "aws:kafka", "eventSourceArn": "arn:aws:kafka:us-east-1:123456789012:cluster/vpc/1",
      "bootstrapServers": "b-2.demo.kafka.us-east-1.amazonaws.com:9092", "records": {"mytopic-0": [{"topic": "mytopic",
      "partition": 0, "offset": 15, "timestamp": 1545084650987, "timestampType": "CREATE_TIME",
      "key": "abcDEFghiJKLmnoPQRstuVWXyz1234==", "value": "SGVsbG8sIHRoaXMgaXMgYSB0ZXN0Lg==",
      "headers": [{"headerKey": [104, 101]}]}]}}"""

    value = base64.b64decode("SGVsbG8sIHRoaXMgaXMgYSB0ZXN0Lg==")
    assert list(records_of(json.loads(example))) == [Record(partition=0, offset=15, value=value)]
