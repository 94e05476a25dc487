"""Find the uploads of earlier starts: the newest of the console's folder."""

import asyncio
import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from contract.focal_point import focus_in
from contract.keys import is_folder_marker
from contract.object_version import identity_of
from contract.s3_errors import is_missing
from darkroom.console.health import Health
from darkroom.errors import aws_errors
from darkroom.parallel import map_parallel
from darkroom.pipeline.client import Pipeline
from darkroom.uploads.local_files import LocalFile
from darkroom.uploads.outcomes import ManifestFile, Result
from darkroom.uploads.upload import UploadedFile
from darkroom.uploads.watcher import PipelineWatcher

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import ObjectTypeDef

SHOWN_PAST: Final = 1_000
_RETRY_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PastUpload:
    """An upload that is in the bucket, and how it ended, if it has.

    `size` is in bytes.
    """

    upload: UploadedFile
    size: int
    modified: datetime
    ended: datetime
    result: Result | None


async def restore(
    pipeline: Pipeline, prefix: str, health: Health, show: Callable[[tuple[PastUpload, ...]], None]
) -> None:
    """Read the history and show it.

    Where the pipeline does not answer, again until it does.
    """
    while True:
        past = await health.answered("history", partial(read_history, pipeline, prefix))
        if past is not None:
            show(past)
            return
        await asyncio.sleep(_RETRY_SECONDS)


def read_history(pipeline: Pipeline, prefix: str, limit: int = SHOWN_PAST) -> tuple[PastUpload, ...]:
    """Read the newest uploads below a prefix, the oldest of them first.

    Raises:
        DarkroomError: S3 does not answer.
    """
    s3: S3Client = pipeline.client("s3")
    objects = _newest(s3, pipeline.uploads_bucket, prefix, limit)
    keys = [each["Key"] for each in objects]
    watch = PipelineWatcher(s3, pipeline.client("sqs"), pipeline)
    recorded = {each.manifest.source.key: each for each in watch.new_manifests(keys)} if keys else {}
    past = map_parallel(lambda each: _past(s3, pipeline.uploads_bucket, each, recorded.get(each["Key"])), objects)
    return tuple(sorted((each for each in past if each), key=lambda each: each.modified))


def _newest(s3: "S3Client", bucket: str, prefix: str, limit: int) -> "list[ObjectTypeDef]":
    with aws_errors("Listing the uploads"):
        return heapq.nlargest(limit, _list(s3, bucket, prefix), key=lambda each: each["LastModified"])


def _list(s3: "S3Client", bucket: str, prefix: str) -> "Iterator[ObjectTypeDef]":
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        yield from (each for each in page.get("Contents", []) if not is_folder_marker(each["Key"], each["Size"]))


def _past(s3: "S3Client", bucket: str, found: "ObjectTypeDef", recorded: ManifestFile | None) -> PastUpload | None:
    """Tell of one object: by its manifest, where that is of these bytes, and else by asking which version it is."""
    key, modified = found["Key"], found["LastModified"]
    if recorded and recorded.manifest.source.etag == found["ETag"].strip('"'):
        source = recorded.manifest.source
        upload = UploadedFile(LocalFile(Path(key), key), source.identity)
        result = Result(upload=upload, outcome=recorded.manifest.outcome, recorded=recorded)
        ended = datetime.fromisoformat(recorded.manifest.times.finished)
        return PastUpload(upload=upload, size=found["Size"], modified=modified, ended=ended, result=result)
    with aws_errors("Reading the uploads bucket"):
        try:
            answer = s3.head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if not is_missing(error):
                raise
            return None  # deleted since it was listed
    focus, _ = focus_in(answer.get("Metadata", {}))
    upload = UploadedFile(LocalFile(Path(key), key), identity_of(answer.get("VersionId"), answer["ETag"], focus))
    return PastUpload(upload=upload, size=found["Size"], modified=modified, ended=modified, result=None)
