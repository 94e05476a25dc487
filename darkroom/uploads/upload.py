"""Upload files in parallel, and skip unchanged ones."""

import threading
from collections.abc import Iterator, MutableMapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from boto3.s3.transfer import TransferConfig
from botocore.config import Config

from contract.focal_point import FOCUS, FocalPoint
from contract.object_version import identity_of
from darkroom.errors import DarkroomError, aws_errors
from darkroom.parallel import WORKERS, map_parallel
from darkroom.pipeline.client import Pipeline
from darkroom.uploads.etag import PART_BYTES, same_version
from darkroom.uploads.local_files import LocalFile

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

# Of one file; so many parts of each of the files that are uploaded at once.
_PARTS_AT_ONCE = 4
_TRANSFER = TransferConfig(
    multipart_threshold=PART_BYTES,
    multipart_chunksize=PART_BYTES,
    max_concurrency=_PARTS_AT_ONCE,
    preferred_transfer_client="classic",  # the other one, where it is installed, tells no versions
)
_CONNECTIONS = Config(max_pool_connections=WORKERS * _PARTS_AT_ONCE)


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file that is in the bucket, and the version that this upload is.

    `unchanged` says that it was there before; `version_id` is as `identity_of` tells it: no id where the bucket keeps
    no versions.
    """

    source: LocalFile
    version_id: str
    unchanged: bool = False


class Progress(Protocol):
    """Who is told how far each file is. It is told from several threads."""

    def begin(self, source: LocalFile) -> None:
        """A file is begun."""

    def advance(self, source: LocalFile, count: int) -> None:
        """So many more bytes of it are there; fewer than none where a part is sent again."""

    def end(self, source: LocalFile) -> None:
        """All of it is there."""


class _NoProgress:
    def begin(self, source: LocalFile) -> None:
        pass

    def advance(self, source: LocalFile, count: int) -> None:
        pass

    def end(self, source: LocalFile) -> None:
        pass


def upload_all(
    sources: Sequence[LocalFile],
    pipeline: Pipeline,
    *,
    skip_unchanged: bool = False,
    progress: Progress | None = None,
    focus: FocalPoint | None = None,
) -> Iterator[UploadedFile]:
    """Upload every file, several at once; yield each when it is there.

    With `skip_unchanged`, a file whose very bytes are its key's newest upload is not uploaded again, unless it has
    another focal point than `focus`, which all of them get.

    Raises:
        DarkroomError: a file could not be read any more, or S3 refused it.
    """
    upload = _Upload(pipeline, progress or _NoProgress(), focus, skip_unchanged=skip_unchanged)
    return map_parallel(upload, sources, give_up=upload.give_up)


class _Upload:
    def __init__(
        self, pipeline: Pipeline, progress: Progress, focus: FocalPoint | None, *, skip_unchanged: bool
    ) -> None:
        self._s3: S3Client = pipeline.client("s3", config=_CONNECTIONS)
        self._bucket = pipeline.uploads_bucket
        self._versions = _Versions(self._s3, focus)
        self._focus = focus
        self._progress = progress
        self._skip_unchanged = skip_unchanged
        self._given_up = threading.Event()

    def give_up(self) -> None:
        """End what is under way with its next bytes; S3 keeps nothing of it."""
        self._given_up.set()

    def __call__(self, source: LocalFile) -> UploadedFile:
        try:
            with aws_errors(f"Uploading {str(source.path)!r}"):
                self._progress.begin(source)
                uploaded = self._upload(source)
                self._progress.end(source)
                return uploaded
        except OSError as error:
            raise DarkroomError(f"{str(source.path)!r} cannot be read: {error.strerror}. Run again.") from error

    def _upload(self, source: LocalFile) -> UploadedFile:
        if self._skip_unchanged and (
            version := same_version(self._s3, self._bucket, source.key, source.path, self._focus)
        ):
            return UploadedFile(source, version, unchanged=True)
        self._go_on(source)
        self._s3.upload_file(
            str(source.path),
            self._bucket,
            source.key,
            ExtraArgs={"Metadata": {FOCUS: str(self._focus)}} if self._focus else None,
            Callback=lambda count: self._advance(source, count),
            Config=_TRANSFER,
        )
        return UploadedFile(source, self._versions.of(source.key))

    def _advance(self, source: LocalFile, count: int) -> None:
        self._go_on(source)
        self._progress.advance(source, count)

    def _go_on(self, source: LocalFile) -> None:
        if self._given_up.is_set():
            raise DarkroomError(f"Uploading {str(source.path)!r} was given up. Run again.")


class _Versions:
    """Notes which version each upload made, as S3 answers it: boto3's transfer manager keeps that to itself.

    Source: docs.aws.amazon.com/boto3/latest/guide/events.html
    """

    def __init__(self, s3: "S3Client", focus: FocalPoint | None) -> None:
        self._focus = focus
        self._by_key: dict[str, str] = {}
        for operation in ("PutObject", "CompleteMultipartUpload"):
            s3.meta.events.register(f"before-parameter-build.s3.{operation}", self._note_key)
            s3.meta.events.register(f"after-call.s3.{operation}", self._note_version)

    def of(self, key: str) -> str:
        """Tell the version of the last upload of a key, as `identity_of` does."""
        return self._by_key[key]

    @staticmethod
    def _note_key(params: MutableMapping[str, Any], context: dict[str, Any], **_: object) -> None:
        context["darkroom_key"] = params["Key"]

    def _note_version(self, parsed: MutableMapping[str, Any], context: dict[str, Any], **_: object) -> None:
        if "ETag" in parsed:  # an error has none
            self._by_key[context["darkroom_key"]] = identity_of(parsed.get("VersionId"), parsed["ETag"], self._focus)
