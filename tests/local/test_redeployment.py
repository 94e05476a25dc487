"""A stack that takes the place of another: what the earlier one left behind tells it nothing, or is kept."""

import json
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from darkroom.doctor.stack_names import check_names, read_stack_names
from darkroom.local.deploy import deploy
from darkroom.local.emulator import Emulator, emulator
from darkroom.local.synthesis import PROJECT, configuration, local_overrides, synthesize
from darkroom.pipeline.client import Pipeline
from support.command.certificates import certificate
from support.command.pipelines import by_hand, manifest_of, upload
from support.imaging.pictures import jpeg

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

RETAINING = local_overrides() | {"retain_data": True}


@pytest.fixture
def enforcing(tmp_path: Path) -> Iterator[Emulator]:
    """An emulator where policies count."""
    with emulator(log=tmp_path / "emulator.log", enforcing=certificate(tmp_path)) as aws:
        yield aws


@pytest.mark.long
def test_a_bucket_that_an_earlier_stack_left_behind_tells_the_new_queue_nothing_nor_does_its_end(
    enforcing: Emulator, assemblies: Path
) -> None:
    assembly = synthesize(RETAINING, assemblies)
    earlier = deploy(assembly, enforcing.endpoint_url, enforcing.session())
    upload(earlier, "before.jpg", jpeg())
    destroy(earlier)
    later = deploy(assembly, enforcing.endpoint_url, enforcing.session())
    with by_hand(later):
        live_and_die(earlier, "after.jpg")
        empty_as_the_runbook_says(earlier, enforcing)

        upload(later, "new.jpg", jpeg())
        events = events_until(later, "new.jpg")

    assert {bucket_of(event) for event in events} == {later.uploads_bucket}
    with pytest.raises(ClientError, match="Not Found"):
        later.client("s3").head_bucket(Bucket=earlier.uploads_bucket)


def test_no_other_bucket_of_the_account_can_be_made_to_fill_the_queue(enforcing: Emulator, assembly: Path) -> None:
    pipeline = deploy(assembly, enforcing.endpoint_url, enforcing.session())
    s3: S3Client = pipeline.client("s3")
    told = s3.get_bucket_notification_configuration(Bucket=pipeline.uploads_bucket)["QueueConfigurations"]
    s3.create_bucket(Bucket="another")

    with pytest.raises(ClientError, match="Unable to validate the following destination configurations"):
        s3.put_bucket_notification_configuration(
            Bucket="another", NotificationConfiguration={"QueueConfigurations": told}
        )


@pytest.mark.long
def test_a_stack_from_before_0_1_0_keeps_its_bucket_its_queue_and_what_is_in_them(
    assemblies: Path, tmp_path: Path
) -> None:
    with emulator(log=tmp_path / "emulator.log") as aws:
        # The name is nobody's: CloudFormation makes one up, as it did before 0.1.0.
        old = deploy(
            synthesize(RETAINING | {"legacy_uploads_bucket": "nobody"}, assemblies), aws.endpoint_url, aws.session()
        )
        upload(old, "before.jpg", jpeg())
        warned = check_names(configuration({}), read_stack_names(old.stack_name, old.client("cloudformation")))
        (setting,) = re.findall(r"-c (legacy_uploads_bucket)=(\S+) ", warned.advice)

        kept = deploy(synthesize(RETAINING | dict([setting]), assemblies), aws.endpoint_url, aws.session())
        upload(kept, "after.jpg", jpeg())

        assert old.jobs_queue_url.endswith("/Darkroom-jobs")
        assert kept == old
        assert manifest_of(kept, "after.jpg")["outcome"] == "resized"
        assert (
            check_names(
                configuration(dict([setting])), read_stack_names(kept.stack_name, kept.client("cloudformation"))
            ).advice
            == ""
        )
        keys = [entry["Key"] for entry in kept.client("s3").list_objects_v2(Bucket=kept.uploads_bucket)["Contents"]]
        assert keys == ["after.jpg", "before.jpg"]


def destroy(pipeline: Pipeline) -> None:
    cloudformation = pipeline.client("cloudformation")
    cloudformation.delete_stack(StackName=pipeline.stack_name)
    cloudformation.get_waiter("stack_delete_complete").wait(
        StackName=pipeline.stack_name, WaiterConfig={"Delay": 0.25, "MaxAttempts": 400}
    )


def live_and_die(pipeline: Pipeline, key: str) -> None:
    """Upload, overwrite and delete a key, and the versions of it: five events."""
    s3: S3Client = pipeline.client("s3")
    for color in ("red", "navy"):
        upload(pipeline, key, jpeg(color=color))
    s3.delete_object(Bucket=pipeline.uploads_bucket, Key=key)
    for version in s3.list_object_versions(Bucket=pipeline.uploads_bucket, Prefix=key)["Versions"]:
        s3.delete_object(Bucket=pipeline.uploads_bucket, Key=key, VersionId=version["VersionId"])


def empty_as_the_runbook_says(pipeline: Pipeline, enforcing: Emulator) -> None:
    """Run the runbook's own lines."""
    section = (PROJECT / "docs" / "runbook.md").read_text(encoding="utf-8").partition("## Take it down\n")[2]
    (program,) = re.findall(r"<<'END'\n(.*?)\n *END\n", section, re.DOTALL)
    finished = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program).replace("<UploadsBucket>", pipeline.uploads_bucket)],
        env=enforcing.environment() | {"AWS_CA_BUNDLE": str(enforcing.trusted.chain if enforcing.trusted else "")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr


def events_until(pipeline: Pipeline, key: str) -> list[dict[str, Any]]:
    """Take the messages of the jobs queue up to the job of a key, each as S3 wrote it."""
    sqs = pipeline.client("sqs")
    found: list[dict[str, Any]] = []
    while not found or key_of(found[-1]) != key:
        [message] = sqs.receive_message(QueueUrl=pipeline.jobs_queue_url, WaitTimeSeconds=20)["Messages"]
        sqs.delete_message(QueueUrl=pipeline.jobs_queue_url, ReceiptHandle=message["ReceiptHandle"])
        found.append(json.loads(message["Body"]))
    return found


def key_of(event: dict[str, Any]) -> str | None:
    """The key that an event is about; None for S3's test event."""
    return event["Records"][0]["s3"]["object"]["key"] if "Records" in event else None


def bucket_of(event: dict[str, Any]) -> str:
    name: str = event["Records"][0]["s3"]["bucket"]["name"] if "Records" in event else event["Bucket"]
    return name
