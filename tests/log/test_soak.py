"""Outcomes through the whole pipeline while what announces them is killed: some hundreds, or as many as OUTCOMES says.

S3's events, the jobs queue, resize, the queue of events, announce, a real broker, and its readers.
"""

import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from darkroom.event_log.installation import Installation
from darkroom.loopback import HOST, free_port
from darkroom.outbox.manifests import StandingManifests
from support.command.polling import eventually
from support.events.announced_pipeline import IMPATIENT_SECONDS, AnnouncedPipeline, announced_pipeline
from support.events.event_log import TOPIC, Log, broker_with_topic, first_occurrences
from support.events.reader_programs import catalog_rows, follow, verify_audit
from support.function.faulty import ended_jobs
from support.imaging.pictures import jpeg

OUTCOMES = int(os.environ.get("OUTCOMES", "300"))
KILLS = 3
# What becomes of each key in turn: resized, replaced, rejected, removed, and there again.
LIFE = (jpeg(color="red"), jpeg(color="blue"), b"no image", None, jpeg(color="lime"))
KEYS = OUTCOMES // len(LIFE)
# Far fewer than there are keys: a job is done before its key's next change, or that would supersede it.
MOST_WAITING = KEYS // 3

_LOOK_EVERY = 10
_PATIENCE_SECONDS = 150 + OUTCOMES


@pytest.mark.timeout(0)
def test_no_outcome_is_lost_or_inverted_though_brokers_and_announce_are_killed_three_times_on_its_way(
    assembly: Path, kafka: Installation, tmp_path: Path
) -> None:
    """The readers: a catalog from the start, one that is stopped for half of it, one that starts last, and an audit."""
    port = free_port()
    log = Log(bootstrap=f"{HOST}:{port}", topic=TOPIC)
    first, half, last, audit = (tmp_path / name for name in ("first", "half", "last", "audit"))
    emulator_log = tmp_path / "emulator.log"
    with announced_pipeline(assembly, log, emulator_log, announce_seconds=IMPATIENT_SECONDS) as announced:
        for part in range(KILLS):
            begun, gone = part_of(OUTCOMES, part)
            with broker_with_topic(kafka, tmp_path, "data", port=port) as (broker, _):
                follow(log, "catalog", first)
                if part == KILLS // 2:
                    follow(log, "catalog", half)
                change(announced, begun)
                broker.kill()
                announced.kill_announce()
                change(announced, gone)
                eventually(lambda: announced.waiting() > 0, seconds=_PATIENCE_SECONDS)
        with broker_with_topic(kafka, tmp_path, "data", port=port):
            for numbers in part_of(OUTCOMES, KILLS):
                change(announced, numbers)
            announced.wait_until_announced(_PATIENCE_SECONDS)
            for reader in (first, half, last):
                follow(log, "catalog", reader)
            follow(log, "audit", audit)
            written, (_, told) = log.read(), verify_audit(log, audit)
        standing = [event for page in manifests(announced).events() for event in page if event is not None]
        superseded = sum(line["outcome"] == "superseded" for line in ended_jobs(announced.pipeline))
        dead = announced.faulty.dead_letters()

    assert first_occurrences(written) == {event.key: list(range(1, event.revision + 1)) for event in standing}
    assert {event.id for event in standing} <= {each["id"] for each in written}
    assert len({each["id"] for each in written}) >= KEYS * len(LIFE) - superseded
    assert (dead, told["findings"]) == ([], [])
    assert catalog_rows(first) == catalog_rows(half) == catalog_rows(last)
    assert {row["outcome"] for row in catalog_rows(last)} == {"resized"}
    assert len(catalog_rows(last)) == KEYS


def part_of(whole: int, part: int) -> tuple[range, range]:
    """One of the parts between kills: what is changed before a kill, and a tenth that is while nothing is announced."""
    first, end = (each * whole // (KILLS + 1) for each in (part, part + 1))
    killed = end - (end - first) // 10
    return range(first, killed), range(killed, end)


def change(announced: AnnouncedPipeline, numbers: Iterable[int]) -> None:
    """Upload and delete, each key in its turn, as fast as the pipeline follows."""
    for number in numbers:
        if number % _LOOK_EVERY == 0:
            eventually(lambda: announced.faulty.waiting() < MOST_WAITING, seconds=_PATIENCE_SECONDS)
        name, body = f"{number % KEYS:05}.jpg", LIFE[number // KEYS]
        if body is None:
            announced.faulty.delete(name)
        else:
            announced.faulty.upload(name, body)


def manifests(announced: AnnouncedPipeline) -> StandingManifests:
    """All that stand."""
    return StandingManifests(pipeline=announced.pipeline, source=announced.queues.source)
