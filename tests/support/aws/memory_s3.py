"""S3 in memory, as far as this pipeline speaks to it: quick enough for thousands of interleavings.

tests/functional/support/test_memory_s3.py holds it against moto, request by request.
"""

import hashlib
import itertools
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, NoReturn

from botocore.exceptions import ClientError

from contract.focal_point import FocalPoint, focus_in
from contract.object_version import identity_of

NULL = "null"
BEGINNING = datetime(2026, 11, 24, tzinfo=UTC)


@dataclass(frozen=True)
class Version:
    """One version of an object; a delete marker has no body."""

    version_id: str | None
    body: bytes | None
    headers: dict[str, Any] = field(default_factory=dict)
    modified: datetime = BEGINNING
    archived: bool = False
    number: int = 0  # the higher, the newer

    @property
    def etag(self) -> str:
        return f'"{hashlib.md5(self.body or b"", usedforsecurity=False).hexdigest()}"'

    @property
    def identity(self) -> str:
        return identity_of(self.version_id, self.etag, self.focus)

    @property
    def focus(self) -> FocalPoint | None:
        return focus_in(self.headers.get("Metadata", {}))[0]


class NoSuchKeyError(ClientError):
    """What boto3 raises for a key that is not there."""


class Exceptions:
    """What hangs on a boto3 client as `exceptions`."""

    NoSuchKey = NoSuchKeyError


class MemoryS3:
    """A client whose methods take and give what boto3's do. Only buckets named in `versioned` keep old versions.

    Of those, the buckets in `suspended` keep what they have, and what is put there is the version "null" and takes the
    place of one that is so called, or of a delete marker that is.
    docs.aws.amazon.com/AmazonS3/latest/userguide/VersionSuspendedBehavior.html

    Its clock stands until a test moves it. What it tells is in whole seconds, as S3's is.
    """

    exceptions = Exceptions

    def __init__(self, versioned: frozenset[str]) -> None:
        self._versioned = versioned
        self.suspended: set[str] = set()
        self._objects: dict[tuple[str, str], list[Version]] = {}
        self._ids = itertools.count(1)
        self.now = BEGINNING

    def get_object(self, *, Bucket: str, Key: str, VersionId: str | None = None) -> dict[str, Any]:
        """Read the current version, or the one that is named."""
        found = self._version(Bucket, Key, VersionId) if VersionId else self._current(Bucket, Key)
        if found is None and VersionId:
            _fail(ClientError, "NoSuchVersion", 404, "GetObject")
        if found is None:
            _fail(NoSuchKeyError, "NoSuchKey", 404, "GetObject")
        if found.archived:
            _fail(ClientError, "InvalidObjectState", 403, "GetObject")
        return self._described(found) | {"Body": BytesIO(found.body or b"")}

    def head_object(self, *, Bucket: str, Key: str, VersionId: str | None = None) -> dict[str, Any]:
        """Look at the current version, or the one that is named."""
        found = self._version(Bucket, Key, VersionId) if VersionId else self._current(Bucket, Key)
        if found is None:
            _fail(ClientError, "404", 404, "HeadObject")
        return self._described(found)

    def list_object_versions(
        self, *, Bucket: str, Prefix: str, MaxKeys: int = 1000, KeyMarker: str = "", VersionIdMarker: str | None = None
    ) -> dict[str, Any]:
        """List the versions of the keys that begin so, a key's newest first, and delete markers apart from them."""
        keys = sorted(key for owner, key in self._objects if owner == Bucket and key.startswith(Prefix))
        found = [(key, version) for key in keys for version in reversed(self.versions(Bucket, key))]
        if VersionIdMarker:
            last = self._number(Bucket, KeyMarker, VersionIdMarker)
            found = [(key, each) for key, each in found if (key, -each.number) > (KeyMarker, -last)]
        kinds: dict[str, Any] = {"IsTruncated": len(found) > MaxKeys}
        if kinds["IsTruncated"]:
            key, version = found[MaxKeys - 1]
            kinds |= {"NextKeyMarker": key, "NextVersionIdMarker": version.version_id}
        for key, version in found[:MaxKeys]:
            listed = {
                "Key": key,
                "VersionId": version.version_id,
                "IsLatest": version is self.versions(Bucket, key)[-1],
            }
            kinds.setdefault("Versions" if version.body is not None else "DeleteMarkers", []).append(listed)
        return kinds

    def list_objects_v2(self, *, Bucket: str, Delimiter: str) -> dict[str, Any]:
        """List the folders at the top."""
        folders = {key.split(Delimiter)[0] + Delimiter for key in self.keys(Bucket)}
        return {"CommonPrefixes": [{"Prefix": folder} for folder in sorted(folders)]}

    def put_object(
        self,
        *,
        Bucket: str,
        Key: str,
        Body: bytes,
        IfMatch: str | None = None,
        IfNoneMatch: str | None = None,
        **headers: Any,
    ) -> dict[str, Any]:
        """Write, if the condition holds."""
        current = self._current(Bucket, Key)
        if IfMatch is not None and current is None:
            _fail(NoSuchKeyError, "NoSuchKey", 404, "PutObject")
        if (IfNoneMatch == "*" and current) or (IfMatch and current and IfMatch.strip('"') != current.etag.strip('"')):
            _fail(ClientError, "PreconditionFailed", 412, "PutObject")
        made = self._add(Bucket, Key, Body, headers)
        return {"ETag": made.etag} | ({"VersionId": made.version_id} if made.version_id else {})

    def delete_object(
        self, *, Bucket: str, Key: str, VersionId: str | None = None, IfMatch: str | None = None
    ) -> dict[str, Any]:
        """Delete, if the condition holds: for good, or by a marker where versions are kept."""
        current = self._current(Bucket, Key)
        if IfMatch is not None and current is None:
            _fail(NoSuchKeyError, "NoSuchKey", 404, "DeleteObject")
        if IfMatch and current and IfMatch.strip('"') != current.etag.strip('"'):
            _fail(ClientError, "PreconditionFailed", 412, "DeleteObject")
        if VersionId is not None:
            versions = self._objects.get((Bucket, Key), [])
            self._objects[Bucket, Key] = [version for version in versions if version.version_id != VersionId]
            return {"VersionId": VersionId}
        if Bucket in self._versioned:
            return {"DeleteMarker": True, "VersionId": self._add(Bucket, Key, None, {}).version_id}
        self._objects.pop((Bucket, Key), None)
        return {}

    def set_archived(self, bucket: str, key: str, *, archived: bool) -> None:
        """Move the current version to an archive class, or restore it."""
        *older, current = self._objects[bucket, key]
        self._objects[bucket, key] = [*older, replace(current, archived=archived)]

    def versions(self, bucket: str, key: str) -> list[Version]:
        """Every version of a key, oldest first, markers among them."""
        return list(self._objects.get((bucket, key), []))

    def keys(self, bucket: str) -> list[str]:
        """The keys that have a current version."""
        return [key for owner, key in self._objects if owner == bucket and self._current(bucket, key)]

    def _version(self, bucket: str, key: str, version_id: str) -> Version | None:
        versions = self._objects.get((bucket, key), [])
        return next((each for each in versions if each.version_id == version_id and each.body is not None), None)

    def _current(self, bucket: str, key: str) -> Version | None:
        versions = self._objects.get((bucket, key), [])
        return versions[-1] if versions and versions[-1].body is not None else None

    def _add(self, bucket: str, key: str, body: bytes | None, headers: dict[str, Any]) -> Version:
        keeps, number = bucket in self._versioned, next(self._ids)
        version_id = (NULL if bucket in self.suspended else f"v{number}") if keeps else None
        made = Version(version_id, body, headers, self.now, number=number)
        kept = [each for each in self._objects.get((bucket, key), []) if keeps and each.version_id != version_id]
        self._objects[bucket, key] = [*kept, made]
        return made

    def _number(self, bucket: str, key: str, version_id: str) -> int:
        """A version's place among those of its key. It may be gone meanwhile, and tells it all the same but for "null".

        What S3 lists after a "null" that is gone is documented nowhere: here it is nothing.
        """
        if version_id != NULL:
            return int(version_id[1:])
        return next((each.number for each in self.versions(bucket, key) if each.version_id == NULL), 0)

    def _described(self, version: Version) -> dict[str, Any]:
        described = {
            "ETag": version.etag,
            "ContentLength": len(version.body or b""),
            "Metadata": {},
            "LastModified": version.modified.replace(microsecond=0),
        } | version.headers
        archive = {"StorageClass": "GLACIER"} if version.archived else {}
        return described | archive | ({"VersionId": version.version_id} if version.version_id else {})


def _fail(kind: type[ClientError], code: str, status: int, operation: str) -> NoReturn:
    answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    raise kind(answer, operation)
