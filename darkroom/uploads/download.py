"""Download results into a folder that mirrors the derived bucket."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from contract.keys import manifest_key
from contract.manifest import PublishedRendition
from darkroom.errors import DarkroomError, aws_errors
from darkroom.parallel import map_parallel
from darkroom.pipeline.client import Pipeline
from darkroom.uploads.outcomes import Result, wait_for_outcomes
from darkroom.uploads.results_folder import ResultsFolder
from darkroom.uploads.upload import UploadedFile
from darkroom.uploads.watcher import PipelineWatcher

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


_REPLACED = {"PreconditionFailed", "NoSuchKey"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadedResult:
    """An upload's result, and the file that each of its renditions was copied to.

    By the rendition's label.
    """

    result: Result
    files: Mapping[str, Path]


def download(s3: "S3Client", pipeline: Pipeline, result: Result, out: ResultsFolder) -> DownloadedResult:
    """Copy an upload's renditions, and then its manifest.

    What an earlier run has left of it goes.

    Raises:
        DarkroomError: a rendition is not this upload's any more, or the disk refuses it.
    """
    manifest = result.recorded.manifest if result.recorded else None
    renditions = manifest.renditions if manifest else ()
    files = {rendition.label: _copy(s3, pipeline, rendition, out) for rendition in renditions}
    key = result.upload.source.key
    out.remove_earlier(key, kept=files.values())
    if result.recorded:
        out.write(manifest_key(key), result.recorded.text)
    return DownloadedResult(result=result, files=files)


def _copy(s3: "S3Client", pipeline: Pipeline, rendition: PublishedRendition, out: ResultsFolder) -> Path:
    with aws_errors(f"Copying {rendition.key!r}"):
        try:
            answer = s3.get_object(Bucket=pipeline.derived_bucket, Key=rendition.key, IfMatch=f'"{rendition.etag}"')
        except ClientError as error:
            if error.response["Error"]["Code"] not in _REPLACED:
                raise
            raise DarkroomError(
                f"{rendition.key!r} was replaced before it was copied: somebody else uploads the same key. Run again."
            ) from error
        content = answer["Body"].read()
    return out.write(rendition.key.removeprefix(pipeline.derived_prefix), content)


def download_results(
    uploads: Sequence[UploadedFile],
    pipeline: Pipeline,
    out: ResultsFolder,
    *,
    idle_timeout: float,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[DownloadedResult]:
    """Yield each upload's result, as soon as it is known.

    Its variants are copied to `out` by then. `idle_timeout` is how many seconds without news are waited for. Nothing is
    taken out of the pipeline.

    Raises:
        DarkroomError: the pipeline did not answer, or a file could not be written.
    """
    s3: S3Client = pipeline.client("s3")
    watcher = PipelineWatcher(s3, pipeline.client("sqs"), pipeline)
    for results in wait_for_outcomes(uploads, watcher, idle_timeout=idle_timeout, sleep=sleep):
        yield from map_parallel(lambda result: download(s3, pipeline, result, out), results)
