"""Puts the files into the uploads bucket."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from darkroom.answering import answering
from darkroom.concurrently import concurrently
from darkroom.deployment import Pipeline
from darkroom.errors import DarkroomError
from darkroom.sources import Source

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file that is in the bucket, and the version that this upload is."""

    source: Source
    version_id: str


def upload_all(sources: Sequence[Source], pipeline: Pipeline) -> Iterator[Uploaded]:
    """Upload every file, several at once; yield each when it is there.

    Raises:
        DarkroomError: a file could not be read any more, or S3 refused it.
    """
    s3: S3Client = pipeline.client("s3")

    def upload(source: Source) -> Uploaded:
        try:
            with source.path.open("rb") as body, answering(f"Uploading {str(source.path)!r}"):
                answer = s3.put_object(Bucket=pipeline.uploads_bucket, Key=source.key, Body=body)
        except OSError as error:
            raise DarkroomError(f"{str(source.path)!r} cannot be read: {error.strerror}. Run again.") from error
        return Uploaded(source, answer["VersionId"])

    return concurrently(upload, sources)
