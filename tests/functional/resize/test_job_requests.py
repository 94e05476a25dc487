"""A job asks of S3 what the simulation counts for its kind."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from unittest.mock import ANY

import pytest

from simulation.costs import load_prices
from simulation.experiments.job_requests import job_requests, to_table
from stacks.config.config import Config
from support.function.buckets import Buckets

READS = ("GetObject", "HeadObject")
WRITES = ("PutObject", "ListObjectsV2")
KEY = "cat.jpg"


def fresh(world: Buckets) -> Callable[[], object]:
    upload = world.upload(KEY, b"cat")
    return lambda: world.deliver(upload)


def replacing(world: Buckets) -> Callable[[], object]:
    world.deliver(world.upload(KEY, b"old"))
    return fresh(world)


def done(world: Buckets) -> Callable[[], object]:
    upload = world.upload(KEY, b"cat")
    world.deliver(upload)
    return lambda: world.deliver(upload)


def superseded(world: Buckets, *, is_late: bool = False) -> Callable[[], object]:
    world.deliver(world.upload("other.jpg", b"so that each folder is there"))
    older = world.upload(KEY, b"old")
    world.upload(KEY, b"new")
    return lambda: world.deliver(older, is_late=is_late)


def superseded_again(world: Buckets) -> Callable[[], object]:
    return superseded(world, is_late=True)


def cut_short(world: Buckets) -> Callable[[], object]:
    world.deliver(world.upload("other.jpg", b"so that each folder is there"))
    upload = world.upload(KEY, b"cat")
    return lambda: world.deliver(upload, is_late=True)


def old_version(world: Buckets) -> Callable[[], object]:
    older, newer = world.upload(KEY, b"old"), world.upload(KEY, b"new")
    world.deliver(newer)
    gone = world.delete_version(KEY, older.version_id)
    return lambda: world.deliver(gone)


def folder(world: Buckets) -> Callable[[], object]:
    marker = world.upload("photos/", b"")
    return lambda: world.deliver(marker)


KINDS = (fresh, replacing, done, superseded, superseded_again, cut_short, old_version, folder)


@pytest.mark.parametrize("place", range(len(KINDS)), ids=[kind.__name__ for kind in KINDS])
def test_a_job_asks_of_s3_what_is_counted_for_its_kind(place: int, world: Buckets) -> None:
    world.settings = replace(world.settings, variants=Config().variants)
    deliver = KINDS[place](world)
    made: Counter[str] = Counter()
    world.client.meta.events.register("before-call.s3", lambda model, **_: made.update([model.name]))

    deliver()

    counted = job_requests(Config())[place]
    assert (sum(made[name] for name in READS), sum(made[name] for name in WRITES)) == (counted.reads, counted.writes)


def test_every_kind_is_counted_and_priced() -> None:
    kinds = job_requests(Config())

    assert len(kinds) == len(KINDS)
    assert to_table(Config(), load_prices()).rows[0] == ("a fresh upload", "2", "4", ANY)
    assert kinds[0].usd(load_prices()) == pytest.approx(2 * 0.4 + 4 * 5)
