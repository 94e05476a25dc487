"""A backfill of all that is in the uploads bucket, and the jobs that it sends."""

import gzip
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from contract.events import ObjectEvent
from contract.message_body import parse_body
from darkroom.backfill.backfill import UploadedKeys, backfill
from darkroom.backfill.checkpoint import Checkpoint
from darkroom.backfill.jobs import Planner
from darkroom.backfill.selection import Decision, Filter
from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.sqs import RateLimiter
from support.function.buckets import Buckets

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


FAST = RateLimiter(1_000_000)


def selection(world: Buckets) -> Filter:
    return Filter(recipe=world.settings.recipe, function_version=world.settings.function_version)


def whole(world: Buckets, pipeline: Pipeline, inventory: Path | None = None) -> UploadedKeys:
    """All that is in the uploads bucket, or in an inventory of it."""
    assert world
    return UploadedKeys(pipeline=pipeline, prefix="", inventory=inventory)


def planner(world: Buckets, pipeline: Pipeline, chosen: Filter | None = None) -> Planner:
    """What decides about each key."""
    return Planner(pipeline, world.settings, chosen or selection(world))


def no_checkpoint() -> Checkpoint:
    return Checkpoint(file=None, backfill={})


def run(world: Buckets, pipeline: Pipeline, *, everything: bool = False, rejected: bool = False) -> Counter[Decision]:
    """A whole backfill; the answer is what became of the keys."""
    chosen = replace(selection(world), everything=everything, rejected=rejected)
    counts: Counter[Decision] = Counter()
    for page in backfill(whole(world, pipeline), planner(world, pipeline, chosen), no_checkpoint(), FAST):
        counts.update(page)
    return counts


def jobs(pipeline: Pipeline) -> list[ObjectEvent]:
    """The jobs that wait in the queue, which nobody else can receive then."""
    sqs: SQSClient = pipeline.client("sqs")
    found: list[ObjectEvent] = []
    while messages := sqs.receive_message(QueueUrl=pipeline.jobs_queue_url, MaxNumberOfMessages=10).get("Messages"):
        found += [upload for message in messages for upload in parse_body(message["Body"])]
    return sorted(found, key=lambda upload: upload.key)


def inventory(folder: Path, *keys: str, name: str = "inventory.csv") -> Path:
    """Write an inventory of these keys, gzipped if its name says so."""
    file = folder / name
    text = "".join(f'"uploads","{quote(key)}","100"\n' for key in keys).encode()
    file.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    return file
