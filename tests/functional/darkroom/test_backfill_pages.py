"""A backfill page by page: listings, inventories, and a checkpoint to go on from."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from darkroom.backfill.backfill import backfill
from darkroom.backfill.checkpoint import Checkpoint
from darkroom.backfill.listing import read_inventory
from darkroom.backfill.selection import Decision
from darkroom.errors import DarkroomError, UsageError
from darkroom.pipeline.client import Pipeline
from support.command.backfills import FAST, inventory, jobs, planner, whole
from support.function.buckets import Buckets


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of two rows, so that a few make several."""
    monkeypatch.setattr("darkroom.backfill.listing._PAGE", 2)


def begin(pages: Iterator[Counter[Decision]]) -> None:
    """Do the first page, and go away."""
    next(pages)


@pytest.mark.usefixtures("small_pages")
def test_a_backfill_that_was_cut_off_goes_on_behind_what_is_done(
    world: Buckets, pipeline: Pipeline, tmp_path: Path
) -> None:
    keys = [f"{number}.jpg" for number in range(5)]
    for key in keys:
        world.upload(key, b"1")
    uploads = whole(world, pipeline, inventory(tmp_path, *keys))
    checkpoint = Checkpoint(file=tmp_path / "backfill.json", backfill={"prefix": ""})

    begin(backfill(uploads, planner(world, pipeline), checkpoint, FAST))
    first = [job.key for job in jobs(pipeline)]
    rest = list(backfill(uploads, planner(world, pipeline), checkpoint, FAST))

    assert first == keys[:2]
    assert sum(page.total() for page in rest) == 3
    assert [job.key for job in jobs(pipeline)] == keys[2:]
    assert not (tmp_path / "backfill.json").exists()


def test_a_page_whose_jobs_are_not_all_sent_is_not_noted_as_done(
    world: Buckets, pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.upload("a.jpg", b"1")
    checkpoint = Checkpoint(file=tmp_path / "backfill.json", backfill={})

    def refuse(*_: object) -> None:
        raise DarkroomError("refused")

    monkeypatch.setattr("darkroom.pipeline.sqs.send", refuse)
    with pytest.raises(DarkroomError, match="refused"):
        list(
            backfill(
                whole(world, pipeline),
                planner(world, pipeline),
                checkpoint,
                FAST,
            )
        )

    assert checkpoint.read() is None


def test_a_listing_goes_on_behind_the_last_key(world: Buckets, pipeline: Pipeline) -> None:
    for key in ("a.jpg", "b.jpg", "c.jpg", "d/e.jpg"):
        world.upload(key, b"1")

    pages = [*whole(world, pipeline).pages("b.jpg")]

    assert [listed.key for page in pages for listed in page.keys] == ["c.jpg", "d/e.jpg"]


def test_a_checkpoint_of_another_backfill_is_refused_with_what_differs(tmp_path: Path) -> None:
    file = tmp_path / "backfill.json"
    Checkpoint(file=file, backfill={"prefix": "a/", "all": False}).write("a/7.jpg")

    with pytest.raises(UsageError, match=r"its prefix was 'a/', and is 'b/' now"):
        Checkpoint(file=file, backfill={"prefix": "b/", "all": False}).read()
    assert Checkpoint(file=file, backfill={"prefix": "a/", "all": False}).read() == "a/7.jpg"


def test_a_file_that_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    (tmp_path / "backfill.json").write_text("[]")

    with pytest.raises(UsageError, match="is no checkpoint of a backfill"):
        Checkpoint(file=tmp_path / "backfill.json", backfill={}).read()


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("name", ["inventory.csv", "inventory.csv.gz"])
def test_an_inventory_tells_each_key_once_decoded_and_by_prefix(tmp_path: Path, name: str) -> None:
    file = inventory(tmp_path, "pets/a b+ü.jpg", "pets/cat.jpg", "pets/cat.jpg", "pets/cat.jpg", "zoo/1.jpg", name=name)

    pages = [*read_inventory(file, "uploads", "pets/", None)]

    assert [listed.key for page in pages for listed in page.keys] == ["pets/a b+ü.jpg", "pets/cat.jpg"]
    assert [page.position for page in pages] == ["2", "4", "5"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b'"other","a.jpg"\n', "row 1: it is of the bucket 'other', not of 'uploads'"),
        (b'"uploads"\n', "row 1: expected a bucket and a key"),
        (b'"uploads","%ff"\n', "cannot be read"),
        (b"PAR1\xff\xfe", "cannot be read"),
    ],
)
def test_a_file_that_is_no_inventory_of_the_bucket_is_refused(tmp_path: Path, text: bytes, told: str) -> None:
    (tmp_path / "inventory.csv").write_bytes(text)

    with pytest.raises(UsageError, match=told):
        list(read_inventory(tmp_path / "inventory.csv", "uploads", "", None))
