"""What the consumer counts, for CloudWatch to find in its log."""

from typing import Any

import pytest

from resize.consumer import Consumer
from support.function.buckets import Buckets
from support.function.consumers import context, counted, message
from support.function.events import sqs_event
from support.imaging.pictures import jpeg


def test_each_outcome_is_counted(world: Buckets, consumer: Consumer, capsys: pytest.CaptureFixture[str]) -> None:
    old = world.upload("a.jpg", jpeg())
    bodies = [message(old), message(world.upload("a.jpg", jpeg())), message(world.upload("b.jpg", b"broken")), "bad"]
    world.upload("c.jpg", jpeg())
    bodies.append(message(world.delete("c.jpg")))

    consumer.handle(sqs_event(*bodies), context())

    metrics = counted(capsys)
    counts = {name: sum(metrics[name]) for name in ("Resized", "Rejected", "Removed", "Superseded", "Failed")}
    assert counts == {"Resized": 1, "Rejected": 1, "Removed": 1, "Superseded": 1, "Failed": 1}
    assert metrics["SourceBytes"] == [len(jpeg())]
    assert metrics["RenditionBytes"] == [sum(len(body) for body in world.derived().values())]
    assert len(metrics["JobMillis"]) == 4


def test_every_job_counts_as_failed_or_not_and_as_rejected_or_not_so_that_each_has_its_share(
    world: Buckets, consumer: Consumer, capsys: pytest.CaptureFixture[str]
) -> None:
    bodies = [message(world.upload("a.jpg", jpeg())), message(world.upload("b.jpg", b"broken")), "bad", "worse"]

    consumer.handle(sqs_event(*bodies), context())

    metrics = counted(capsys)
    assert sorted(metrics["Failed"]) == [0, 0, 1, 1]
    assert sorted(metrics["Rejected"]) == [0, 0, 0, 1]


def received(event: dict[str, Any], *receives: int) -> dict[str, Any]:
    """The event, its messages having been delivered so often each."""
    for record, count in zip(event["Records"], receives, strict=True):
        record["attributes"]["ApproximateReceiveCount"] = str(count)
    return event


def test_the_message_that_came_most_often_is_counted_by_its_receives(
    world: Buckets, consumer: Consumer, capsys: pytest.CaptureFixture[str]
) -> None:
    bodies = [message(world.upload(key, jpeg())) for key in ("a.jpg", "b.jpg", "c.jpg")]

    consumer.handle(received(sqs_event(*bodies), 1, 4, 2), context())

    metrics = counted(capsys)
    assert metrics["Receives"] == [4]
    assert metrics["Resized"] == [1, 1, 1]


def test_messages_that_come_for_the_first_time_count_no_receives(
    consumer: Consumer, capsys: pytest.CaptureFixture[str]
) -> None:
    consumer.handle(sqs_event("bad", "worse"), context())

    assert "Receives" not in counted(capsys)


def test_receives_are_counted_before_the_function_can_be_killed(
    world: Buckets, consumer: Consumer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def kill(*_: object, **__: object) -> None:
        assert counted(capsys) == {"Receives": [4]}
        raise SystemExit  # what no job catches, as a kill

    monkeypatch.setattr("resize.consumer.async_process_partial_response", kill)

    with pytest.raises(SystemExit):
        consumer.handle(received(sqs_event(message(world.upload("a.jpg", jpeg()))), 4), context())


def test_a_job_that_is_delivered_again_is_not_counted_again(
    world: Buckets, consumer: Consumer, capsys: pytest.CaptureFixture[str]
) -> None:
    event = sqs_event(message(world.upload("a.jpg", jpeg())))
    consumer.handle(event, context())
    assert counted(capsys)["Resized"] == [1]

    consumer.handle(event, context())

    assert counted(capsys) == {}
