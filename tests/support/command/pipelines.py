"""What a test does with a running pipeline: upload, and wait for what becomes of it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from contract.keys import manifest_key
from darkroom.pipeline.client import Pipeline

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_WAIT_SECONDS = 120
_POLL_SECONDS = 0.1


def upload(pipeline: Pipeline, key: str, body: bytes) -> None:
    """Put an object into the uploads bucket."""
    s3: S3Client = pipeline.client("s3")
    s3.put_object(Bucket=pipeline.uploads_bucket, Key=key, Body=body)


def manifest_of(pipeline: Pipeline, key: str) -> dict[str, Any]:
    """Wait for a key's first outcome, and read its manifest."""
    s3: S3Client = pipeline.client("s3")
    manifest = manifest_key(key)
    s3.get_waiter("object_exists").wait(
        Bucket=pipeline.derived_bucket,
        Key=manifest,
        WaiterConfig={"Delay": _POLL_SECONDS, "MaxAttempts": round(_WAIT_SECONDS / _POLL_SECONDS)},  # type: ignore[typeddict-item]
    )
    body = s3.get_object(Bucket=pipeline.derived_bucket, Key=manifest)["Body"].read()
    return json.loads(body)  # type: ignore[no-any-return]


@contextmanager
def by_hand(pipeline: Pipeline) -> Iterator[None]:
    """Keep Lambda from the queue, so that a test can take the messages itself."""
    functions = pipeline.client("lambda")
    [mapping] = functions.list_event_source_mappings(FunctionName=pipeline.function_name)["EventSourceMappings"]
    functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    try:
        yield
    finally:
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)
