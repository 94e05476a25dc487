"""The consumer, on moto with a real sandbox: batches in, failed message ids out, logs and metrics on the way."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from PIL.PngImagePlugin import PngInfo

from contract.s3_notification import REQUESTED
from resize.consumer import Consumer
from resize.imaging.presets import parse_presets
from stacks.monitoring.queries import QUERIES, Query
from support.function.buckets import Buckets
from support.function.consumers import CONFINEMENT, context, counted, failed_ids, message, new_consumer
from support.function.events import s3_body, s3_record, sqs_event
from support.function.subversion import HOSTILE, subvert
from support.imaging.images import crashing_heic, encoded, exif, quadrants
from support.imaging.pictures import jpeg


def remark(text: str) -> PngInfo:
    """What a PNG says of itself."""
    info = PngInfo()
    info.add_text("Comment", text)
    return info


def test_a_batch_of_uploads_is_done_and_nothing_is_delivered_again(world: Buckets, consumer: Consumer) -> None:
    keys = [f"{number}.jpg" for number in range(10)]
    bodies = [message(world.upload(key, jpeg())) for key in keys]

    answer = consumer.handle(sqs_event(*bodies), context())

    assert failed_ids(answer) == []
    assert {world.manifest(key)["outcome"] for key in keys} == {"resized"}


BAD_BODIES = {
    "no JSON": "hello",
    "JSON of another shape": '{"hello": "world"}',
    "another bucket": s3_body(s3_record(bucket="elsewhere")),
    "another event": s3_body(s3_record(event="ObjectTagging:Put")),
}


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES)
def test_a_message_that_is_no_job_fails_alone(body: str, world: Buckets, consumer: Consumer) -> None:
    good = [message(world.upload(key, jpeg())) for key in ("a.jpg", "b.jpg")]

    answer = consumer.handle(sqs_event(good[0], body, good[1]), context())

    assert failed_ids(answer) == ["m1"]
    assert world.manifest("a.jpg")["outcome"] == world.manifest("b.jpg")["outcome"] == "resized"


def test_a_batch_that_fails_whole_is_reported_and_not_raised(consumer: Consumer) -> None:
    assert failed_ids(consumer.handle(sqs_event("x", "y"), context())) == ["m0", "m1"]


def test_the_test_event_is_a_success_with_nothing_to_do(world: Buckets, consumer: Consumer) -> None:
    answer = consumer.handle(sqs_event(json.dumps({"Event": "s3:TestEvent", "Bucket": "uploads"})), context())

    assert failed_ids(answer) == []
    assert world.derived() == {}


def test_every_record_of_a_message_is_done(world: Buckets, consumer: Consumer) -> None:
    records = [json.loads(message(world.upload(key, jpeg())))["Records"][0] for key in ("a.jpg", "b.jpg")]

    consumer.handle(sqs_event(s3_body(*records)), context())

    assert world.manifest("a.jpg")["outcome"] == world.manifest("b.jpg")["outcome"] == "resized"


BROKEN: dict[str, tuple[bytes, str]] = {
    "not an image": (b"I am a text", "unknown_format"),
    "empty": (b"", "empty"),
    "cut off": (jpeg(640, 480)[:-200], "corrupt"),
    "a script": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "unknown_format"),
}


@pytest.mark.parametrize(("body", "reason"), BROKEN.values(), ids=BROKEN)
def test_a_broken_image_is_an_outcome_and_its_message_is_done(
    body: bytes, reason: str, world: Buckets, consumer: Consumer
) -> None:
    good = message(world.upload("good.jpg", jpeg()))

    answer = consumer.handle(sqs_event(message(world.upload("bad.jpg", body)), good), context())

    assert failed_ids(answer) == []
    assert (world.manifest("bad.jpg")["outcome"], world.manifest("bad.jpg")["reason"]) == ("rejected", reason)
    assert world.manifest("good.jpg")["outcome"] == "resized"


def test_the_batch_mates_of_an_image_that_breaks_its_decoder_are_done_in_the_same_invocation(
    world: Buckets, consumer: Consumer
) -> None:
    bodies = {"one.jpg": jpeg(), "hostile.heic": crashing_heic(), "two.jpg": jpeg(), "three.jpg": jpeg()}
    messages = [message(world.upload(key, body)) for key, body in bodies.items()]

    answer = consumer.handle(sqs_event(*messages), context())

    assert failed_ids(answer) == []
    assert {key: (world.manifest(key)["outcome"], world.manifest(key)["reason"]) for key in bodies} == {
        "one.jpg": ("resized", None),
        "hostile.heic": ("rejected", "crashed"),
        "two.jpg": ("resized", None),
        "three.jpg": ("resized", None),
    }


# What the pictures below hold of a person or a program, and the environment of a credential.
CONFIDENTIAL = ("SecretCamera", "SecretRemark", "SecretKey")


def test_neither_logs_nor_manifests_hold_image_bytes_exif_or_credentials(
    world: Buckets,
    consumer: Consumer,
    log: StringIO,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "SecretKey")
    png = encoded(quadrants(), pnginfo=remark("SecretRemark"), exif=exif(6))
    bodies = {
        "good.jpg": encoded(quadrants(), "JPEG", exif=exif(6), comment=b"SecretRemark"),
        "good.png": png,
        "cut.jpg": encoded(quadrants(), "JPEG", exif=exif(6), comment=b"SecretRemark")[:-300],
        "spoiled.png": png.replace(b"IDAT", b"SecretRemark"),
        "text.jpg": b"SecretRemark",
        "gif.gif": b"GIF89aSecretRemark",
    }
    messages = [message(world.upload(key, body)) for key, body in bodies.items()]
    world.client.delete_object(Bucket="uploads", Key="good.png")

    consumer.handle(sqs_event(*messages, "no job"), context())

    told = [log.getvalue(), *capfd.readouterr(), *map(json.dumps, map(world.manifest, bodies))]
    assert '"outcome":"rejected"' in told[0]
    assert "job failed" in told[0]
    assert [word for word in CONFIDENTIAL if any(word in text for text in told)] == []


def test_an_image_with_the_wrong_extension_is_taken_for_what_its_bytes_are(world: Buckets, consumer: Consumer) -> None:
    consumer.handle(sqs_event(message(world.upload("picture.png", jpeg()))), context())

    assert world.manifest("picture.png")["source"]["format"] == "jpeg"


def test_an_image_over_the_byte_limit_is_rejected(world: Buckets, consumer: Consumer) -> None:
    limited = replace(world.settings, limits=replace(world.settings.limits, source_bytes=10))

    replace(consumer, settings=limited).handle(sqs_event(message(world.upload("big.jpg", jpeg()))), context())

    assert world.manifest("big.jpg")["reason"] == "too_many_bytes"


def test_nine_images_are_not_held_up_by_a_tenth_that_hangs(
    world: Buckets, log: StringIO, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is given up after its own time by the clock, in which the others may wait longer than they may take."""
    subvert(tmp_path, monkeypatch, "threading.Event().wait()")
    keys = [f"{number}.jpg" for number in range(9)]
    messages = [message(world.upload(key, jpeg())) for key in keys]
    messages.insert(2, message(world.upload("hostile.jpg", HOSTILE)))

    with new_consumer(world, log, "hanging", confinement=replace(CONFINEMENT, wall_seconds=2)) as consumer:
        answer = consumer.handle(sqs_event(*messages), context())

    assert failed_ids(answer) == []
    assert {world.manifest(key)["outcome"] for key in keys} == {"resized"}
    hostile = world.manifest("hostile.jpg")
    assert (hostile["outcome"], hostile["reason"]) == ("rejected", "timed_out")
    assert hostile["detail"] == "not rendered within 2 s"


@pytest.mark.parametrize(("seconds_left", "begun"), [(86, True), (84, False)])
def test_a_job_begins_only_while_it_may_take_three_times_its_processor_time_and_ten_seconds_for_storage(
    seconds_left: float, begun: bool, world: Buckets, consumer: Consumer
) -> None:
    body = message(world.upload("cat.jpg", jpeg()))

    answer = consumer.handle(sqs_event(body), context(seconds_left))

    assert failed_ids(answer) == ([] if begun else ["m0"])


def test_a_job_that_might_run_into_the_function_s_timeout_is_handed_back_at_once(
    world: Buckets, consumer: Consumer, log: StringIO
) -> None:
    body = message(world.upload("cat.jpg", jpeg()))

    answer = consumer.handle(sqs_event(body), context(seconds_left=20))

    assert failed_ids(answer) == ["m0"]
    assert world.derived() == {}
    assert "10 s are left" in log.getvalue()


def test_a_job_handed_back_for_lack_of_time_asks_s3_for_nothing_and_is_no_failure(
    world: Buckets, consumer: Consumer, capsys: pytest.CaptureFixture[str]
) -> None:
    body = message(world.upload("cat.jpg", jpeg()))
    nowhere = replace(consumer, client=world.client_that_is_answered("GetObject", 500, "InternalError", times=1000))

    answer = nowhere.handle(sqs_event(body), context(seconds_left=20))

    assert failed_ids(answer) == ["m0"]
    assert counted(capsys) == {}


def test_a_fault_of_the_world_hands_the_message_back(world: Buckets, consumer: Consumer, log: StringIO) -> None:
    elsewhere = replace(consumer, settings=replace(world.settings, derived_bucket="gone"))

    answer = elsewhere.handle(sqs_event(message(world.upload("cat.jpg", jpeg()))), context())

    assert failed_ids(answer) == ["m0"]
    assert "NoSuchBucket" in log.getvalue()


def lines_of(log: StringIO) -> list[dict[str, Any]]:
    return [json.loads(text) for text in log.getvalue().splitlines()]


def test_a_batch_leaves_one_line_that_tells_its_beginning(consumer: Consumer, log: StringIO) -> None:
    consumer.handle(sqs_event(*[json.dumps({"Event": "s3:TestEvent"})] * 10), context())

    (line,) = lines_of(log)
    assert (line["message"], line["function_request_id"]) == ("batch received", "r1")
    assert line["message_ids"].split() == [f"m{number}" for number in range(10)]


def test_a_failure_is_told_with_a_code_that_all_failures_of_its_kind_share(
    world: Buckets, consumer: Consumer, log: StringIO
) -> None:
    body = message(world.upload("cat.jpg", jpeg()))
    world.client.delete_bucket(Bucket="derived")

    consumer.handle(sqs_event("no JSON", body), context())

    told = {line["message_id"]: line for line in lines_of(log) if line["message"] == "job failed"}
    assert {name: line["error_code"] for name, line in told.items()} == {
        "m0": "MessageRefusedError",
        "m1": "StorageError.GetObject.NoSuchBucket",
    }
    assert {line["function_request_id"] for line in told.values()} == {"r1"}


def test_each_job_leaves_one_line_that_tells_its_end(world: Buckets, consumer: Consumer, log: StringIO) -> None:
    upload = world.upload("cat.jpg", jpeg())

    consumer.handle(sqs_event(message(upload)), context())

    _, line = lines_of(log)
    told = {name: line[name] for name in ("message_id", "key", "version", "outcome", "repeated")}
    assert told == {
        "message_id": "m0",
        "key": "cat.jpg",
        "version": upload.version_id,
        "outcome": "resized",
        "repeated": False,
    }
    assert line["milliseconds"] > 0


def test_a_job_that_a_backfill_asks_for_is_no_retry_however_old_its_upload_is(
    world: Buckets, consumer: Consumer
) -> None:
    upload = world.upload("cat.jpg", jpeg())
    (record,) = json.loads(message(upload))["Records"]
    sent = datetime.fromtimestamp(1795467000, tz=UTC)
    asked = record | {"eventTime": "2020-01-01T00:00:00Z", REQUESTED: sent.isoformat()}
    requests: list[str] = []
    world.client.meta.events.register("before-call.s3", lambda model, **_: requests.append(model.name))

    consumer.handle(sqs_event(s3_body(asked)), context())

    assert world.manifest("cat.jpg")["outcome"] == "resized"
    assert "ListObjectsV2" not in requests  # by which a retry finds what earlier attempts have written


def test_a_folder_s_marker_leaves_one_line_and_counts_as_nothing(
    world: Buckets, consumer: Consumer, log: StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = consumer.handle(sqs_event(message(world.upload("photos/", b""))), context())

    _, line = lines_of(log)
    assert failed_ids(answer) == []
    assert (line["message"], line["key"], line["outcome"], line["level"]) == ("job ended", "photos/", "folder", "INFO")
    assert counted(capsys) == {}


def test_a_key_without_variants_leaves_one_line_and_counts_as_nothing(
    world: Buckets, log: StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    world.settings = replace(world.settings, presets=parse_presets([{"prefix": "raw/", "variants": {}}]))
    with new_consumer(world, log, "presets") as consumer:
        answer = consumer.handle(sqs_event(message(world.upload("raw/a.tif", b"raw"))), context())

    _, line = lines_of(log)
    assert failed_ids(answer) == []
    assert (line["message"], line["key"], line["outcome"]) == ("job ended", "raw/a.tif", "no_variants")
    assert counted(capsys) == {}


def test_an_image_is_rendered_as_its_preset_says(world: Buckets, log: StringIO) -> None:
    presets = [{"prefix": "avatars/", "variants": {"small": {"width": 8, "format": "png"}}}]
    world.settings = replace(world.settings, presets=parse_presets(presets))
    with new_consumer(world, log, "presets") as consumer:
        consumer.handle(sqs_event(message(world.upload("avatars/u1.jpg", jpeg()))), context())

    (rendition,) = world.manifest("avatars/u1.jpg")["renditions"]
    assert (rendition["key"], rendition["width"]) == ("small/avatars/u1.jpg.png", 8)


@pytest.mark.parametrize(("seconds", "is_retry"), [(59, False), (61, True)])
@pytest.mark.parametrize("is_backfill", [False, True])
def test_a_message_sent_more_than_a_minute_after_its_event_is_taken_for_a_retry(
    is_backfill: bool, seconds: int, is_retry: bool, world: Buckets, consumer: Consumer
) -> None:
    (record,) = json.loads(message(world.upload("cat.jpg", jpeg())))["Records"]
    happened = (datetime.fromtimestamp(1795467000, tz=UTC) - timedelta(seconds=seconds)).isoformat()
    requests: list[str] = []
    world.client.meta.events.register("before-call.s3", lambda model, **_: requests.append(model.name))

    consumer.handle(
        sqs_event(s3_body(record | {REQUESTED: happened} if is_backfill else record | {"eventTime": happened})),
        context(),
    )

    assert ("ListObjectsV2" in requests) is is_retry


def test_a_failed_job_leaves_the_key_that_it_was_about(world: Buckets, consumer: Consumer, log: StringIO) -> None:
    elsewhere = replace(consumer, settings=replace(world.settings, derived_bucket="gone"))

    elsewhere.handle(sqs_event(message(world.upload("cat.jpg", jpeg())), "no JSON"), context())

    lines = [line for line in lines_of(log) if line["message"] == "job failed"]
    assert {line["message_id"]: line.get("key") for line in lines} == {"m0": "cat.jpg", "m1": None}


# What a query of CloudWatch Logs Insights has beside fields:
# docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
WORDS_OF_QUERIES = frozenset(
    {"filter", "fields", "stats", "sort", "limit", "by", "as", "and", "in", "desc", "count", "count_distinct", "latest"}
)


@pytest.mark.parametrize("query", QUERIES, ids=[query.name for query in QUERIES])
def test_a_saved_query_names_only_what_the_lines_of_its_kind_tell(
    query: Query, world: Buckets, consumer: Consumer, log: StringIO
) -> None:
    bodies = [message(world.upload("a.jpg", jpeg())), message(world.upload("b.jpg", b"broken")), "no job"]

    consumer.handle(sqs_event(*bodies), context())

    lines = lines_of(log)
    wanted = dict(re.findall(r'(\w+) = "([^"{]+)"', query.text))
    chosen = [line for line in lines if wanted.items() <= line.items()]
    bare = re.sub(r'"[^"]*"|@timestamp', "", query.text)
    named = set(re.findall(r"[a-z_]+", bare)) - WORDS_OF_QUERIES - set(re.findall(r" as (\w+)", bare))
    assert chosen
    assert named <= {name for line in chosen for name in line}
