"""Events on an EventBridge bus: what is sent in one request, and what becomes of what is refused."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from moto import mock_aws

from announce.event_bus import MAX_EVENT_BYTES, TOGETHER_BYTES, EventBus, entry_bytes, in_requests
from announce.message import Message
from support.events.announcements import image_event, message_of


def messages(count: int, length: int = 0) -> list[Message]:
    return [message_of(image_event(f"{number}.jpg", detail="x" * length)) for number in range(count)]


@dataclass
class FakeBus:
    """Answers as EventBridge does: each request by the next list of codes, and when there is none left, well."""

    answers: list[list[str | None] | Exception] = field(default_factory=list)
    requests: list[list[str]] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)
    now: float = 0.0

    def put_events(self, *, Entries: Sequence[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - boto3's name
        """As boto3's."""
        self.entries += Entries
        self.requests.append([json.loads(entry["Detail"])["subject"] for entry in Entries])
        answer = self.answers.pop(0) if self.answers else [None] * len(Entries)
        if isinstance(answer, Exception):
            raise answer
        return {"Entries": [{"ErrorCode": code} if code else {"EventId": "1"} for code in answer]}

    def sleep(self, seconds: float) -> None:
        """Have time pass."""
        self.now += seconds

    def bus(self) -> EventBus:
        """The bus, on this one's clock."""
        return EventBus(cast("Any", self), "images", sleep=self.sleep, clock=lambda: self.now)


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, "PutEvents")


@mock_aws
def test_the_bus_takes_what_is_put_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    client = boto3.client("events")
    client.create_event_bus(Name="images")

    failed = EventBus(client, "images").publish(messages(3), 10)

    assert failed == {}


def test_a_rule_sees_the_type_and_a_target_the_whole_event() -> None:
    fake, event = FakeBus(), image_event("写真.jpg")

    fake.bus().publish([message_of(event)], 10)

    (entry,) = fake.entries
    assert (entry["EventBusName"], entry["Source"]) == ("images", "io.darkroom")
    assert entry["DetailType"] == "io.darkroom.image.resized.v1"
    assert entry["Detail"] == event.to_json()


def test_what_is_refused_for_a_moment_is_sent_again_and_nothing_else_is() -> None:
    fake = FakeBus([[None, "ThrottlingException", None], ["InternalFailure"]])

    failed = fake.bus().publish(messages(3), 10)

    assert failed == {}
    assert fake.requests == [["0.jpg", "1.jpg", "2.jpg"], ["1.jpg"], ["1.jpg"]]


def test_what_is_refused_for_good_fails_at_once_and_the_rest_is_tried_again() -> None:
    fake = FakeBus([["MalformedDetail", "ThrottlingException"]])

    failed = fake.bus().publish(messages(2), 10)

    assert failed == {"0.jpg-1": "MalformedDetail"}
    assert fake.requests == [["0.jpg", "1.jpg"], ["1.jpg"]]


def test_it_gives_up_when_the_time_is_over() -> None:
    fake = FakeBus([["ThrottlingException"]] * 1_000)

    failed = fake.bus().publish(messages(1), 10)

    assert failed == {"0.jpg-1": "ThrottlingException"}
    assert fake.now <= 10


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (refusal("ResourceNotFoundException"), "ResourceNotFoundException"),
        (EndpointConnectionError(endpoint_url="https://events"), "EndpointConnectionError"),
    ],
)
def test_a_request_that_fails_fails_its_events(error: Exception, code: str) -> None:
    fake = FakeBus([error] * 3)

    failed = fake.bus().publish(messages(2), 10)

    assert failed == {"0.jpg-1": code, "1.jpg-1": code}


def test_one_event_for_which_a_request_is_refused_holds_up_no_other() -> None:
    fake = FakeBus([refusal("ValidationException"), [None], refusal("ValidationException"), [None]])

    failed = fake.bus().publish(messages(3), 10)

    assert failed == {"1.jpg-1": "ValidationException"}
    assert fake.requests == [["0.jpg", "1.jpg", "2.jpg"], ["0.jpg"], ["1.jpg"], ["2.jpg"]]


def test_an_event_larger_than_any_may_be_is_not_sent_and_the_others_are() -> None:
    fake = FakeBus()
    large = message_of(image_event("large.jpg", detail="x" * MAX_EVENT_BYTES))

    failed = fake.bus().publish([large, *messages(1)], 10)

    assert failed == {"large.jpg-1": "TooLarge"}
    assert fake.requests == [["0.jpg"]]


def test_one_that_the_bus_finds_too_large_is_refused_alone_with_its_reason_whatever_its_limit_is() -> None:
    """A region may still have the smaller limit: what is over that has a request of its own."""
    fake = FakeBus([[None], refusal("ValidationException"), [None]])
    large = message_of(image_event("large.jpg", detail="x" * 300_000))
    small, other = messages(2)

    failed = fake.bus().publish([small, large, other], 10)

    assert failed == {"large.jpg-1": "ValidationException"}
    assert fake.requests == [["0.jpg"], ["large.jpg"], ["1.jpg"]]


@pytest.mark.parametrize(("count", "length"), [(1, 0), (25, 0), (10, 100_000), (3, 500_000)])
def test_each_request_has_what_it_may_have_and_all_are_sent_in_their_order(count: int, length: int) -> None:
    sent = messages(count, length)

    requests = list(in_requests(sent))

    assert [each for request in requests for each in request] == sent
    assert all(1 <= len(request) <= 10 for request in requests)
    assert all(len(request) == 1 or sum(map(entry_bytes, request)) <= TOGETHER_BYTES for request in requests)
    assert len(requests) == {1: 1, 25: 3, 10: 5, 3: 3}[count]
