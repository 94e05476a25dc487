"""Files into the bucket, on moto: what is there with the same bytes is left alone, and only that."""

import os
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from contract.focal_point import FocalPoint
from darkroom.errors import DarkroomError
from darkroom.pipeline.client import Pipeline
from darkroom.uploads.etag import PART_BYTES, same_version
from darkroom.uploads.local_files import LocalFile, find_files
from darkroom.uploads.outcomes import OutcomeTracker
from darkroom.uploads.upload import UploadedFile, upload_all
from darkroom.uploads.watcher import PipelineWatcher
from support.function.buckets import Buckets

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

TOP_LEFT = FocalPoint(x=0, y=0)
LARGE = os.urandom(PART_BYTES + 1)


class Recorder:
    """Progress, as it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        self.sent: Counter[str] = Counter()

    def begin(self, source: LocalFile) -> None:
        self.told.append(("begin", source.key))

    def advance(self, source: LocalFile, count: int) -> None:
        self.sent[source.key] += count

    def end(self, source: LocalFile) -> None:
        self.told.append(("end", source.key))


def file(folder: Path, name: str, content: bytes) -> LocalFile:
    (folder / name).write_bytes(content)
    return LocalFile(folder / name, name)


def upload(pipeline: Pipeline, *sources: LocalFile, progress: Recorder | None = None) -> dict[str, UploadedFile]:
    uploads = upload_all(sources, pipeline, skip_unchanged=True, progress=progress)
    return {each.source.key: each for each in uploads}


def versions(world: Buckets) -> list[str]:
    return [version["Key"] for version in world.client.list_object_versions(Bucket="uploads").get("Versions", [])]


def test_each_upload_is_told_with_the_version_that_s3_gave_it(
    world: Buckets, pipeline: Pipeline, tmp_path: Path
) -> None:
    uploads = upload(pipeline, file(tmp_path, "small ä+%.jpg", b"small"), file(tmp_path, "large.jpg", LARGE))

    for key, content in (("small ä+%.jpg", b"small"), ("large.jpg", LARGE)):
        stored = world.client.get_object(Bucket="uploads", Key=key, VersionId=uploads[key].version_id)
        assert stored["Body"].read() == content
    assert world.client.head_object(Bucket="uploads", Key="large.jpg")["ETag"].endswith('-2"')


def test_a_second_upload_of_the_same_bytes_makes_no_version_and_tells_the_first(
    world: Buckets, pipeline: Pipeline, tmp_path: Path
) -> None:
    sources = (
        file(tmp_path, "small", b"small"),
        file(tmp_path, "large", LARGE),
        file(tmp_path, "whole parts", LARGE[:PART_BYTES] * 2),
        file(tmp_path, "empty", b""),
    )
    first = upload(pipeline, *sources)

    second = upload(pipeline, *sources)

    assert second == {key: replace(uploaded, unchanged=True) for key, uploaded in first.items()}
    assert len(versions(world)) == 4


@pytest.mark.parametrize("content", [b"small", LARGE], ids=["at once", "in parts"])
def test_other_bytes_of_the_same_length_are_uploaded(
    world: Buckets, pipeline: Pipeline, tmp_path: Path, content: bytes
) -> None:
    first = upload(pipeline, file(tmp_path, "a", content))
    second = upload(pipeline, file(tmp_path, "a", content[:-1] + b"~"))

    assert not second["a"].unchanged
    assert second["a"].version_id != first["a"].version_id
    assert versions(world) == ["a", "a"]


def test_a_file_that_another_client_put_at_once_or_in_parts_of_our_size_is_known(
    world: Buckets, pipeline: Pipeline, tmp_path: Path
) -> None:
    world.client.put_object(Bucket="uploads", Key="at once", Body=LARGE)
    in_parts = TransferConfig(multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES)
    (tmp_path / "in parts").write_bytes(LARGE)
    world.client.upload_file(str(tmp_path / "in parts"), "uploads", "in parts", Config=in_parts)

    uploads = upload(pipeline, file(tmp_path, "at once", LARGE), file(tmp_path, "in parts", LARGE))

    assert [each.unchanged for each in uploads.values()] == [True, True]


def test_s3_is_asked_for_the_size_of_parts_that_are_not_of_ours(
    world: Buckets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    smaller = TransferConfig(multipart_threshold=PART_BYTES, multipart_chunksize=5 * 1024 * 1024)
    source = file(tmp_path, "a", LARGE)
    world.client.upload_file(str(source.path), "uploads", "a", Config=smaller)
    head = world.client.head_object

    def answer(Bucket: str, Key: str, VersionId: str = "", PartNumber: int = 0) -> object:  # noqa: N803 - as boto3's
        # As S3 answers; moto gives the length of the whole object: API_HeadObject.html, partNumber.
        part = {"ContentLength": smaller.multipart_chunksize} if PartNumber and VersionId else {}
        return head(Bucket=Bucket, Key=Key) | part

    monkeypatch.setattr(world.client, "head_object", answer)

    assert same_version(world.client, "uploads", "a", source.path) is not None


@pytest.mark.parametrize(
    "found",
    [
        {"ETag": '"0123456789abcdef0123456789abcdef"'},  # of SSE-KMS
        {"ETag": '"0123456789abcdef0123456789abcdef-9999"'},
        {"ETag": '"something else"'},
        {"ContentLength": 4},
    ],
)
def test_in_doubt_a_file_is_not_the_same(
    world: Buckets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: dict[str, object]
) -> None:
    source = file(tmp_path, "a", b"small")
    world.client.put_object(Bucket="uploads", Key="a", Body=b"small")
    answered = {**world.client.head_object(Bucket="uploads", Key="a"), **found}
    monkeypatch.setattr(
        world.client, "head_object", lambda **_: {key: value for key, value in answered.items() if value is not None}
    )

    assert same_version(world.client, "uploads", "a", source.path) is None


@pytest.mark.parametrize(("status", "code"), [(403, "AccessDenied"), (404, "NoSuchKey")])
def test_what_may_not_be_looked_at_is_uploaded(world: Buckets, tmp_path: Path, status: int, code: str) -> None:
    blind = world.client_that_is_answered("HeadObject", status, code, times=1)

    assert same_version(blind, "uploads", "a", file(tmp_path, "a", b"").path) is None


def test_another_answer_than_yes_or_no_is_an_error(world: Buckets, tmp_path: Path) -> None:
    broken: S3Client = world.client_that_is_answered("HeadObject", 400, "BadRequest", times=9)

    with pytest.raises(ClientError, match="BadRequest"):
        same_version(broken, "uploads", "a", file(tmp_path, "a", b"").path)


def test_progress_is_told_of_each_file_with_all_its_bytes(pipeline: Pipeline, tmp_path: Path) -> None:
    progress = Recorder()
    sources = (file(tmp_path, "small", b"small"), file(tmp_path, "large", LARGE))

    upload(pipeline, *sources, progress=progress)
    upload(pipeline, sources[0], progress=progress)

    assert Counter(progress.told) == {
        ("begin", "small"): 2,
        ("end", "small"): 2,
        ("begin", "large"): 1,
        ("end", "large"): 1,
    }
    assert progress.sent == {"small": 5, "large": len(LARGE)}


def test_left_early_what_is_under_way_is_given_up_and_nothing_of_it_is_kept(
    world: Buckets, pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, shut_down = threading.Event(), ThreadPoolExecutor.shutdown

    def note(pool: ThreadPoolExecutor, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT002 - as it is
        if cancel_futures:
            left.set()
        shut_down(pool, wait, cancel_futures=cancel_futures)

    class Waiting(Recorder):
        def begin(self, source: LocalFile) -> None:
            assert source.key == "early" or left.wait(60)

    monkeypatch.setattr(ThreadPoolExecutor, "shutdown", note)
    sources = (file(tmp_path, "early", b"early"), file(tmp_path, "late", b"late"))
    uploads = upload_all(sources, pipeline, progress=Waiting())

    assert next(uploads).source.key == "early"
    uploads.close()  # type: ignore[attr-defined] # it is a generator

    assert versions(world) == ["early"]


def test_a_prefix_is_put_in_front_of_every_key_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    for name in ("a.jpg", "more/b.jpg"):
        (tmp_path / name).write_bytes(b"")

    assert [source.key for source in find_files([tmp_path], prefix="album-").sources] == [
        "album-a.jpg",
        "album-more/b.jpg",
    ]


def test_a_bucket_that_refuses_is_an_error_with_its_answer(pipeline: Pipeline, tmp_path: Path) -> None:
    source = file(tmp_path, "large", LARGE)

    with pytest.raises(DarkroomError, match=r"Uploading '.+large' failed: .+NoSuchBucket"):
        list(upload_all([source], replace(pipeline, uploads_bucket="nowhere")))


@pytest.mark.parametrize("content", [b"small", LARGE])
def test_in_a_bucket_without_versions_the_etag_tells_which_upload_it_is(
    world: Buckets, pipeline: Pipeline, tmp_path: Path, content: bytes
) -> None:
    world.client.create_bucket(Bucket="theirs", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    theirs = replace(pipeline, uploads_bucket="theirs")
    source = file(tmp_path, "a", content)

    first, again = (upload(theirs, source)["a"] for _ in range(2))

    stored = world.client.head_object(Bucket="theirs", Key="a")["ETag"].strip('"')
    assert (first.version_id, first.unchanged) == (stored, False)
    assert (again.version_id, again.unchanged) == (stored, True)


def test_with_another_focal_point_a_file_is_uploaded_again_and_with_the_same_it_is_not(
    world: Buckets, pipeline: Pipeline, tmp_path: Path
) -> None:
    source = file(tmp_path, "cat.jpg", b"cat")

    def run(focus: FocalPoint | None) -> bool:
        (uploaded,) = upload_all([source], pipeline, skip_unchanged=True, focus=focus)
        return not uploaded.unchanged

    assert [run(None), run(TOP_LEFT), run(TOP_LEFT), run(None), run(FocalPoint(x=0, y=0.5))] == [
        *(True, True, False, False, True)
    ]
    assert world.client.head_object(Bucket="uploads", Key="cat.jpg")["Metadata"] == {"focus": "0,0.5"}


def test_a_file_in_parts_has_its_focal_point_too(world: Buckets, pipeline: Pipeline, tmp_path: Path) -> None:
    source = file(tmp_path, "large.jpg", LARGE)

    (uploaded,) = upload_all([source], pipeline, skip_unchanged=True, focus=TOP_LEFT)
    (again,) = upload_all([source], pipeline, skip_unchanged=True, focus=TOP_LEFT)

    assert again.unchanged
    assert again.version_id == uploaded.version_id
    assert world.client.head_object(Bucket="uploads", Key="large.jpg")["Metadata"] == {"focus": "0,0"}


def test_in_a_bucket_without_versions_an_outcome_of_the_same_bytes_with_another_focal_point_is_not_taken_for_its_own(
    world: Buckets, pipeline: Pipeline, tmp_path: Path
) -> None:
    world.client.put_bucket_versioning(Bucket="uploads", VersioningConfiguration={"Status": "Suspended"})
    world.deliver(world.upload("cat.jpg", b"cat"))
    (uploaded,) = upload_all([file(tmp_path, "cat.jpg", b"cat")], pipeline, skip_unchanged=True, focus=TOP_LEFT)
    tracker = OutcomeTracker(PipelineWatcher(pipeline.client("s3"), pipeline.client("sqs"), pipeline))
    tracker.add(uploaded)

    before = tracker.poll()
    world.deliver(world.copy_upon_itself("cat.jpg", "0,0"))
    (result,) = tracker.poll()

    assert before == ()
    assert result.manifest is not None
    assert result.manifest.source.focus == TOP_LEFT
