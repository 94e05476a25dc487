"""The console's dead letters: their images, their redrive, and what is saved before they go."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from darkroom.dlq.attempts import Cause
from darkroom.dlq.causes import Failures, JobFailure
from darkroom.dlq.queue import DeadLetterMessage, ReceivedMessages
from darkroom.errors import DarkroomError
from darkroom.pipeline.client import Pipeline
from support.command.console_app import Parts, rows, told
from support.function.buckets import Buckets
from support.function.events import s3_body, s3_record
from support.imaging.images import encoded, quadrants
from support.imaging.pictures import jpeg

pytestmark = pytest.mark.long


def message(pipeline: Pipeline, parts: Parts, body: str) -> str:
    """A dead letter that the console shows; its id."""
    sent = pipeline.client("sqs").send_message(QueueUrl=pipeline.dead_letter_queue_url, MessageBody=body)

    async def look() -> None:
        running = asyncio.create_task(parts.dead_letters.run())
        parts.dead_letters.counted(1)
        updates = parts.feed.subscribe(rest=60)
        while not any(update.topic == "dead_letters" for update in await anext(updates)):
            pass
        running.cancel()

    asyncio.run(asyncio.wait_for(look(), 60))
    return str(sent["MessageId"])


def about(world: Buckets, content: bytes, **record: Any) -> str:
    """A message about an upload of this content."""
    version = world.client.put_object(Bucket="uploads", Key="cat.jpg", Body=content, ContentType="text/html")
    return s3_body(s3_record("cat.jpg", version_id=version["VersionId"], **record))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF"])
def test_the_image_of_a_dead_letter_is_served_as_what_its_bytes_are(
    world: Buckets, pipeline: Pipeline, parts: Parts, kind: str
) -> None:
    content = encoded(quadrants(), kind)
    message_id = message(pipeline, parts, about(world, content))

    answer = parts.browser().get(f"/dead-letters/{message_id}/image")

    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["content-type"] == f"image/{kind.lower()}"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "content",
    [b"", b"<html><script>alert(1)</script>", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7", b"II*\0"],
)
def test_what_a_browser_would_not_show_as_an_image_is_never_served(
    world: Buckets, pipeline: Pipeline, parts: Parts, content: bytes
) -> None:
    message_id = message(pipeline, parts, about(world, content))

    answer = parts.browser().get(f"/dead-letters/{message_id}/image")

    assert answer.status_code == 415
    assert content == b"" or content not in answer.content


def test_the_version_that_failed_is_shown_and_not_a_newer_one(world: Buckets, pipeline: Pipeline, parts: Parts) -> None:
    message_id = message(pipeline, parts, about(world, jpeg(8, 8)))
    world.upload("cat.jpg", jpeg(16, 16))

    assert parts.browser().get(f"/dead-letters/{message_id}/image").content == jpeg(8, 8)


@pytest.mark.parametrize("record", [{"bucket": "derived"}, {"event": "ObjectRemoved:Delete"}])
def test_a_message_cannot_make_the_console_read_what_is_no_upload_of_this_pipeline(
    world: Buckets, pipeline: Pipeline, parts: Parts, record: dict[str, str]
) -> None:
    world.client.put_object(Bucket="derived", Key="cat.jpg", Body=jpeg())
    message_id = message(pipeline, parts, about(world, jpeg(), **record))

    assert parts.browser().get(f"/dead-letters/{message_id}/image").status_code == 404
    assert [value["groups"][0]["letters"][0]["path"] for topic, value in told(parts) if topic == "dead_letters"] == [
        None
    ]


def test_a_letter_that_is_not_shown_has_no_image(parts: Parts) -> None:
    assert parts.browser().get("/dead-letters/unknown/image").status_code == 404


def test_redriving_moves_the_job_and_shows_its_upload_as_queued(
    world: Buckets, pipeline: Pipeline, parts: Parts
) -> None:
    body = about(world, jpeg())
    message_id = message(pipeline, parts, body)

    answer = parts.browser().post("/redrive", json=[message_id, "unknown"])

    assert (answer.status_code, answer.json()) == (200, {"moved": 1, "asked": 2})
    sqs = pipeline.client("sqs")
    assert [each["Body"] for each in sqs.receive_message(QueueUrl=pipeline.jobs_queue_url)["Messages"]] == [body]
    assert "Messages" not in sqs.receive_message(QueueUrl=pipeline.dead_letter_queue_url)
    assert [(row["key"], row["stage"]) for row in rows(parts)] == [("cat.jpg", "queued")]
    assert [value for topic, value in told(parts) if topic == "dead_letters"] == [{"groups": []}]


def test_where_redriving_fails_the_page_is_told_why_and_the_letter_stays(
    world: Buckets, pipeline: Pipeline, parts: Parts
) -> None:
    message_id = message(pipeline, parts, about(world, jpeg()))
    pipeline.client("sqs").delete_queue(QueueUrl=pipeline.jobs_queue_url)

    answer = parts.browser().post("/redrive", json=[message_id])

    assert answer.status_code == 502
    assert "NonExistentQueue" in answer.json()["error"]
    assert rows(parts) == []
    assert pipeline.client("sqs").receive_message(QueueUrl=pipeline.dead_letter_queue_url)["Messages"]


def test_discarding_saves_each_letter_in_the_users_state_folder_before_it_goes(
    world: Buckets, pipeline: Pipeline, parts: Parts, tmp_path: Path
) -> None:
    body = about(world, jpeg())
    message_id = message(pipeline, parts, body)

    answer = parts.browser().post("/discard", json=[message_id, "unknown"])

    (saved,) = (tmp_path / "darkroom" / "dead-letters").iterdir()
    assert (answer.status_code, answer.json()) == (200, {"discarded": 1, "asked": 2, "saved": str(saved)})
    assert [json.loads(line)["body"] for line in saved.read_text().splitlines()] == [body]
    assert saved.stat().st_mode & 0o777 == 0o600
    assert "Messages" not in pipeline.client("sqs").receive_message(QueueUrl=pipeline.dead_letter_queue_url)
    assert [value for topic, value in told(parts) if topic == "dead_letters"] == [{"groups": []}]


def test_what_cannot_be_saved_is_not_discarded(
    world: Buckets, pipeline: Pipeline, parts: Parts, tmp_path: Path
) -> None:
    message_id = message(pipeline, parts, about(world, jpeg()))
    (tmp_path / "darkroom").write_text("no folder")

    answer = parts.browser().post("/discard", json=[message_id])

    assert answer.status_code == 502
    assert "cannot be written to" in answer.json()["error"]
    assert pipeline.client("sqs").receive_message(QueueUrl=pipeline.dead_letter_queue_url)["Messages"]


def test_where_discarding_fails_halfway_the_page_is_told_where_the_others_are(
    world: Buckets, pipeline: Pipeline, parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    message_id = message(pipeline, parts, about(world, jpeg()))

    def refuse(*_: object) -> None:
        raise DarkroomError("1 dead letters could not be deleted (InternalError).")

    monkeypatch.setattr(ReceivedMessages, "delete", refuse)

    answer = parts.browser().post("/discard", json=[message_id])

    (saved,) = (tmp_path / "darkroom" / "dead-letters").iterdir()
    assert answer.status_code == 502
    assert str(saved) in answer.json()["error"]


def test_a_message_about_many_keys_does_not_fill_the_page(pipeline: Pipeline, parts: Parts) -> None:
    message(pipeline, parts, s3_body(*[s3_record(f"{number}.jpg") for number in range(300)]))

    (shown,) = [value["groups"][0]["letters"][0] for topic, value in told(parts) if topic == "dead_letters"]
    assert (len(shown["keys"]), shown["more_keys"]) == (5, 295)


def test_a_letter_is_told_with_its_attempts_and_the_looks_at_it_are_none_of_them(
    pipeline: Pipeline, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    told_by_log = JobFailure(cause=Cause(code="SandboxError", detail="no child"), attempts=3)
    monkeypatch.setattr(Failures, "of", lambda _, messages: {each.message_id: told_by_log for each in messages})

    for _ in range(2):
        message(pipeline, parts, s3_body(s3_record("cat.jpg")))

    groups = [value["groups"] for topic, value in told(parts) if topic == "dead_letters"]
    assert [group["code"] for group in groups[-1]] == ["SandboxError"]
    assert {shown["attempts"] for shown in groups[-1][0]["letters"]} == {3}


def test_what_the_log_told_is_kept_from_look_to_look(
    pipeline: Pipeline, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    keepers: list[Failures] = []

    def of(keeper: Failures, messages: Sequence[DeadLetterMessage]) -> dict[str, JobFailure]:
        keepers.append(keeper)
        cause = Cause(code="unknown", detail="")
        return {each.message_id: JobFailure(cause=cause, attempts=None) for each in messages}

    monkeypatch.setattr(Failures, "of", of)

    message_id = message(pipeline, parts, s3_body(s3_record("cat.jpg")))
    parts.browser().post("/redrive", json=[message_id])  # looks again, at the end

    assert len(keepers) == 2
    assert keepers[0] is keepers[1]
