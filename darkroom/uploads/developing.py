"""Awaits the uploads' outcomes, and copies what came out as soon as it is there."""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from darkroom.parallel import concurrently
from darkroom.pipeline.client import Pipeline
from darkroom.uploads.download import Collected, collect
from darkroom.uploads.outcomes import wait_for_outcomes
from darkroom.uploads.upload import Uploaded
from darkroom.uploads.watcher import Watch

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


def develop(
    uploads: Sequence[Uploaded],
    pipeline: Pipeline,
    out: Path,
    *,
    patience: float,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Collected]:
    """Yield each upload's result, in the order in which they are known, with its variants copied to `out`.

    `patience` is how many seconds without news are waited for. Nothing is taken out of the pipeline.

    Raises:
        DarkroomError: the pipeline did not answer, or a file could not be written.
    """
    s3: S3Client = pipeline.client("s3")
    watch = Watch(s3, pipeline.client("sqs"), pipeline)
    for results in wait_for_outcomes(uploads, watch, patience=patience, sleep=sleep):
        yield from concurrently(lambda result: collect(s3, pipeline.derived_bucket, result, out), results)
