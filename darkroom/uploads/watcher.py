"""Watch a pipeline through S3 and SQS, with few requests."""

import os.path
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from contract.focal_point import focus_in
from contract.object_version import identity_of
from contract.s3_errors import is_missing
from darkroom.dlq.dead_letters import uploads_of
from darkroom.dlq.queue import DeadLetterQueue
from darkroom.errors import aws_errors
from darkroom.parallel import map_parallel
from darkroom.pipeline.manifests import fetch_manifest
from darkroom.pipeline.sqs import queue_depth
from darkroom.uploads.outcomes import ManifestFile, VersionId

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sqs.client import SQSClient

    from darkroom.pipeline.client import Pipeline

_MOST_DEAD_LETTERS = 10_000
# As many as S3 lists at most: docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
PAGE = 1_000


class PipelineWatcher:
    """The pipeline since the watch began.

    Every method raises DarkroomError where AWS does not answer.
    """

    def __init__(self, s3: "S3Client", sqs: "SQSClient", pipeline: "Pipeline") -> None:
        self._s3 = s3
        self._sqs = sqs
        self._pipeline = pipeline
        self._read_etags: dict[str, str] = {}
        self._dead_letters = DeadLetterQueue(pipeline)
        self._read_messages: set[str] = set()
        self._counted = 0

    def new_manifests(self, keys: Sequence[str]) -> Iterator[ManifestFile]:
        """List these keys' manifests, and read those that were not read before."""
        wanted = {self._pipeline.manifest_key(key) for key in keys}
        with aws_errors("Listing the manifests"):
            written = [key for key, etag in self._list(wanted) if self._read_etags.get(key) != etag]
            for key, etag, recorded in map_parallel(self._read, written):
                self._read_etags[key] = etag
                if recorded:
                    yield recorded

    def changed_manifests(self, known: Mapping[str, str]) -> Iterator[tuple[str, ManifestFile | None]]:
        """Tell which of these keys have another manifest than the one of this ETag.

        Those that have none any more are told with None. Where there was none, the ETag is empty.
        """
        keys = {self._pipeline.manifest_key(key): key for key in known}
        with aws_errors("Listing the manifests"):
            etags = dict(self._list({*keys}))
            yield from ((key, None) for name, key in keys.items() if known[key] and name not in etags)
            others = [name for name, etag in etags.items() if known[keys[name]] != etag]
            for name, _, recorded in map_parallel(self._read, others):
                if recorded:
                    yield keys[name], recorded

    def new_dead_letters(self) -> Iterator[VersionId]:
        """Read the dead-letter queue where its length has changed.

        Nothing is taken out of it. Of more letters than are read at once some are always missing: they are not read
        again for that alone.
        """
        count, before = self._dead_letters.count(), self._counted
        self._counted = count
        if count == len(self._read_messages) or (count == before and count > _MOST_DEAD_LETTERS):
            return
        messages = self._dead_letters.peek(_MOST_DEAD_LETTERS)
        new = [message for message in messages if message.message_id not in self._read_messages]
        self._read_messages = {message.message_id for message in messages}
        for message in new:
            yield from ((upload.key, upload.identity) for upload in uploads_of(message.body))

    def is_idle(self) -> bool:
        """Tell whether no job waits and none runs, as far as SQS knows."""
        return queue_depth(self._sqs, self._pipeline.jobs_queue_url).total == 0

    def is_current(self, version: VersionId) -> bool:
        """Tell whether this is still the newest version of its key."""
        key, version_id = version
        with aws_errors("Reading the uploads bucket"):
            try:
                answer = self._s3.head_object(Bucket=self._pipeline.uploads_bucket, Key=key)
            except ClientError as error:
                if not is_missing(error):
                    raise
                return False
        focus, _ = focus_in(answer.get("Metadata", {}))
        return identity_of(answer.get("VersionId"), answer["ETag"], focus) == version_id

    def _list(self, wanted: set[str]) -> Iterator[tuple[str, str]]:
        """Find the ETags by a listing, or one by one where that proves to take fewer requests."""
        prefix = os.path.commonprefix(list(wanted))  # noqa: RUF071 - a key's prefix may end within a name
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._pipeline.derived_bucket, Prefix=prefix, PaginationConfig={"PageSize": PAGE}
        )
        listed: dict[str, str] = {}
        for number, page in enumerate(pages, start=1):
            listed |= {found["Key"]: found["ETag"] for found in page.get("Contents", []) if found["Key"] in wanted}
            if number >= len(wanted) and page["IsTruncated"]:
                yield from (found for found in map_parallel(self._head, wanted) if found)
                return
        yield from listed.items()

    def _head(self, key: str) -> tuple[str, str] | None:
        try:
            return key, self._s3.head_object(Bucket=self._pipeline.derived_bucket, Key=key)["ETag"]
        except ClientError as error:
            if not is_missing(error):
                raise
            return None

    def _read(self, key: str) -> tuple[str, str, ManifestFile | None]:
        """Read a manifest: its key and ETag, and what it says where it is one that can be read."""
        fetched = fetch_manifest(self._s3, self._pipeline.derived_bucket, key)
        if fetched is None:
            return key, "", None  # removed since it was listed
        if fetched.manifest is None:
            return key, fetched.etag, None
        return key, fetched.etag, ManifestFile(manifest=fetched.manifest, text=fetched.text, etag=fetched.etag)
