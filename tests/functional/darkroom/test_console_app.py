"""What the console answers its page: uploads taken, pictures shown, dead letters redriven."""

import asyncio
import json
from asyncio import Barrier
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import uuid4

import pytest

from darkroom.console import app
from darkroom.console.multipart import KeyTakenError, TooLargeError, receive
from darkroom.console.upload_keys import UploadKeys
from darkroom.pipeline.client import Pipeline
from darkroom.uploads.etag import PART_BYTES
from support.command.console_app import LIMIT, Parts, parts_for, rows, told, upload_of
from support.function.buckets import Buckets
from support.imaging.images import rendered
from support.imaging.pictures import jpeg

ID = "5f0c6b5a-9a3f-4f6e-8b0a-000000000001"


def keys(world: Buckets, bucket: str = "uploads") -> list[str]:
    return [item["Key"] for item in world.client.list_objects_v2(Bucket=bucket).get("Contents", [])]


def unfinished(world: Buckets) -> list[str]:
    """Multipart uploads that were begun and neither completed nor given up."""
    return [upload["Key"] for upload in world.client.list_multipart_uploads(Bucket="uploads").get("Uploads", [])]


async def pieces(*contents: bytes) -> AsyncIterator[bytes]:
    for content in contents:
        yield content


@pytest.mark.parametrize("length", [0, 5, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES + 17])
def test_an_upload_arrives_whole_whatever_its_length(world: Buckets, parts: Parts, length: int) -> None:
    content = bytes(range(256)) * (length // 256 + 1)

    answer = upload_of(parts.browser(), content[:length])

    assert (answer.status_code, answer.json()) == (201, {"id": ID})
    stored = world.client.get_object(Bucket="uploads", Key="console/cat.jpg")
    assert stored["Body"].read() == content[:length]
    assert [(row["id"], row["key"], row["size"], row["stage"]) for row in rows(parts)] == [
        (ID, "console/cat.jpg", length, "queued")
    ]


def test_a_strange_name_is_its_key(world: Buckets, parts: Parts) -> None:
    browser = parts.browser()
    names = ["<img src=x onerror=alert(1)>.jpg", "\u202egpj.exe", "a b+%/c.jpg", "n" * 1000]

    answers = [upload_of(browser, b"x", name=name, row_id=str(uuid4())).status_code for name in names]

    assert answers == [201] * 4
    assert set(keys(world)) == {f"console/{name}" for name in names}


def test_files_of_one_name_get_keys_of_their_own_and_what_was_there_stays(world: Buckets, parts: Parts) -> None:
    browser = parts.browser()

    for content in (b"first", b"second", b"third"):
        assert upload_of(browser, content, name="a.b/cat.jpg", row_id=str(uuid4())).status_code == 201

    stored = {key: world.client.get_object(Bucket="uploads", Key=key)["Body"].read() for key in keys(world)}
    assert stored == {
        "console/a.b/cat.jpg": b"first",
        "console/a.b/cat-2.jpg": b"second",
        "console/a.b/cat-3.jpg": b"third",
    }
    assert {row["key"] for row in rows(parts)} == set(stored)


def test_files_of_one_name_that_come_at_the_same_time_get_keys_of_their_own(world: Buckets) -> None:
    async def both() -> set[str]:
        upload_keys = UploadKeys(world.client, "uploads")
        together = Barrier(2)

        async def one() -> str:
            async with upload_keys.claim("cat.jpg") as key:
                await together.wait()
                return key

        return set(await asyncio.gather(one(), one()))

    assert asyncio.run(both()) == {"cat.jpg", "cat-2.jpg"}


@pytest.mark.parametrize("length", [5, PART_BYTES + 1])
def test_an_object_that_came_meanwhile_is_not_written_over(world: Buckets, length: int) -> None:
    world.client.put_object(Bucket="uploads", Key="cat.jpg", Body=b"of somebody else")

    with pytest.raises(KeyTakenError):
        asyncio.run(receive(pieces(bytes(length)), s3=world.client, bucket="uploads", key="cat.jpg", limit=LIMIT))

    assert world.client.get_object(Bucket="uploads", Key="cat.jpg")["Body"].read() == b"of somebody else"
    assert unfinished(world) == []


def test_an_upload_that_did_not_come_about_begins_again_under_its_id(world: Buckets, parts: Parts) -> None:
    browser = parts.browser()
    assert upload_of(browser, bytes(LIMIT + 1)).status_code == 413

    answers = [upload_of(browser, b"whole").status_code for _ in range(2)]

    assert answers == [201, 409]
    assert keys(world) == ["console/cat.jpg"]
    assert [row["stage"] for row in rows(parts)] == ["queued"]


def test_a_name_that_is_none_is_refused(world: Buckets, parts: Parts) -> None:
    browser = parts.browser()

    for name in ("", "n" * 1020, "..", ".", "a/../b", "a//b", "/a", "a/"):
        answer = upload_of(browser, b"x", name=name)
        assert (name, answer.status_code) == (name, 400)
        assert "name" in answer.json()["error"]
    assert keys(world) == []


def test_an_id_that_is_none_is_refused(parts: Parts) -> None:
    browser = parts.browser()

    assert {upload_of(browser, b"x", row_id=row_id).status_code for row_id in ("1", "../x", "<b>")} == {400}


def test_an_id_is_for_one_upload(parts: Parts) -> None:
    browser = parts.browser()

    assert [upload_of(browser, b"x").status_code for _ in range(2)] == [201, 409]


def test_an_upload_that_says_to_be_too_large_is_refused_before_it_comes(world: Buckets, pipeline: Pipeline) -> None:
    parts = parts_for(pipeline, limit=4)

    answer = upload_of(parts.browser(), b"12345")

    assert (answer.status_code, answer.json()) == (413, {"error": "An image may weigh 4 bytes."})
    assert keys(world) == []
    (row,) = rows(parts)
    assert (row["stage"], row["meaning"]) == ("not_uploaded", "An image may weigh 4 bytes.")


def test_an_upload_that_does_not_say_how_long_it_is_is_refused(world: Buckets, parts: Parts) -> None:
    assert upload_of(parts.browser(), iter([b"x"])).status_code == 411
    assert keys(world) == []


@pytest.mark.parametrize("limit", [10, PART_BYTES, 2 * PART_BYTES + 10])
def test_more_than_the_limit_is_never_stored_and_leaves_nothing_behind(world: Buckets, limit: int) -> None:
    body = pieces(*[bytes(1024 * 1024)] * 32)

    with pytest.raises(TooLargeError):
        asyncio.run(receive(body, s3=world.client, bucket="uploads", key="big", limit=limit))

    assert (keys(world), unfinished(world)) == ([], [])


def test_an_upload_that_is_broken_off_leaves_nothing_behind(world: Buckets) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield bytes(3 * PART_BYTES)
        raise ConnectionError

    with pytest.raises(ConnectionError):
        asyncio.run(receive(broken(), s3=world.client, bucket="uploads", key="big", limit=LIMIT * 9))

    assert (keys(world), unfinished(world)) == ([], [])


def test_where_s3_refuses_the_page_is_told_why(world: Buckets, parts: Parts) -> None:
    world.client.delete_bucket(Bucket="uploads")

    answer = upload_of(parts.browser(), b"x")

    assert answer.status_code == 502
    assert "NoSuchBucket" in answer.json()["error"]
    assert rows(parts)[0]["stage"] == "not_uploaded"


def test_no_credential_and_no_signed_address_is_told(parts: Parts) -> None:
    upload_of(parts.browser(), b"x")

    said = json.dumps(told(parts)).lower()

    assert not [word for word in ("amz-", "signature", "secret", "accesskey", '"test"') if word in said]


def resized(world: Buckets, parts: Parts) -> list[str]:
    """Upload an image, do its job, and wait until the console has seen it; where it has the pictures."""
    upload_of(parts.browser(), jpeg(64, 48))
    version_id = world.client.head_object(Bucket="uploads", Key="console/cat.jpg")["VersionId"]
    event = replace(world.upload("other", b""), key="console/cat.jpg", version_id=version_id)
    world.deliver(event, lambda source: rendered(source, *world.settings.variants))

    async def follow() -> list[str]:
        running = asyncio.create_task(parts.uploads.run())
        async for updates in parts.feed.subscribe(rest=60):
            for row in [json.loads(update.text) for update in updates if update.topic == "upload"]:
                if row["stage"] == "resized":
                    running.cancel()
                    return [picture["path"] for picture in row["pictures"]]
        raise AssertionError("the feed ended")

    return asyncio.run(asyncio.wait_for(follow(), 60))


def test_a_variant_is_served_as_the_very_bytes_that_the_manifest_tells_of(world: Buckets, parts: Parts) -> None:
    large, _ = resized(world, parts)

    answer = parts.browser().get(large)

    stored = world.client.get_object(Bucket="derived", Key="large/console/cat.jpg.webp")["Body"].read()
    assert (answer.status_code, answer.content) == (200, stored)
    assert answer.headers["content-type"] == "image/webp"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["cache-control"] == "private, max-age=3600, immutable"


def test_a_variant_that_was_replaced_or_never_was_is_not_found(world: Buckets, parts: Parts) -> None:
    large, thumb = resized(world, parts)
    world.client.put_object(Bucket="derived", Key="large/console/cat.jpg.webp", Body=b"<html>")
    world.client.delete_object(Bucket="derived", Key="thumb/console/cat.jpg.webp")
    browser = parts.browser()

    paths = (large, thumb, f"/uploads/{ID}/huge", "/uploads/other/large", f"/uploads/{ID}/manifests")
    assert [browser.get(path).status_code for path in paths] == [404] * 5


def test_what_is_no_list_of_ids_is_refused(parts: Parts) -> None:
    browser = parts.browser()
    bodies = (b"", b"{}", b"[1]", b'"a"', b"[[]]", b"\xff", b"[" * 5000)

    for path in ("/redrive", "/discard"):
        assert [browser.post(path, content=body).status_code for body in bodies] == [400] * 7


def test_a_list_that_no_page_would_send_is_refused_before_all_of_it_is_read(parts: Parts) -> None:
    assert parts.browser().post("/redrive", content=b"[" + b'"a",' * 100_000).status_code == 413


def test_the_stream_begins_with_all_that_holds(parts: Parts) -> None:
    upload_of(parts.browser(), b"x")
    parts.feed.end()

    answer = parts.browser().get("/events")

    assert answer.headers["content-type"].startswith("text/event-stream")
    first = json.loads(answer.text.removeprefix("data: ").split("\n\n")[0])
    assert first["whole"] is True
    assert [update["topic"] for update in first["facts"]] == ["pipeline", "upload"]


def test_only_so_many_pages_are_told(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "MOST_PAGES", 0)

    answer = parts.browser().get("/events")

    assert (answer.status_code, answer.json()) == (503, {"error": "Too many pages are open. Close some."})


def test_only_so_many_uploads_are_taken_at_once(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "MOST_UPLOADS", 0)

    assert upload_of(parts.browser(), b"x").status_code == 503
