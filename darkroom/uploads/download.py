"""Download results into a folder that mirrors the derived bucket."""

import hashlib
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import quote

from botocore.exceptions import ClientError

from contract.keys import manifest_key
from contract.manifest import PublishedRendition
from darkroom.errors import DarkroomError, aws_errors
from darkroom.files import write_atomically
from darkroom.parallel import map_parallel
from darkroom.pipeline.client import Pipeline
from darkroom.uploads.outcomes import Result, wait_for_outcomes
from darkroom.uploads.upload import UploadedFile
from darkroom.uploads.watcher import PipelineWatcher

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


# The longest file name that Linux, macOS and Windows all take.
_NAME_BYTES = 255

# A `%` only where it would read as one of the escapes below: `100%.jpg` stays as it is.
_ESCAPED = re.compile(r"[\0\\]|%(?=[0-9A-Fa-f]{2}|~)")
_EMPTY = "%~"
_EXTENSIONS = (".webp", ".jpg", ".png", ".gif", ".avif", ".json")
_REPLACED = {"PreconditionFailed", "NoSuchKey"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadedResult:
    """An upload's result, and the file that each of its variants was copied to."""

    result: Result
    files: Mapping[str, Path]


def download(s3: "S3Client", bucket: str, result: Result, out: Path) -> DownloadedResult:
    """Copy an upload's renditions, and then its manifest.

    Raises:
        DarkroomError: a rendition is not this upload's any more, or the disk refuses it.
    """
    if result.recorded is None:
        return DownloadedResult(result=result, files={})
    manifest = result.recorded.manifest
    files = {rendition.variant: _copy(s3, bucket, rendition, out) for rendition in manifest.renditions}
    write_atomically(out / local_path(manifest_key(manifest.source.key)), result.recorded.text)
    return DownloadedResult(result=result, files=files)


def local_path(derived_key: str) -> PurePosixPath:
    """Name an object's file below the folder.

    By its key, wherever that is a path that stays below it. A segment that is no file name (empty, `.`, `..`, with NUL
    or a backslash) is percent-encoded, one that is too long is shortened with a hash, and in a folder that is called as
    a rendition could be, the last dot is encoded. So no two derived keys share a file, and none needs a folder where
    another needs a file.
    """
    *folders, name = derived_key.split("/")
    return PurePosixPath(*map(_folder_name, folders), _file_name(name))


def _folder_name(segment: str) -> str:
    name = _escaped(segment)
    if name.endswith(_EXTENSIONS):
        name = "%2E".join(name.rsplit(".", 1))
    return _short(name, segment, extension="")


def _file_name(segment: str) -> str:
    extension = PurePosixPath(segment).suffix
    return _short(_escaped(segment), segment, extension if extension in _EXTENSIONS else "")


def _escaped(segment: str) -> str:
    if segment in {".", ".."}:
        return segment.replace(".", "%2E")
    return _ESCAPED.sub(lambda match: quote(match[0]), segment) or _EMPTY


def _short(name: str, segment: str, extension: str) -> str:
    if len(name.encode()) <= _NAME_BYTES:
        return name
    tail = f"%~{hashlib.sha256(segment.encode()).hexdigest()}{extension}"
    return name.encode()[: _NAME_BYTES - len(tail)].decode(errors="ignore") + tail


def _copy(s3: "S3Client", bucket: str, rendition: PublishedRendition, out: Path) -> Path:
    with aws_errors(f"Copying {rendition.key!r}"):
        try:
            answer = s3.get_object(Bucket=bucket, Key=rendition.key, IfMatch=f'"{rendition.etag}"')
        except ClientError as error:
            if error.response["Error"]["Code"] not in _REPLACED:
                raise
            raise DarkroomError(
                f"{rendition.key!r} was replaced before it was copied: somebody else uploads the same key. Run again."
            ) from error
        content = answer["Body"].read()
    return write_atomically(out / local_path(rendition.key), content)


def download_results(
    uploads: Sequence[UploadedFile],
    pipeline: Pipeline,
    out: Path,
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
        yield from map_parallel(lambda result: download(s3, pipeline.derived_bucket, result, out), results)
