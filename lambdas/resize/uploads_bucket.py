"""Read the versions of one key in the uploads bucket."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any, Protocol, TypedDict

from botocore.exceptions import BotoCoreError, ClientError

from contract.errors import Reason, StorageError
from contract.focal_point import FocalPoint, focus_in
from contract.object_version import has_no_id
from contract.s3_errors import error_code, is_missing
from resize.errors import ImageRejectedError
from resize.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef, HeadObjectOutputTypeDef, ListObjectVersionsOutputTypeDef

# What is read of a body at a time: little beside a source, and enough for few system calls.
_CHUNK_BYTES = 1024 * 1024
# How many versions may have come on top of one meanwhile; where there are more, the events of those decide.
_NEWER = 8


class Body(Protocol):
    """What botocore's StreamingBody offers of a file."""

    def read(self, amt: int, /) -> bytes:
        """Read so many bytes at most; none are left where none come."""

    def close(self) -> None:
        """Leave the rest unread."""


@dataclass(frozen=True, slots=True)
class ArchivedBody:
    """The body of an object that S3 hands out only once it is restored."""

    storage_class: str

    def read(self, _amt: int, /) -> bytes:
        """Refuse to."""
        raise ImageRejectedError(Reason.ARCHIVED, f"it lies in {self.storage_class}")

    def close(self) -> None:
        """Do nothing: nothing is open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceObject:
    """A version of an uploaded key, not yet read; `size` is in bytes.

    `modified` is when it was made, and of one that came in parts, when its first part did. `focus` is what its uploader
    gave as its focal point, `focus_error` what is wrong with one that cannot be read.
    """

    version_id: str | None
    etag: str
    size: int
    modified: datetime
    body: Body
    focus: FocalPoint | None = None
    focus_error: str | None = None


@dataclass(slots=True)
class Opening:
    """An original that is opened before it is known to be needed.

    Whoever takes it closes it, or else this does.
    """

    open: Callable[[], SourceObject | None]
    _has_begun: bool = False
    _original: SourceObject | None = None
    _failure: StorageError | None = None

    def begin(self) -> None:
        """Open it; what fails, fails for whoever takes it."""
        self._has_begun = True
        try:
            self._original = self.open()
        except StorageError as error:
            self._failure = error

    def take(self) -> SourceObject | None:
        """Hand the original over, opened by now; None if there is none.

        Raises:
            StorageError: it could not be opened.
        """
        if not self._has_begun:
            return self.open()
        if self._failure:
            raise self._failure
        original, self._original = self._original, None
        return original

    def close(self) -> None:
        """Close what nobody took."""
        if self._original:
            self._original.body.close()


class _Position(TypedDict, total=False):
    """Where a listing of versions goes on."""

    KeyMarker: str
    VersionIdMarker: str


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The versions and the delete markers of a key, the newest of each first.

    `marker` is the delete marker that hides the versions, None where one of them is current.
    """

    versions: tuple[str, ...]
    markers: tuple[str, ...]
    marker: str | None

    @property
    def newest(self) -> str | None:
        """The newest version, None if all are gone."""
        return self.versions[0] if self.versions else None

    @property
    def is_there(self) -> bool:
        """Whether a version is current after all.

        A folder's marker, or one that came meanwhile.
        """
        return self.newest is not None and self.marker is None


class UploadsBucket:
    """What a job asks of the key that it is about.

    Every method raises StorageError where S3 fails.
    """

    def __init__(self, client: "S3Client", settings: Settings, key: str) -> None:
        self._client = client
        self._bucket = settings.uploads_bucket
        self._key = key
        self._limit = settings.limits.source_bytes

    def open_current(self) -> SourceObject | None:
        """Open the version of the key that is current now, whatever the event was about.

        None if it has none.
        """
        return self._open({"Bucket": self._bucket, "Key": self._key})

    def open_version(self, version_id: str | None) -> SourceObject | None:
        """Open a version that may no longer be the current one.

        None if it is gone for good.
        """
        return self._open({"Bucket": self._bucket, "Key": self._key, "VersionId": version_id or "null"})

    def _open(self, which: Mapping[str, Any]) -> SourceObject | None:
        try:
            answer = self._client.get_object(**which)
        except (ClientError, BotoCoreError) as error:
            if is_missing(error):
                return None
            if error_code(error) == "InvalidObjectState":
                return self._archived(which)
            raise StorageError("GetObject", self._key, error_code(error)) from error
        return _original(answer, answer["Body"])

    def _archived(self, which: Mapping[str, Any]) -> SourceObject | None:
        """Look at an object that cannot be read: docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html."""
        answer = self._head(which)
        if answer is None:
            return None
        storage_class = answer.get("ArchiveStatus") or answer.get("StorageClass") or "an archive"
        return _original(answer, ArchivedBody(storage_class))

    def history(self) -> History:
        """Look at the versions and the delete markers of the key."""
        try:
            answer = self._client.list_object_versions(Bucket=self._bucket, Prefix=self._key)
        except (ClientError, BotoCoreError) as error:
            raise StorageError("ListObjectVersions", self._key, error_code(error)) from error
        # Keys come in order, a key's own before those that it begins, and its versions from the newest on.
        versions = [each["VersionId"] for each in answer.get("Versions", []) if each["Key"] == self._key]
        markers = [each for each in answer.get("DeleteMarkers", []) if each["Key"] == self._key]
        return History(
            versions=tuple(versions),
            markers=tuple(each["VersionId"] for each in markers),
            marker=next((each["VersionId"] for each in markers if each["IsLatest"]), None),
        )

    def versions_before(self, version_id: str, most: int) -> Iterator[str]:
        """Name the versions before one, the newest first.

        They are so many at most, and none from before a delete marker, or from before a version without an id, which
        may have taken the place of one. In one answer versions and markers come apart,
        and their times are in whole seconds: so each is asked for alone.
        """
        is_before, position = False, _Position()
        for _ in range(_NEWER + 1 + most):
            if most == 0:
                return
            answer = self._list_one(position)
            found = next((each["VersionId"] for each in answer.get("Versions", []) if each["Key"] == self._key), None)
            if found is None:
                return
            if is_before:
                yield found
                most -= 1
            is_before = is_before or found == version_id
            if not answer["IsTruncated"] or has_no_id(found):
                return
            position = _Position(KeyMarker=answer["NextKeyMarker"], VersionIdMarker=answer["NextVersionIdMarker"])

    def _list_one(self, position: "_Position") -> "ListObjectVersionsOutputTypeDef":
        try:
            return self._client.list_object_versions(Bucket=self._bucket, Prefix=self._key, MaxKeys=1, **position)
        except (ClientError, BotoCoreError) as error:
            raise StorageError("ListObjectVersions", self._key, error_code(error)) from error

    def head(self) -> "HeadObjectOutputTypeDef | None":
        """Look at the current version without its bytes; None if there is none."""
        return self._head({"Bucket": self._bucket, "Key": self._key})

    def read(self, original: SourceObject) -> bytes:
        """Read an original into memory.

        Raises:
            ImageRejectedError: it is larger than the limit; nothing was read.
        """
        limit = self._limit
        if original.size > limit:
            original.body.close()
            raise ImageRejectedError(Reason.TOO_MANY_BYTES, f"{original.size} bytes, the limit is {limit}")
        try:
            source = _read_exactly(original.body, original.size)
        except (BotoCoreError, OSError) as error:
            raise StorageError("GetObject", self._key, type(error).__name__) from error
        if len(source) != original.size:
            raise StorageError("GetObject", self._key, "IncompleteBody")
        return source

    def _head(self, which: Mapping[str, Any]) -> "HeadObjectOutputTypeDef | None":
        try:
            return self._client.head_object(**which)
        except (ClientError, BotoCoreError) as error:
            if is_missing(error):
                return None
            raise StorageError("HeadObject", self._key, error_code(error)) from error


def _read_exactly(body: Body, size: int) -> bytes:
    """Read a body into memory of its size: Python 3.14 doubles its buffer until a body fits, and then copies it.

    What is written to its last byte once is not moved again, and what it holds is handed over as it is.
    """
    buffer = BytesIO()
    if size:
        buffer.seek(size - 1)
        buffer.write(b"\0")
        buffer.seek(0)
    while chunk := body.read(_CHUNK_BYTES):
        buffer.write(chunk)
    buffer.truncate()
    return buffer.getvalue()


def _original(answer: "GetObjectOutputTypeDef | HeadObjectOutputTypeDef", body: Body) -> SourceObject:
    focus, focus_error = focus_in(answer.get("Metadata", {}))
    return SourceObject(
        version_id=answer.get("VersionId"),
        etag=answer["ETag"].strip('"'),
        size=answer["ContentLength"],
        modified=answer["LastModified"],
        body=body,
        focus=focus,
        focus_error=focus_error,
    )
