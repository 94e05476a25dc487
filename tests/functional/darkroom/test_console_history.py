"""What the console shows of uploads that were there before it was started, from the buckets alone."""

import asyncio
import json
from typing import Any

import pytest

from darkroom.console.history import read_history
from darkroom.errors import DarkroomError
from darkroom.pipeline.client import Pipeline
from darkroom.uploads.outcomes import Failure
from support.command.console_app import Parts, parts_for, upload_of
from support.function.buckets import Buckets
from support.function.events import s3_body, s3_record
from support.imaging.images import rendered
from support.imaging.pictures import jpeg


@pytest.fixture
def parts(pipeline: Pipeline) -> Parts:
    """A console that has just been started."""
    return parts_for(pipeline)


def rows(parts: Parts) -> dict[str, dict[str, Any]]:
    """What a page that is opened now is told of uploads, by key."""

    async def hear() -> dict[str, dict[str, Any]]:
        updates = [
            json.loads(update.text) for update in await anext(parts.feed.subscribe(rest=60)) if update.topic == "upload"
        ]
        return {row["key"]: row for row in updates}

    return asyncio.run(hear())


def test_uploads_and_their_outcomes_are_read_from_the_buckets(world: Buckets, pipeline: Pipeline, parts: Parts) -> None:
    world.deliver(world.upload("console/a.jpg", jpeg()), lambda source: rendered(source, *world.settings.variants))
    world.upload("console/waits.jpg", b"third")
    world.upload("elsewhere/b.jpg", b"of somebody else")
    world.client.put_object(Bucket="uploads", Key="console/", Body=b"")
    deleted = world.upload("console/deleted.jpg", b"gone")
    world.deliver(deleted)
    world.delete("console/deleted.jpg")

    parts.uploads.restore(read_history(pipeline, "console/"))

    shown = rows(parts)
    assert {key: row["stage"] for key, row in shown.items()} == {
        "console/a.jpg": "resized",
        "console/waits.jpg": "queued",
    }
    assert [picture["variant"] for picture in shown["console/a.jpg"]["pictures"]] == ["large", "thumb"]
    picture = parts.browser().get(shown["console/a.jpg"]["pictures"][0]["path"])
    assert picture.status_code == 200


def test_a_manifest_of_other_bytes_is_no_outcome_of_what_is_there(
    world: Buckets, pipeline: Pipeline, parts: Parts
) -> None:
    world.deliver(world.upload("console/a.jpg", b"first"))
    world.upload("console/a.jpg", b"second")

    parts.uploads.restore(read_history(pipeline, "console/"))

    assert rows(parts)["console/a.jpg"]["stage"] == "queued"


def test_the_newest_are_read_where_there_are_too_many(world: Buckets, pipeline: Pipeline) -> None:
    for number in range(7):
        world.upload(f"console/{number}.jpg", b"x")

    past = read_history(pipeline, "console/", limit=3)

    assert len(past) == 3
    assert [each.modified for each in past] == sorted(each.modified for each in past)


def test_there_may_be_none(world: Buckets, pipeline: Pipeline) -> None:
    assert world
    assert read_history(pipeline, "console/") == ()


def test_what_is_uploaded_while_the_history_is_read_is_shown_once(
    world: Buckets, pipeline: Pipeline, parts: Parts
) -> None:
    assert world
    upload_of(parts.browser(), jpeg())

    parts.uploads.restore(read_history(pipeline, "console/"))

    assert len(rows(parts)) == 1


@pytest.mark.parametrize("letters_first", [True, False])
def test_an_upload_whose_job_is_a_dead_letter_is_shown_as_failed(
    world: Buckets, pipeline: Pipeline, parts: Parts, letters_first: bool
) -> None:
    version_id = world.upload("console/a.jpg", b"first").version_id
    body = s3_body(s3_record("console/a.jpg", version_id=version_id))
    pipeline.client("sqs").send_message(QueueUrl=pipeline.dead_letter_queue_url, MessageBody=body)

    async def look() -> str:
        if not letters_first:
            parts.uploads.restore(read_history(pipeline, "console/"))
        tasks = [asyncio.create_task(parts.dead_letters.run()), asyncio.create_task(parts.uploads.run())]
        parts.dead_letters.counted(1)
        async for updates in parts.feed.subscribe(rest=60):
            topics = {update.topic for update in updates}
            if letters_first and "dead_letters" in topics:
                parts.uploads.restore(read_history(pipeline, "console/"))
            ended = [json.loads(update.text) for update in updates if update.topic == "upload"]
            if any(row["stage"] == "failed" for row in ended):
                for task in tasks:
                    task.cancel()
                return str(ended[-1]["reason"])
        raise AssertionError("the feed ended")

    assert asyncio.run(asyncio.wait_for(look(), 60)) == Failure.DEAD_LETTER


def test_where_s3_does_not_answer_that_is_said(pipeline: Pipeline, world: Buckets) -> None:
    world.client.delete_bucket(Bucket="uploads")

    with pytest.raises(DarkroomError, match="Listing the uploads failed"):
        read_history(pipeline, "console/")
