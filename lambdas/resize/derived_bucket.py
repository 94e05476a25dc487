"""Conditional writes to the derived bucket; the newest event wins.

Each derived object carries the order of the event that it was written for. A write names the ETag that it replaces
(or that it replaces nothing), so of two writers that saw the same state one fails, looks again and finds who is newer:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html. No table and no lock are needed.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from contract.errors import StorageError
from contract.s3_errors import MISSING_CODES, error_code, is_missing
from contract.sequencer import EventOrder
from resize.errors import SupersededError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import PutObjectRequestTypeDef


ORDER = "darkroom-order"

# Each lost race is one that another writer of the key has won; more than these is a storm, for the queue to calm.
ATTEMPTS = 8

_LOST = {"412", "PreconditionFailed", "409", "ConditionalRequestConflict"} | MISSING_CODES


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What to write: the bytes and how S3 serves them.

    `tags` is URL-encoded, `metadata` goes with the order.
    """

    body: bytes
    content_type: str
    cache_control: str
    tags: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What a register holds."""

    etag: str
    order: EventOrder


class PreconditionFailedError(Exception):
    """The object is no longer in the state that the write named."""


class DerivedBucket:
    """The derived bucket's objects, for the job of one event.

    Every method raises StorageError where S3 fails, and SupersededError as it says.
    """

    def __init__(self, client: "S3Client", bucket: str, order: EventOrder) -> None:
        self._client = client
        self._bucket = bucket
        self._order = order

    def put_if_newer(self, key: str, content: Content, expected: str | None) -> str:
        """Write unless a later event has; `expected` is the ETag thought to be there.

        Returns the ETag that is.

        Raises:
            SupersededError: a later event's object is there.
        """
        own = State(etag=hashlib.md5(content.body, usedforsecurity=False).hexdigest(), order=self._order)
        for _ in range(ATTEMPTS):
            try:
                return self.put_if_match(key, content, expected)
            except PreconditionFailedError:
                current = self.head(key)
            if current == own:
                return current.etag
            if current and current.order.is_later_than(self._order):
                raise SupersededError(key)
            expected = current.etag if current else None
        raise StorageError("PutObject", key, f"lost {ATTEMPTS} races in a row")

    def put_if_match(self, key: str, content: Content, expected: str | None) -> str:
        """Write if the object has exactly the ETag `expected`.

        None expects it to be absent. Returns the new ETag.

        Raises:
            PreconditionFailedError: it is in another state.
        """
        request: PutObjectRequestTypeDef = {
            "Bucket": self._bucket,
            "Key": key,
            "Body": content.body,
            "ContentType": content.content_type,
            "CacheControl": content.cache_control,
            "Metadata": {ORDER: self._order.to_text(), **content.metadata},
        }
        if content.tags:
            request["Tagging"] = content.tags
        if expected:
            request["IfMatch"] = expected
        else:
            request["IfNoneMatch"] = "*"
        try:
            answer = self._client.put_object(**request)
        except (ClientError, BotoCoreError) as error:
            raise self._failure(error, "PutObject", key) from error
        return answer["ETag"].strip('"')

    def head(self, key: str) -> State | None:
        """See what the register holds."""
        try:
            answer = self._client.head_object(Bucket=self._bucket, Key=key)
        except (ClientError, BotoCoreError) as error:
            if is_missing(error):
                return None
            raise StorageError("HeadObject", key, error_code(error)) from error
        return State(etag=answer["ETag"].strip('"'), order=EventOrder.from_text(answer["Metadata"].get(ORDER, "")))

    def delete_if_match(self, key: str, etag: str) -> State | None:
        """Delete the object if it has this ETag. Returns what is there otherwise."""
        for _ in range(ATTEMPTS):
            try:
                self._client.delete_object(Bucket=self._bucket, Key=key, IfMatch=etag)
            except (ClientError, BotoCoreError) as error:
                if is_missing(error):
                    return None
                failure = self._failure(error, "DeleteObject", key)
                if not isinstance(failure, PreconditionFailedError):
                    raise failure from error
            else:
                return None
            current = self.head(key)
            if current is None or current.etag != etag:
                return current
        raise StorageError("DeleteObject", key, f"lost {ATTEMPTS} races in a row")

    def _failure(
        self, error: ClientError | BotoCoreError, operation: str, key: str
    ) -> StorageError | PreconditionFailedError:
        code = error_code(error)
        return PreconditionFailedError(key) if code in _LOST else StorageError(operation, key, code)
