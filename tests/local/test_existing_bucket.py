"""A bucket that was there before, without versions and told of by EventBridge, on the emulator: from upload to end.

The emulator's EventBridge tells no versions, so the order of a versioned bucket's events is proven elsewhere:
tests/functional/resize/test_existing_bucket_convergence.py.
"""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from contract.keys import manifest_key
from darkroom.doctor.existing_buckets.eventbridge import check_eventbridge
from darkroom.doctor.findings import Level
from darkroom.doctor.smoke_test import SmokeTest
from darkroom.local.local_pipeline import local_pipeline
from darkroom.pipeline.client import Pipeline
from darkroom.uploads.local_files import LocalFile
from darkroom.uploads.lookup import look_up
from darkroom.uploads.outcomes import wait_for_outcomes
from darkroom.uploads.upload import upload_all
from darkroom.uploads.watcher import PipelineWatcher
from support.imaging.pictures import jpeg

if TYPE_CHECKING:
    from pathlib import Path

    from mypy_boto3_s3 import S3Client

OVERRIDES = {"uploads_bucket": {"name": "photos"}, "key_prefix": "shop/"}
PATIENCE = 120.0


@pytest.fixture(scope="module")
def adopted() -> Iterator[Pipeline]:
    with local_pipeline(OVERRIDES, begin=lambda _: None) as local:
        yield local.pipeline


def outcome_of(pipeline: Pipeline, key: str, path: "Path") -> str:
    """Upload a file as the command does, and wait for what becomes of it."""
    uploads = [*upload_all([LocalFile(path, key)], pipeline)]
    watcher = PipelineWatcher(pipeline.client("s3"), pipeline.client("sqs"), pipeline)
    (result,) = [each for some in wait_for_outcomes(uploads, watcher, idle_timeout=PATIENCE) for each in some]
    return str(result.outcome or result.failure)


@pytest.mark.long
def test_uploads_and_overwrites_are_resized_and_each_is_known_by_its_bytes(adopted: Pipeline, tmp_path: "Path") -> None:
    path = tmp_path / "cat.jpg"
    path.write_bytes(jpeg(60, 40))
    first = outcome_of(adopted, "shop/cät +1.jpg", path)
    path.write_bytes(jpeg(80, 40))

    second = outcome_of(adopted, "shop/cät +1.jpg", path)

    found = look_up(adopted, "shop/cät +1.jpg")
    assert (first, second) == ("resized", "resized")
    assert found.is_settled
    assert found.recorded is not None
    assert found.recorded.manifest.source.width == 80
    assert found.recorded.manifest.source.version_id is None


@pytest.mark.long
def test_a_test_image_goes_through_and_its_deletion_too(adopted: Pipeline) -> None:
    findings = [*check_eventbridge(adopted, ("shop/",)), *SmokeTest(adopted, "shop/", PATIENCE).findings()]

    assert [each.what for each in findings if each.level is not Level.OK] == []


@pytest.mark.long
def test_what_is_outside_of_the_prefix_is_no_job(adopted: Pipeline) -> None:
    s3: S3Client = adopted.client("s3")
    s3.put_object(Bucket="photos", Key="private/cat.jpg", Body=jpeg())
    s3.put_object(Bucket="photos", Key="shop/after.jpg", Body=jpeg())

    assert manifest(s3, adopted, "shop/after.jpg")["outcome"] == "resized"

    assert look_up(adopted, "private/cat.jpg").recorded is None


def manifest(s3: "S3Client", pipeline: Pipeline, key: str) -> dict[str, Any]:
    """Wait for the manifest of a key."""
    name = manifest_key(key)
    s3.get_waiter("object_exists").wait(
        Bucket=pipeline.derived_bucket, Key=name, WaiterConfig={"Delay": 1, "MaxAttempts": round(PATIENCE)}
    )
    body: dict[str, Any] = json.loads(s3.get_object(Bucket=pipeline.derived_bucket, Key=name)["Body"].read())
    return body
