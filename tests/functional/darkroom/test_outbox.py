"""`darkroom events backfill|verify|dlq`, on moto: planned first, then done, and nothing is lost."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner, Result

from contract.keys import manifest_key
from darkroom.cli.commands import outbox
from darkroom.errors import UsageError
from darkroom.outbox.queues import OutboxQueues, find_event_queues
from darkroom.pipeline.client import LogLine, Pipeline
from resize.events_queue import EventsQueue
from resize.settings import Events
from support.events.event_contract import event_validator
from support.function.buckets import Buckets
from support.function.memory_events_queue import MemoryEventsQueue

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

pytestmark = pytest.mark.long

SOURCE = "/darkroom/123456789012/eu-west-1/Darkroom"


@pytest.fixture
def queues(world: Buckets, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> OutboxQueues:
    """Both queues, and a function that announces there."""
    sqs = pipeline.client("sqs")
    fifo = {"FifoQueue": "true"}
    dead_letters = sqs.create_queue(QueueName="event-dead-letters.fifo", Attributes=fifo)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead_letters, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1000})
    events = sqs.create_queue(QueueName="events.fifo", Attributes={**fifo, "RedrivePolicy": redrive})["QueueUrl"]
    told = replace(world.settings, events=Events(queue_url=events, source=SOURCE)).to_environment()
    monkeypatch.setattr(Pipeline, "function_environment", lambda _: told)
    return OutboxQueues(events_url=events, dead_letters_url=dead_letters, source=SOURCE)


@pytest.fixture
def run(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run `darkroom events` with these arguments."""
    monkeypatch.setattr(outbox, "find_target", lambda **_: pipeline)

    def invoke(*arguments: str, status: int = 0) -> Result:
        result = CliRunner().invoke(outbox.app, arguments)
        assert result.exit_code == status, result.output
        return result

    return invoke


def events_in(pipeline: Pipeline, url: str) -> list[dict[str, Any]]:
    """Every event of a queue, by the order of its keys."""
    sqs, found = pipeline.client("sqs"), []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += [json.loads(message["Body"]) for message in messages]
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return sorted(found, key=lambda event: str(event["subject"]))


def resize(world: Buckets, *keys: str) -> None:
    for key in keys:
        world.deliver(world.upload(key, key.encode()))


def test_backfill_announces_the_newest_outcome_of_each_key_as_its_job_would_have(
    world: Buckets, pipeline: Pipeline, queues: OutboxQueues, run: Callable[..., Result]
) -> None:
    resize(world, "b.jpg", "gone.jpg", "deep/ä \x01.jpg", "k" * 1024)
    world.deliver(world.delete("gone.jpg"))
    told = MemoryEventsQueue()
    world.settings = replace(world.settings, events=Events(queue_url=queues.events_url, source=SOURCE))
    world.announce = EventsQueue(client=cast("SQSClient", told), url=queues.events_url).send
    resize(world, "a.jpg", "b.jpg")

    result = run("backfill", "--yes", "--json")

    announced = events_in(pipeline, queues.events_url)
    assert json.loads(result.stdout) == {"announced": 5, "unreadable": 0}
    assert [list(event_validator().iter_errors(event)) for event in announced] == [[]] * 5
    assert [(event["subject"], event["sequence"][-1]) for event in announced] == [
        *(("a.jpg", "1"), ("b.jpg", "1"), ("deep/ä \x01.jpg", "0"), ("gone.jpg", "0"), ("k" * 1024, "0"))
    ]
    assert announced[0] == next(event for event in told.events if event["subject"] == "a.jpg")


def test_backfill_announces_what_sqs_took_a_moment_ago_too_as_the_log_may_have_lost_it(
    world: Buckets, pipeline: Pipeline, queues: OutboxQueues, run: Callable[..., Result]
) -> None:
    world.settings = replace(world.settings, events=Events(queue_url=queues.events_url, source=SOURCE))
    world.announce = EventsQueue(client=pipeline.client("sqs"), url=queues.events_url).send
    resize(world, "a.jpg")
    first = events_in(pipeline, queues.events_url)

    run("backfill", "--yes")

    assert [event["subject"] for event in first] == ["a.jpg"]
    assert events_in(pipeline, queues.events_url) == first


def test_backfill_tells_first_how_many_what_it_costs_and_with_dry_run_nothing_is_sent(
    world: Buckets, pipeline: Pipeline, queues: OutboxQueues, run: Callable[..., Result]
) -> None:
    resize(world, "pets/a.jpg", "pets/b.jpg", "c.jpg")

    result = run("backfill", "--dry-run", "--prefix", "pets/")

    assert result.stdout == "2 outcomes to announce, 100 a second, for up to 0.00 USD.\n"
    assert events_in(pipeline, queues.events_url) == []


def test_backfill_passes_over_what_this_version_cannot_read_and_says_so(
    world: Buckets, queues: OutboxQueues, run: Callable[..., Result]
) -> None:
    resize(world, "a.jpg")
    world.client.put_object(Bucket="derived", Key=manifest_key("b.jpg"), Body=b"{}")

    assert queues
    assert "1 outcomes were announced. 1 manifests are of another version" in run("backfill", "--yes").stdout


def test_verify_finds_what_the_log_lacks_and_backfill_mends_it(
    world: Buckets, pipeline: Pipeline, queues: OutboxQueues, run: Callable[..., Result], tmp_path: Path
) -> None:
    resize(world, "a.jpg", "b.jpg")
    log = tmp_path / "log.jsonl"
    log.write_text("")

    before = run("verify", str(log), "--json", status=1)
    run("backfill", "--yes")
    log.write_text("".join(json.dumps(event) + "\n" for event in events_in(pipeline, queues.events_url)))
    after = run("verify", str(log))

    found = [json.loads(line) for line in before.stdout.splitlines()]
    assert sorted((each["key"], each["finding"]) for each in found) == [
        ("a.jpg", "not_announced"),
        ("b.jpg", "not_announced"),
    ]
    assert "darkroom events backfill" in before.stderr
    assert after.stdout == "2 keys are as the log has them; 0 faults.\n"


def test_a_log_that_cannot_be_read_is_named(queues: OutboxQueues, run: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "latin-1").write_bytes(b"\xe9")

    assert queues
    for name, said in (("missing", "No such file or directory"), ("latin-1", "is not UTF-8")):
        error = run("verify", str(tmp_path / name), status=1).exception
        assert isinstance(error, UsageError)
        assert said in str(error)


def undelivered(world: Buckets, pipeline: Pipeline, queues: OutboxQueues, *keys: str) -> None:
    """Have these keys' events in the dead-letter queue."""
    queue = EventsQueue(client=pipeline.client("sqs"), url=queues.dead_letters_url)
    world.settings = replace(world.settings, events=Events(queue_url=queues.events_url, source=SOURCE))
    world.announce = queue.send
    resize(world, *keys)


def test_dlq_lists_what_did_not_reach_the_log_and_leaves_it_there(
    world: Buckets, pipeline: Pipeline, queues: OutboxQueues, run: Callable[..., Result]
) -> None:
    undelivered(world, pipeline, queues, "a.jpg", "b\x1b.jpg")

    listed = [run("dlq").stdout for _ in range(2)]
    as_json = [json.loads(line) for line in run("dlq", "--json").stdout.splitlines()]

    assert listed[0] == listed[1]
    assert "unknown  io.darkroom.image.resized.v1  b\\x1b.jpg" in listed[0]
    assert sorted(event["key"] for event in as_json) == ["a.jpg", "b\x1b.jpg"]


def takes_events(monkeypatch: pytest.MonkeyPatch, lines: Callable[[str], list[str]] | Exception) -> None:
    """Have an announce function take the events, whose log holds these lines, by the pattern that is asked for."""

    def function_log(asked: Pipeline, pattern: str, *_: object) -> Iterator[LogLine]:
        assert asked.function_name == "arn:announce"
        if isinstance(lines, Exception):
            raise lines
        return (LogLine(milliseconds=number, text=text) for number, text in enumerate(lines(pattern)))

    mappings = {"EventSourceMappings": [{"FunctionArn": "arn:announce"}]}
    monkeypatch.setattr(Pipeline, "function_log", function_log)
    client = Pipeline.client

    def with_mapping(asked: Pipeline, service: str, **options: Any) -> Any:
        made = client(asked, service, **options)
        if service == "lambda":
            made.list_event_source_mappings = lambda **_: mappings
        return made

    monkeypatch.setattr(Pipeline, "client", with_mapping)


def test_dlq_tells_why_each_was_not_taken_the_last_time(
    world: Buckets,
    pipeline: Pipeline,
    queues: OutboxQueues,
    run: Callable[..., Result],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    undelivered(world, pipeline, queues, "large.jpg", "other.jpg")
    ids = {each["key"]: each["id"] for each in map(json.loads, run("dlq", "--json").stdout.splitlines())}
    patterns = []

    def lines(pattern: str) -> list[str]:
        patterns.append(pattern)
        told = [("large.jpg", "KafkaError._TRANSPORT"), ("large.jpg", "KafkaError.MSG_SIZE_TOO_LARGE")]
        refusals = [
            json.dumps({"message": "event not announced", "message_id": ids[key], "error_code": code})
            for key, code in told
        ]
        return [
            "START RequestId: 1",
            *refusals,
            json.dumps({"message": "event announced", "message_id": ids["large.jpg"]}),
        ]

    takes_events(monkeypatch, lines)
    listed = {each["key"]: each["reason"] for each in map(json.loads, run("dlq", "--json").stdout.splitlines())}

    assert listed == {"large.jpg": "KafkaError.MSG_SIZE_TOO_LARGE", "other.jpg": "unknown"}
    assert all(each[:13] in patterns[0] for each in ids.values())
    assert "KafkaError.MSG_SIZE_TOO_LARGE  io.darkroom.image.resized.v1  large.jpg" in run("dlq").stdout


def test_a_log_that_may_not_be_read_hides_no_undelivered_event(
    world: Buckets,
    pipeline: Pipeline,
    queues: OutboxQueues,
    run: Callable[..., Result],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    undelivered(world, pipeline, queues, "a.jpg")
    refused = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "FilterLogEvents")
    takes_events(monkeypatch, refused)

    result = run("dlq", "--json")

    assert [json.loads(line)["reason"] for line in result.stdout.splitlines()] == ["unknown"]
    assert "why they were not taken is unknown. Reading the log of the announce function" in result.stderr


def test_dlq_redrives_events_with_their_ids_and_leaves_what_is_none(
    world: Buckets, pipeline: Pipeline, queues: OutboxQueues, run: Callable[..., Result]
) -> None:
    undelivered(world, pipeline, queues, *(f"{number:02}.jpg" for number in range(12)))
    pipeline.client("sqs").send_message(
        QueueUrl=queues.dead_letters_url, MessageBody="nonsense", MessageGroupId="g", MessageDeduplicationId="d"
    )

    planned = run("dlq", "--redrive", "--dry-run", "--json")
    done = run("dlq", "--redrive", "--yes", "--json")

    assert json.loads(planned.stdout) == {"dry_run": True, "events": 13}
    assert json.loads(done.stdout) == {"redriven": 12}
    assert len({event["id"] for event in events_in(pipeline, queues.events_url)}) == 12
    assert "no event" in run("dlq").stdout


def test_an_empty_dead_letter_queue_is_told(queues: OutboxQueues, run: Callable[..., Result]) -> None:
    assert queues
    assert run("dlq").stdout == "Every event has reached the log, or waits for its turn.\n"


def test_a_stack_without_events_is_told_how_to_turn_them_on(
    world: Buckets, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Pipeline, "function_environment", lambda _: world.settings.to_environment())

    with pytest.raises(UsageError, match=r"'Darkroom' announces no outcomes\. Set `events` and deploy"):
        find_event_queues(pipeline)
    with pytest.raises(UsageError, match=r"announces no outcomes\. Stop `darkroom up` and start it again with --log"):
        find_event_queues(replace(pipeline, endpoint_url="http://127.0.0.1:4566"))
