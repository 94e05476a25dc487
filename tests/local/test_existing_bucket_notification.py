"""A bucket made by hand, with versions and a notification of somebody else, on the emulator: adopted and given back."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from contract.keys import manifest_key
from darkroom.doctor.checks import checks
from darkroom.doctor.findings import Level
from darkroom.local.deploy import deploy
from darkroom.local.emulator import Emulator, emulator
from darkroom.local.synthesis import configuration, local_overrides, synthesize
from darkroom.pipeline.client import DeploymentError, Pipeline
from support.imaging.pictures import jpeg

if TYPE_CHECKING:
    from pathlib import Path

    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_s3 import S3Client

BUCKET = "photos"
PATIENCE = 120


@dataclass
class Adopted:
    """Somebody's bucket, and a stack that takes uploads from it."""

    aws: Emulator
    s3: "S3Client"
    assemblies: "Path"

    def deploy(self, key_prefix: str) -> Pipeline:
        return deploy(self.assembly(key_prefix), self.aws.endpoint_url, self.aws.session())

    def assembly(self, key_prefix: str) -> "Path":
        return synthesize(settings(key_prefix), self.assemblies)

    def notifications(self) -> dict[str, Any]:
        answer: Any = self.s3.get_bucket_notification_configuration(Bucket=BUCKET)
        return {name: value for name, value in answer.items() if name != "ResponseMetadata"}

    def destroy(self, pipeline: Pipeline) -> None:
        """Remove the stack, as `make destroy` has CloudFormation do."""
        for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=pipeline.derived_bucket):
            for each in page.get("Contents", []):  # of what is not retained only an empty bucket is removed
                self.s3.delete_object(Bucket=pipeline.derived_bucket, Key=each["Key"])
        cloudformation: CloudFormationClient = pipeline.client("cloudformation")
        cloudformation.delete_stack(StackName=pipeline.stack_name)
        cloudformation.get_waiter("stack_delete_complete").wait(
            StackName=pipeline.stack_name, WaiterConfig={"Delay": 1, "MaxAttempts": PATIENCE}
        )


def settings(key_prefix: str) -> dict[str, object]:
    bucket = {"name": BUCKET, "notified_by": "notification"}
    return local_overrides() | {"uploads_bucket": bucket, "key_prefix": key_prefix}


@pytest.fixture
def adopted(assemblies: "Path", tmp_path: "Path") -> Iterator[Adopted]:
    """The bucket sends what happens to documents to a topic that has gone since, and everything to EventBridge."""
    with emulator(log=tmp_path / "emulator.log") as aws:
        s3: S3Client = aws.session().client("s3", endpoint_url=aws.endpoint_url)
        s3.create_bucket(Bucket=BUCKET)
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        topic = {
            "Id": "index of documents",
            "TopicArn": f"arn:aws:sns:{aws.session().region_name}:000000000000:gone",
            "Events": ["s3:ObjectCreated:Put"],
            "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "documents/"}]}},
        }
        s3.put_bucket_notification_configuration(
            Bucket=BUCKET,
            NotificationConfiguration={"TopicConfigurations": [topic], "EventBridgeConfiguration": {}},  # type: ignore[list-item]
            SkipDestinationValidation=True,
        )
        yield Adopted(aws=aws, s3=s3, assemblies=assemblies)


@pytest.mark.long
def test_a_bucket_is_adopted_and_resized_and_given_back_as_it_was(adopted: Adopted) -> None:
    before = adopted.notifications()

    pipeline = adopted.deploy("shop/")

    beside = adopted.notifications()
    assert {name: beside[name] for name in before} == before
    version = adopted.s3.put_object(Bucket=BUCKET, Key="shop/cät +1.jpg", Body=jpeg(60, 40))["VersionId"]
    manifest = wait_for_manifest(adopted.s3, pipeline, "shop/cät +1.jpg")
    assert (manifest["outcome"], manifest["source"]["version_id"]) == ("resized", version)
    assert faults(adopted, pipeline, "shop/") == []

    adopted.destroy(pipeline)

    assert json.dumps(adopted.notifications()) == json.dumps(before)
    assert adopted.s3.get_object(Bucket=BUCKET, Key="shop/cät +1.jpg")["VersionId"] == version


@pytest.mark.long
def test_another_prefix_takes_the_place_of_the_first_and_one_that_overlaps_leaves_all_as_it_is(
    adopted: Adopted,
) -> None:
    before = adopted.notifications()
    adopted.deploy("shop/")
    pipeline = adopted.deploy("avatars/")
    (entry,) = adopted.notifications()["QueueConfigurations"]
    assert entry["Filter"]["Key"]["FilterRules"][0]["Value"] == "avatars/"
    with_ours = adopted.notifications()

    with pytest.raises(
        DeploymentError, match=r"photos sends s3:ObjectCreated:Put of keys that start with 'documents/'"
    ):
        adopted.deploy("documents/new/")

    assert adopted.notifications() == with_ours
    assert [each for each in faults(adopted, pipeline, "documents/new/") if "documents/" in each]
    adopted.destroy(pipeline)
    assert json.dumps(adopted.notifications()) == json.dumps(before)


def faults(adopted: Adopted, pipeline: Pipeline, key_prefix: str) -> list[str]:
    """What `darkroom doctor` says is broken, or would be by the next deployment."""
    looks = checks(pipeline, configuration(settings(key_prefix)), adopted.assembly(key_prefix), idle_timeout=PATIENCE)
    return [found.what for check in looks for found in check.findings() if found.level is Level.FAULT]


def wait_for_manifest(s3: "S3Client", pipeline: Pipeline, key: str) -> dict[str, Any]:
    name = manifest_key(key)
    s3.get_waiter("object_exists").wait(
        Bucket=pipeline.derived_bucket, Key=name, WaiterConfig={"Delay": 1, "MaxAttempts": PATIENCE}
    )
    body: dict[str, Any] = json.loads(s3.get_object(Bucket=pipeline.derived_bucket, Key=name)["Body"].read())
    return body
