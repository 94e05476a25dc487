"""The command's way to the pipeline and back, on moto: files up, outcomes awaited, variants down."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from contract.errors import Reason
from contract.manifest import Outcome
from darkroom.dlq.queue import DeadLetterQueue
from darkroom.errors import DarkroomError
from darkroom.pipeline.client import Pipeline
from darkroom.uploads import watcher
from darkroom.uploads.download import DownloadedResult, download_results
from darkroom.uploads.local_files import find_files
from darkroom.uploads.results_folder import RESULTS_MARKER, ResultsFolder
from darkroom.uploads.upload import UploadedFile, upload_all
from darkroom.uploads.watcher import PipelineWatcher
from resize.errors import ImageRejectedError
from resize.imaging.rendition import Rendered
from support.function.buckets import Buckets
from support.function.events import s3_body, s3_record


def album(folder: Path, *names: str) -> Path:
    """A folder of files whose content is their name."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())
    return folder


def upload(folder: Path, pipeline: Pipeline) -> list[UploadedFile]:
    return list(upload_all(find_files([folder]).sources, pipeline))


def do_jobs(
    world: Buckets, uploads: list[UploadedFile], render: Callable[[bytes], Rendered] | None = None, *, after: int = 0
) -> None:
    """Do what the function does for these uploads, which came `after` so many others."""
    for number, each in enumerate(uploads, start=after + 1):
        event = replace(world.upload("other", b""), key=each.source.key, version_id=each.version_id)
        world.deliver(replace(event, sequencer=f"{number:016X}"), render)


def collect(
    uploads: list[UploadedFile], pipeline: Pipeline, out: Path, sleep: Callable[[float], None]
) -> list[DownloadedResult]:
    return list(download_results(uploads, pipeline, ResultsFolder.prepare(out), idle_timeout=60, sleep=sleep))


def no_sleep(_: float) -> None:
    raise AssertionError("waited although everything was known")


def files_in(folder: Path) -> set[str]:
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()} - {RESULTS_MARKER}


def test_every_upload_comes_back_as_its_variants_and_its_manifest(
    world: Buckets, pipeline: Pipeline, tmp_path: Path
) -> None:
    uploads = upload(album(tmp_path / "album", "tom.jpg", "more/two words +%.jpg"), pipeline)

    rows = collect(uploads, pipeline, tmp_path / "out", lambda _: do_jobs(world, uploads))

    assert {row.result.outcome for row in rows} == {Outcome.RESIZED}
    assert files_in(tmp_path / "out") == {
        "large/tom.jpg.webp",
        "thumb/tom.jpg.webp",
        "manifests/tom.jpg.json",
        "large/more/two words +%.jpg.webp",
        "thumb/more/two words +%.jpg.webp",
        "manifests/more/two words +%.jpg.json",
    }
    for key in files_in(tmp_path / "out"):
        stored = world.client.get_object(Bucket="derived", Key=key)["Body"].read()
        assert (tmp_path / "out" / key).read_bytes() == stored


def test_a_rejected_upload_comes_back_as_its_manifest_alone(world: Buckets, pipeline: Pipeline, tmp_path: Path) -> None:
    def refuse(_: bytes) -> Rendered:
        raise ImageRejectedError(Reason.CORRUPT, "cut off")

    uploads = upload(album(tmp_path / "album", "tom.jpg"), pipeline)
    do_jobs(world, uploads, refuse)

    (row,) = collect(uploads, pipeline, tmp_path / "out", no_sleep)

    assert (row.result.word, row.result.reason) == ("rejected", "corrupt")
    assert files_in(tmp_path / "out") == {"manifests/tom.jpg.json"}


def test_what_an_earlier_run_left_of_an_image_that_is_rejected_or_fails_now_is_gone(
    world: Buckets, pipeline: Pipeline, tmp_path: Path
) -> None:
    def refuse(_: bytes) -> Rendered:
        raise ImageRejectedError(Reason.CORRUPT, "cut off")

    out = tmp_path / "out"
    folder = album(tmp_path / "album", "tom.jpg", "kim.jpg")
    uploads = upload(folder, pipeline)
    collect(uploads, pipeline, out, lambda _: do_jobs(world, uploads))
    kim = {"large/kim.jpg.webp", "thumb/kim.jpg.webp", "manifests/kim.jpg.json"}
    tom = {"large/tom.jpg.webp", "thumb/tom.jpg.webp", "manifests/tom.jpg.json"}
    assert files_in(out) == kim | tom

    again = upload(folder / "tom.jpg", pipeline)
    collect(again, pipeline, out, lambda _: do_jobs(world, again, refuse, after=2))
    assert files_in(out) == kim | {"manifests/tom.jpg.json"}

    (late,) = upload(folder / "kim.jpg", pipeline)
    body = s3_body(s3_record("kim.jpg", version_id=late.version_id))
    pipeline.client("sqs").send_message(QueueUrl=pipeline.dead_letter_queue_url, MessageBody=body)
    (row,) = collect([late], pipeline, out, no_sleep)
    assert (row.result.reason, files_in(out)) == ("dead_letter", {"manifests/tom.jpg.json"})


def test_a_dead_letter_is_a_failure_and_stays_in_its_queue(pipeline: Pipeline, tmp_path: Path) -> None:
    (uploaded,) = upload(album(tmp_path / "album", "ä b.jpg"), pipeline)
    sqs = pipeline.client("sqs")
    for body in ("not an event", s3_body(s3_record("ä b.jpg", version_id=uploaded.version_id))):
        sqs.send_message(QueueUrl=pipeline.dead_letter_queue_url, MessageBody=body)

    (row,) = collect([uploaded], pipeline, tmp_path / "out", no_sleep)

    assert (row.result.word, row.result.reason, row.files) == ("failed", "dead_letter", {})
    attributes = sqs.get_queue_attributes(QueueUrl=pipeline.dead_letter_queue_url, AttributeNames=["All"])["Attributes"]
    kept = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
    assert sum(int(attributes[count]) for count in kept) == 2


def test_an_upload_that_the_watch_has_seen_overtaken_is_not_current(pipeline: Pipeline, tmp_path: Path) -> None:
    (first,) = upload(album(tmp_path / "album", "tom.jpg"), pipeline)
    (second,) = upload(tmp_path / "album", pipeline)
    watch = PipelineWatcher(pipeline.client("s3"), pipeline.client("sqs"), pipeline)

    assert not watch.is_current(("tom.jpg", first.version_id))
    assert watch.is_current(("tom.jpg", second.version_id))
    assert not watch.is_current(("never.jpg", "v1"))


def test_a_queue_is_idle_only_when_no_job_waits_and_none_runs(pipeline: Pipeline) -> None:
    sqs = pipeline.client("sqs")
    watch = PipelineWatcher(pipeline.client("s3"), sqs, pipeline)
    idle = [watch.is_idle()]

    sqs.send_message(QueueUrl=pipeline.jobs_queue_url, MessageBody="job")
    idle.append(watch.is_idle())
    (message,) = sqs.receive_message(QueueUrl=pipeline.jobs_queue_url)["Messages"]
    idle.append(watch.is_idle())
    sqs.delete_message(QueueUrl=pipeline.jobs_queue_url, ReceiptHandle=message["ReceiptHandle"])
    idle.append(watch.is_idle())

    assert idle == [True, False, False, True]


def test_dead_letters_that_are_too_many_to_be_read_at_once_are_not_read_again_for_that(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watcher, "_MOST_DEAD_LETTERS", 5)
    sqs = pipeline.client("sqs")
    watch = PipelineWatcher(pipeline.client("s3"), sqs, pipeline)
    looks: list[int] = []

    def look(_: DeadLetterQueue, limit: int) -> tuple[()]:
        looks.append(limit)
        return ()

    monkeypatch.setattr(DeadLetterQueue, "peek", look)

    for _ in range(2):
        for _ in range(8):
            sqs.send_message(QueueUrl=pipeline.dead_letter_queue_url, MessageBody="{}")
        for _ in range(3):
            list(watch.new_dead_letters())

    assert looks == [5, 5]


def test_a_manifest_is_read_once_and_again_when_it_has_changed(
    world: Buckets, pipeline: Pipeline, tmp_path: Path
) -> None:
    uploads = upload(album(tmp_path / "album", "tom.jpg"), pipeline)
    watch = PipelineWatcher(pipeline.client("s3"), pipeline.client("sqs"), pipeline)
    do_jobs(world, uploads)

    seen = [len(list(watch.new_manifests(["tom.jpg"]))) for _ in range(2)]
    do_jobs(world, uploads * 2)
    again = upload(tmp_path / "album", pipeline)
    do_jobs(world, [*uploads, *again])
    seen.append(len(list(watch.new_manifests(["tom.jpg", "other.jpg"]))))

    assert seen == [1, 0, 1]


def test_what_is_no_manifest_is_passed_over(world: Buckets, pipeline: Pipeline) -> None:
    world.client.put_object(Bucket="derived", Key="manifests/tom.jpg.json", Body=b"{}")
    watch = PipelineWatcher(pipeline.client("s3"), pipeline.client("sqs"), pipeline)

    assert list(watch.new_manifests(["tom.jpg"])) == []


def test_a_hundred_uploads_are_looked_for_with_one_request(world: Buckets, pipeline: Pipeline) -> None:
    names = [f"{number:03}.jpg" for number in range(100)]
    watch = PipelineWatcher(pipeline.client("s3"), pipeline.client("sqs"), pipeline)
    world.client.put_object(Bucket="derived", Key="manifests/unrelated.json", Body=b"{}")
    for name in names:
        world.client.put_object(Bucket="derived", Key=f"manifests/{name}.json", Body=b"{}")
    requests: list[str] = []
    for client in (watch._s3, watch._sqs):  # noqa: SLF001 - counted where they are made
        client.meta.events.register("before-call", lambda model, **_: requests.append(model.name))

    list(watch.new_manifests(names))
    first = len(requests)
    list(watch.new_manifests(names))

    assert first == 1 + 100  # a list, and each manifest once
    assert len(requests) - first == 1


def test_a_few_uploads_among_many_are_looked_for_one_by_one(
    world: Buckets, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watcher, "PAGE", 2)
    watch = PipelineWatcher(pipeline.client("s3"), pipeline.client("sqs"), pipeline)
    for number in range(8):
        world.client.put_object(Bucket="derived", Key=f"manifests/{number}.json", Body=b"{}")
    requests: list[str] = []
    watch._s3.meta.events.register("before-call", lambda model, **_: requests.append(model.name))  # noqa: SLF001

    list(watch.new_manifests(["1", "7", "missing"]))
    list(watch.new_manifests(["1", "7", "missing"]))

    look = ["ListObjectsV2"] * 3 + ["HeadObject"] * 3
    assert requests == [*look, "GetObject", "GetObject", *look]


def test_a_rendition_that_was_replaced_before_it_was_copied_is_an_error(
    world: Buckets, pipeline: Pipeline, tmp_path: Path
) -> None:
    uploads = upload(album(tmp_path / "album", "tom.jpg"), pipeline)
    do_jobs(world, uploads)
    world.client.put_object(Bucket="derived", Key="thumb/tom.jpg.webp", Body=b"newer")

    with pytest.raises(DarkroomError, match=r"thumb/tom\.jpg\.webp' was replaced before it was copied"):
        collect(uploads, pipeline, tmp_path / "out", no_sleep)

    assert "thumb/tom.jpg.webp" not in files_in(tmp_path / "out")


def test_a_file_that_is_gone_by_now_is_an_error(pipeline: Pipeline, tmp_path: Path) -> None:
    sources = find_files([album(tmp_path, "tom.jpg")]).sources
    (tmp_path / "tom.jpg").unlink()

    with pytest.raises(DarkroomError, match=r"tom\.jpg' cannot be read: No such file or directory"):
        list(upload_all(sources, pipeline))


def test_a_bucket_that_is_gone_is_an_error(pipeline: Pipeline, tmp_path: Path) -> None:
    sources = find_files([album(tmp_path, "tom.jpg")]).sources

    with pytest.raises(DarkroomError, match=r"Uploading '.+tom\.jpg' failed: .+NoSuchBucket"):
        list(upload_all(sources, replace(pipeline, uploads_bucket="nowhere")))
