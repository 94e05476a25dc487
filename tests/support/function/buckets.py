"""Both buckets on moto, a clock of events, and jobs that a test delivers by hand."""

import hashlib
import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import boto3
from botocore.exceptions import ConnectionClosedError
from moto import mock_aws
from moto.s3.models import s3_backends

from contract.events import EventType, ObjectEvent
from contract.focal_point import FocalPoint
from resize.executor import MapFunction, serial_map
from resize.imaging.rendition import Rendered, Rendition
from resize.imaging.variants import Format, Variant, parse_variants
from resize.job import Job, JobResult
from resize.publication import Announce, Publication
from resize.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

Render = Callable[[bytes], Rendered]

_utc_now = partial(datetime.now, UTC)


def s3_client() -> "S3Client":
    """A client with moto's credentials."""
    client: S3Client = boto3.client(
        "s3", aws_access_key_id="test", aws_secret_access_key="test", region_name="eu-west-1"
    )
    return client


def settings(**variants: dict[str, Any]) -> Settings:
    """Settings with these variants, or with a large one and a thumb."""
    chosen = variants or {"large": {"width": 1600}, "thumb": {"width": 320, "height": 320, "fit": "cover"}}
    return Settings(uploads_bucket="uploads", derived_bucket="derived", variants=parse_variants(chosen))


@dataclass
class Buckets:
    """Both buckets, and what happened to them so far."""

    client: "S3Client"
    settings: Settings
    for_each: MapFunction = serial_map
    clock: Callable[[], datetime] = _utc_now
    sequence: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    delivered: list[ObjectEvent] = field(default_factory=list)
    announce: Announce | None = None

    def upload(self, key: str, body: bytes, focus: str | None = None) -> ObjectEvent:
        """Put an object; the answer is the event that S3 sends of it."""
        metadata = {} if focus is None else {"focus": focus}
        answer = self.client.put_object(Bucket="uploads", Key=key, Body=body, Metadata=metadata)
        event = self._event(EventType.CREATED, key, answer.get("VersionId"))
        return replace(event, size=len(body), etag=answer["ETag"].strip('"'))

    def copy_upon_itself(self, key: str, focus: str | None) -> ObjectEvent:
        """Give the current object another focal point: its bytes and its ETag stay."""
        answer = self.client.copy_object(
            Bucket="uploads",
            Key=key,
            CopySource={"Bucket": "uploads", "Key": key},
            MetadataDirective="REPLACE",
            Metadata={} if focus is None else {"focus": focus},
        )
        return self._event(EventType.CREATED, key, answer.get("VersionId"))

    def delete(self, key: str) -> ObjectEvent:
        """Put a delete marker on a key, or delete it for good where no versions are kept."""
        answer = self.client.delete_object(Bucket="uploads", Key=key)
        change = EventType.MARKED_DELETED if "VersionId" in answer else EventType.DELETED
        return self._event(change, key, answer.get("VersionId"))

    def expire(self, key: str) -> ObjectEvent:
        """Delete a key as a lifecycle rule does."""
        deleted = self.delete(key)
        is_marked = deleted.change is EventType.MARKED_DELETED
        return replace(deleted, change=EventType.EXPIRED if is_marked else EventType.EXPIRED_FOR_GOOD)

    def move(self, key: str, storage_class: str) -> None:
        """Move the current version to another storage class, as a lifecycle rule does: it stays the same version."""
        current = s3_backends["123456789012"]["aws"].get_object("uploads", key)
        assert current is not None
        current.set_storage_class(storage_class)

    def delete_version(self, key: str, version_id: str | None) -> ObjectEvent:
        """Delete one version, or one delete marker, for good."""
        self.client.delete_object(Bucket="uploads", Key=key, VersionId=version_id or "null")
        return self._event(EventType.DELETED, key, version_id)

    def deliver(
        self,
        upload: ObjectEvent,
        render: Render | None = None,
        client: "S3Client | None" = None,
        *,
        is_late: bool = False,
        announce: Announce | None = None,
    ) -> JobResult:
        """Run the job of an event to its end; one that comes late is taken for a retry, as one that comes again is."""
        is_retry = is_late or upload in self.delivered
        self.delivered.append(upload)
        publication = Publication(
            client or self.client,
            self.settings,
            upload,
            is_retry=is_retry,
            for_each=self.for_each,
            announce=announce or self.announce,
        )
        make = render or partial(self.render, variants=self.settings.variants_for(upload.key))
        job = Job(
            upload=upload,
            settings=self.settings,
            publication=publication,
            render=lambda source, focus: around(focus, make(source)),
        )
        return job.run()

    def render(self, source: bytes, variants: Sequence[Variant] | None = None) -> Rendered:
        """Make renditions that tell which source and which variant they are of."""
        renditions = tuple(
            Rendition(
                variant=variant.name,
                format=variant.format or Format.PNG,
                width=variant.width or 1,
                height=variant.height or 1,
                body=b"RIFF0000WEBP" + picture_of(source, variant.name) + f"{variant.width} wide".encode(),
                slot=variant.slot,
            )
            for variant in (self.settings.variants if variants is None else variants)
        )
        return Rendered(
            format="jpeg",
            width=4000,
            height=3000,
            frames=1,
            dominant_colour="#808080",
            thumbhash="1QcSHQ==",
            renditions=renditions,
        )

    def client_that_cannot_write(self, key: str) -> "S3Client":
        """A client whose connection breaks whenever it begins to write this derived object."""
        client = s3_client()

        def break_connection(params: dict[str, Any], **_: object) -> None:
            if unquote(params["url_path"]).endswith(key):
                raise ConnectionClosedError(endpoint_url=params["url"])

        client.meta.events.register("before-call.s3.PutObject", break_connection)
        return client

    def client_that_hears_no_answer(self, operation: str) -> "S3Client":
        """A client whose connection breaks as soon as S3 has done what was asked."""
        client = s3_client()

        def break_connection(**_: object) -> None:
            raise ConnectionClosedError(endpoint_url="s3")

        client.meta.events.register(f"after-call.s3.{operation}", break_connection)
        return client

    def client_that_is_answered(self, operation: str, status: int, code: str, *, times: int) -> "S3Client":
        """A client that S3 answers with an error, the first so many times, without doing what was asked."""
        client, answers = s3_client(), itertools.count(1)

        def answer(**_: object) -> Any:
            if next(answers) > times:
                return None
            parsed = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
            return SimpleNamespace(status_code=status), parsed

        client.meta.events.register(f"before-call.s3.{operation}", answer)
        return client

    def derived(self) -> dict[str, bytes]:
        """Every derived object but the manifests."""
        return {key: body for key, body in self._objects() if not key.startswith("manifests/")}

    def manifest(self, key: str) -> dict[str, Any]:
        """The manifest of a key."""
        body = self.client.get_object(Bucket="derived", Key=f"manifests/{key}.json")["Body"].read()
        manifest: dict[str, Any] = json.loads(body)
        return manifest

    def shows(self, derived_key: str, source: bytes) -> bool:
        """Tell whether a derived object was made of this source."""
        body = self.client.get_object(Bucket="derived", Key=derived_key)["Body"].read()
        return picture_of(source, derived_key.split("/", maxsplit=1)[0]) in body

    def _objects(self) -> Iterator[tuple[str, bytes]]:
        for page in self.client.get_paginator("list_objects_v2").paginate(Bucket="derived"):
            for item in page.get("Contents", []):
                yield item["Key"], self.client.get_object(Bucket="derived", Key=item["Key"])["Body"].read()

    def _event(self, change: EventType, key: str, version_id: str | None) -> ObjectEvent:
        return ObjectEvent(
            change=change,
            bucket="uploads",
            key=key,
            version_id=version_id,
            etag="",
            size=0,
            sequencer=f"{next(self.sequence):016X}",
            time=self.clock(),
        )


def around(focus: FocalPoint | None, rendered: Rendered) -> Rendered:
    """Have renditions tell what focal point they were cut around."""
    if focus is None:
        return rendered
    mark = f"<around {focus}>".encode()
    return replace(rendered, renditions=tuple(replace(each, body=each.body + mark) for each in rendered.renditions))


def picture_of(source: bytes, variant: str) -> bytes:
    """What a rendition made by Buckets.render shows."""
    return f"<{variant} of {hashlib.sha256(source).hexdigest()}>".encode()


@contextmanager
def new_buckets(**variants: dict[str, Any]) -> Iterator[Buckets]:
    """Two fresh buckets on moto, the uploads versioned."""
    with mock_aws():
        client = s3_client()
        for bucket in ("uploads", "derived"):
            client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        client.put_bucket_versioning(Bucket="uploads", VersioningConfiguration={"Status": "Enabled"})
        yield Buckets(client=client, settings=settings(**variants))
