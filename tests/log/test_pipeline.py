"""Uploads through the whole pipeline to a real broker and its readers, and what fails on the way."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest
from typer.testing import CliRunner

from contract.events import EventType
from contract.keys import manifest_key
from darkroom.cli.commands import outbox
from darkroom.event_log.installation import Installation
from darkroom.outbox.queues import send_events
from support.command.polling import eventually
from support.command.program import darkroom
from support.events.announced_pipeline import IMPATIENT_SECONDS, AnnouncedPipeline, announced_pipeline
from support.events.announcements import image_event, noise
from support.events.event_log import Log, broker_with_topic, first_occurrences, set_topic
from support.events.reader_programs import at, catalog_rows, follow, verify_audit
from support.events.webhook_receiver import KEY, Receiver, receiver, secret
from support.imaging.pictures import jpeg

COLORS = ("red", "lime", "blue")
# How often announce has failed before a test goes on, or before SQS gives up.
TRIES = 2

RunEvents: TypeAlias = Callable[..., tuple[int, str]]


@pytest.fixture
def announced(assembly: Path, log: Log, tmp_path: Path) -> Iterator[AnnouncedPipeline]:
    """A pipeline that announces to this test's topic."""
    with announced_pipeline(assembly, log, tmp_path / "emulator.log") as made:
        yield made


@pytest.fixture
def run_events(monkeypatch: pytest.MonkeyPatch) -> RunEvents:
    """Run `darkroom events backfill`, `verify` or `dlq` on a pipeline: its exit status, and what it prints."""

    def run(announced: AnnouncedPipeline, *arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(outbox, "find_target", lambda **_: announced.pipeline)
        result = CliRunner().invoke(outbox.app, arguments)
        return result.exit_code, result.stdout

    return run


def log_file(log: Log, folder: Path) -> Path:
    """Write the log into a file, as `verify` asks for it."""
    told = darkroom("events", "tail", "--from", "beginning", "--once", "--json", *at(log), folder=folder)
    assert told.returncode == 0, told.stderr
    (folder / "log.jsonl").write_text(told.stdout, encoding="utf-8")
    return folder / "log.jsonl"


def subjects(log: Log) -> list[str]:
    return [each["subject"] for each in log.read()]


def newest(path: Path) -> dict[str, str]:
    """The outcome of each key in a catalog."""
    return {row["key"]: row["outcome"] for row in catalog_rows(path)}


def follow_all(log: Log, folder: Path, callbacks: Receiver) -> None:
    """Have every reader read to the end."""
    follow(log, "catalog", folder / "catalog")
    follow(log, "audit", folder / "audit")
    environment = {"WEBHOOK_URL": callbacks.url, "WEBHOOK_SECRETS": secret(KEY)}
    follow(log, "webhook", folder / "queue", "--allow-private", **environment)


def expire(announced: AnnouncedPipeline, name: str) -> None:
    """Put a delete marker on a key as a lifecycle rule does, which the emulator has none of."""
    announced.faulty.pause()
    announced.faulty.delete(name)
    [body] = announced.faulty.messages(1)
    message = json.loads(body)
    message["Records"][0]["eventName"] = EventType.EXPIRED.value
    announced.faulty.go_on()
    announced.faulty.send(json.dumps(message))


def let_manifest_expire(announced: AnnouncedPipeline, name: str) -> None:
    """Remove a manifest, as the bucket's rule does some days after the removal."""
    key = manifest_key(announced.faulty.key(name))
    announced.faulty.s3.delete_object(Bucket=announced.pipeline.derived_bucket, Key=key)


def test_removed_expired_and_uploaded_again_is_what_the_catalog_says(
    announced: AnnouncedPipeline, log: Log, tmp_path: Path
) -> None:
    seen = []

    def look() -> None:
        announced.wait_until_announced()
        follow(log, "catalog", tmp_path / "catalog")
        seen.append(newest(tmp_path / "catalog"))

    for name in ("deleted.jpg", "expired.jpg", "kept.jpg"):
        announced.faulty.upload(name, jpeg())
    look()
    expire(announced, "expired.jpg")
    announced.faulty.delete("deleted.jpg")
    look()
    for name in ("deleted.jpg", "expired.jpg"):
        let_manifest_expire(announced, name)
        announced.faulty.upload(name, jpeg(color="blue"))
    look()
    follow(log, "audit", tmp_path / "audit")

    there = dict.fromkeys(("deleted.jpg", "expired.jpg", "kept.jpg"), "resized")
    gone = there | dict.fromkeys(("deleted.jpg", "expired.jpg"), "removed")
    assert seen == [there, gone, there]
    revisions = {"deleted.jpg": [1, 2, 1], "expired.jpg": [1, 2, 1], "kept.jpg": [1]}
    assert {key: [int(each["sequence"]) for each in log.read() if each["subject"] == key] for key in there} == revisions
    assert verify_audit(log, tmp_path / "audit")[1]["findings"] == []


def test_brokers_that_are_gone_for_several_tries_of_announce_get_every_outcome_in_its_key_s_order(
    assembly: Path, kafka: Installation, run_events: RunEvents, tmp_path: Path
) -> None:
    names = ("a.jpg", "b.jpg", "c.jpg")
    with (
        broker_with_topic(kafka, tmp_path, "data") as (broker, log),
        announced_pipeline(assembly, log, tmp_path / "emulator.log", announce_seconds=IMPATIENT_SECONDS) as announced,
    ):
        for name in names:
            announced.faulty.upload(name, jpeg(color="red"))
        announced.wait_until_announced()
        broker.kill()
        for name in names:
            announced.faulty.upload(name, jpeg(color="blue"))
        announced.faulty.wait_until_done()  # or the deletion would supersede it
        announced.faulty.delete("c.jpg")
        eventually(lambda: len(announced.failures("a.jpg")) >= TRIES)
        meanwhile = announced.waiting()
        with broker_with_topic(kafka, tmp_path, "data", port=broker.port):
            announced.wait_until_announced()
            written = log.read()
            status, told = run_events(announced, "verify", str(log_file(log, tmp_path)))
            follow(log, "catalog", tmp_path / "catalog")

    assert meanwhile >= len(names)
    assert first_occurrences(written) == {"a.jpg": [1, 2], "b.jpg": [1, 2], "c.jpg": [1, 2, 3]}
    assert (status, told) == (0, "3 keys are as the log has them; 0 faults.\n")
    assert newest(tmp_path / "catalog") == {"a.jpg": "resized", "b.jpg": "resized", "c.jpg": "removed"}


def test_a_record_too_large_becomes_a_dead_letter_that_says_why_and_holds_up_its_own_key_alone(
    announced: AnnouncedPipeline, log: Log, run_events: RunEvents, tmp_path: Path
) -> None:
    """Its key's later outcome waits until it is a dead letter; redriven after that, it changes nothing."""
    set_topic(log, "max.message.bytes", "20000")
    announced.retry_events_after(2)
    large = image_event("large.jpg", 1, sequencer="0", detail=noise(100_000))
    send_events(announced.faulty.sqs, announced.queues.events_url, [large.to_json()], run="test")
    eventually(lambda: len(announced.failures("large.jpg")) > TRIES)  # so later ones are tried less often than it is
    for name in ("large.jpg", "other.jpg"):
        announced.faulty.upload(name, jpeg())
    eventually(lambda: "EarlierOfItsGroupFailed" in announced.failures("large.jpg") and subjects(log) != [])
    held_up = subjects(log)
    tried = announced.failures("large.jpg").count("KafkaError.MSG_SIZE_TOO_LARGE")
    announced.try_events(tried)
    announced.wait_until_announced()
    let_through = subjects(log)
    follow(log, "catalog", tmp_path / "catalog")
    before = catalog_rows(tmp_path / "catalog")
    _, listed = run_events(announced, "dlq", "--json")
    set_topic(log, "max.message.bytes", "1048588")
    run_events(announced, "dlq", "--redrive", "--yes")
    announced.wait_until_announced()
    follow(log, "catalog", tmp_path / "catalog")

    assert (held_up, sorted(let_through)) == (["other.jpg"], ["large.jpg", "other.jpg"])
    assert json.loads(listed)["key"] == "large.jpg"
    assert sorted(subjects(log)) == ["large.jpg", "large.jpg", "other.jpg"]
    assert catalog_rows(tmp_path / "catalog") == before


def test_events_that_are_announced_again_when_sqs_has_forgotten_them_change_nothing_for_any_reader(
    announced: AnnouncedPipeline, log: Log, tmp_path: Path
) -> None:
    """SQS drops what comes again within five minutes, by its deduplication id: these come under another."""
    for color in COLORS:
        announced.faulty.upload("a.jpg", jpeg(color=color))
        announced.wait_until_announced()
    announced.faulty.upload("b.jpg", jpeg())
    announced.faulty.wait_until_done()
    announced.faulty.delete("b.jpg")
    announced.wait_until_announced()
    with receiver() as callbacks:
        follow_all(log, tmp_path, callbacks)
        rows, ids = catalog_rows(tmp_path / "catalog"), list(callbacks.ids)
        first = log.read()
        again = [json.dumps(each) for each in first]
        send_events(announced.faulty.sqs, announced.queues.events_url, again, run="much later")
        announced.wait_until_announced()
        follow_all(log, tmp_path, callbacks)

    assert len(log.read()) == 2 * len(first)
    assert len(first) == len(ids) == len(COLORS) + 2
    assert catalog_rows(tmp_path / "catalog") == rows
    assert verify_audit(log, tmp_path / "audit")[1]["findings"] == []
    assert set(callbacks.ids) == set(ids)


def test_a_broker_that_comes_back_with_an_empty_disk_is_found_by_verify_and_filled_by_backfill(
    assembly: Path, kafka: Installation, run_events: RunEvents, tmp_path: Path
) -> None:
    with (
        broker_with_topic(kafka, tmp_path, "data") as (broker, log),
        announced_pipeline(assembly, log, tmp_path / "emulator.log", announce_seconds=IMPATIENT_SECONDS) as announced,
    ):
        for name in ("a.jpg", "b.jpg", "c.jpg"):
            announced.faulty.upload(name, jpeg())
        announced.faulty.wait_until_done()  # or the deletion would supersede it
        announced.faulty.delete("c.jpg")
        announced.wait_until_announced()
        follow(log, "catalog", tmp_path / "catalog")
        broker.kill()
        with broker_with_topic(kafka, tmp_path, "empty", port=broker.port):
            lost = run_events(announced, "verify", str(log_file(log, tmp_path)))
            run_events(announced, "backfill", "--yes")
            announced.wait_until_announced()
            found = run_events(announced, "verify", str(log_file(log, tmp_path)))
            follow(log, "catalog", tmp_path / "catalog")
            follow(log, "catalog", tmp_path / "new")

    assert (lost[0], lost[1].count("not_announced"), lost[1].splitlines()[-1]) == (
        1,
        3,
        "0 keys are as the log has them; 3 faults.",
    )
    assert found == (0, "3 keys are as the log has them; 0 faults.\n")
    assert newest(tmp_path / "new") == {"a.jpg": "resized", "b.jpg": "resized", "c.jpg": "removed"}
    assert catalog_rows(tmp_path / "new") == catalog_rows(tmp_path / "catalog")
