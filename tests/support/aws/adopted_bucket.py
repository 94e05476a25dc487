"""A bucket that somebody made by hand, on an emulator, and a stack that takes uploads from it."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contract.keys import manifest_key
from contract.manifest import Manifest
from darkroom.local.deploy import deploy
from darkroom.local.emulator import Emulator, emulator
from darkroom.local.synthesis import local_overrides, synthesize
from darkroom.pipeline.client import Pipeline
from support.command.polling import eventually

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.literals import EventType

BUCKET = "photos"
PATIENCE = 120
_TAKEN = {"name": BUCKET, "notified_by": "notification"}


@dataclass(frozen=True)
class AdoptedBucket:
    """The bucket, and its stack's assemblies."""

    aws: Emulator
    s3: "S3Client"
    assemblies: Path

    def deploy(self, settings: Mapping[str, object]) -> Pipeline:
        return deploy(self.assembly(settings), self.aws.endpoint_url, self.aws.session())

    def assembly(self, settings: Mapping[str, object]) -> Path:
        return synthesize(adopting(settings), self.assemblies)

    def notifications(self) -> dict[str, Any]:
        answer: Any = self.s3.get_bucket_notification_configuration(Bucket=BUCKET)
        return {name: value for name, value in answer.items() if name != "ResponseMetadata"}

    def upload(self, key: str, body: bytes) -> str:
        return self.s3.put_object(Bucket=BUCKET, Key=key, Body=body)["VersionId"]

    def outcome(self, pipeline: Pipeline, key: str, version: str) -> Manifest:
        """Wait for the manifest of this version."""
        told: list[Manifest] = []

        def is_told() -> bool:
            if manifest_key(key) in self._keys(pipeline):
                answer = self.s3.get_object(Bucket=pipeline.derived_bucket, Key=manifest_key(key))
                told.append(Manifest.from_json(answer["Body"].read()))
            return bool(told) and told[-1].source.version_id == version

        eventually(is_told, seconds=PATIENCE)
        return told[-1]

    def destroy(self, pipeline: Pipeline) -> None:
        """Remove the stack, as `make destroy` has CloudFormation do."""
        for key in self._keys(pipeline):  # of what is not retained only an empty bucket is removed
            self.s3.delete_object(Bucket=pipeline.derived_bucket, Key=key)
        cloudformation: CloudFormationClient = pipeline.client("cloudformation")
        cloudformation.delete_stack(StackName=pipeline.stack_name)
        cloudformation.get_waiter("stack_delete_complete").wait(
            StackName=pipeline.stack_name, WaiterConfig={"Delay": 1, "MaxAttempts": PATIENCE}
        )

    def _keys(self, pipeline: Pipeline) -> list[str]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=pipeline.derived_bucket)
        return [each["Key"] for page in pages for each in page.get("Contents", [])]


def adopting(settings: Mapping[str, object]) -> dict[str, object]:
    """All settings of a stack on this machine that takes uploads from the bucket."""
    return local_overrides() | {"uploads_bucket": _TAKEN} | dict(settings)


@contextmanager
def bucket_made_by_hand(log: Path, assemblies: Path) -> Iterator[AdoptedBucket]:
    """An emulator on which there is the bucket, with versions."""
    with emulator(log=log) as aws:
        s3: S3Client = aws.session().client("s3", endpoint_url=aws.endpoint_url)
        make_by_hand(s3)
        yield AdoptedBucket(aws=aws, s3=s3, assemblies=assemblies)


def make_by_hand(s3: "S3Client", *, versioned: bool = True, event: "EventType" = "s3:ObjectCreated:Put") -> None:
    """Make the bucket: it tells a topic that has gone since of an event of documents, and EventBridge of everything."""
    s3.create_bucket(Bucket=BUCKET)
    if versioned:
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    topic = {
        "Id": "index of documents",
        "TopicArn": f"arn:aws:sns:{s3.meta.region_name}:000000000000:gone",
        "Events": [event],
        "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "documents/"}]}},
    }
    s3.put_bucket_notification_configuration(
        Bucket=BUCKET,
        NotificationConfiguration={"TopicConfigurations": [topic], "EventBridgeConfiguration": {}},  # type: ignore[list-item]
        SkipDestinationValidation=True,
    )


def as_text(notifications: Mapping[str, Any]) -> str:
    """Write them so that two that differ in a byte or in their order differ."""
    return json.dumps(notifications)
