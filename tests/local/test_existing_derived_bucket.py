"""Uploads and what is made of them in two folders of one bucket that was there before, on the emulator."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from darkroom.doctor.existing_buckets.derived_bucket import check_derived
from darkroom.doctor.findings import Level
from darkroom.doctor.smoke_test import SmokeTest
from darkroom.local.local_pipeline import local_pipeline
from darkroom.local.synthesis import configuration
from darkroom.pipeline.client import Pipeline
from darkroom.uploads.download import download_results
from darkroom.uploads.local_files import LocalFile
from darkroom.uploads.lookup import look_up
from darkroom.uploads.results_folder import ResultsFolder
from darkroom.uploads.upload import upload_all
from support.imaging.pictures import jpeg

if TYPE_CHECKING:
    from pathlib import Path

    from mypy_boto3_s3 import S3Client

OVERRIDES = {
    "uploads_bucket": {"name": "photos"},
    "key_prefix": "originals/",
    "derived_bucket": {"name": "photos", "prefix": "made/"},
}
PATIENCE = 120.0


@pytest.fixture(scope="module")
def adopted() -> Iterator[Pipeline]:
    with local_pipeline(OVERRIDES, begin=lambda _: None) as local:
        yield local.pipeline


@pytest.mark.long
def test_an_upload_is_resized_into_the_other_folder_and_nothing_of_that_is_resized_again(
    adopted: Pipeline, tmp_path: "Path"
) -> None:
    (tmp_path / "cat.jpg").write_bytes(jpeg(60, 40))
    uploads = [*upload_all([LocalFile(tmp_path / "cat.jpg", "originals/cat.jpg")], adopted)]

    (row,) = download_results(uploads, adopted, ResultsFolder.prepare(tmp_path / "out"), idle_timeout=PATIENCE)

    assert (row.result.outcome, look_up(adopted, "originals/cat.jpg").is_settled) == ("resized", True)
    assert row.files["thumb"] == tmp_path / "out" / "thumb" / "originals" / "cat.jpg.webp"
    assert list(SmokeTest(adopted, "originals/", PATIENCE).findings())[-1].level is Level.OK
    s3: S3Client = adopted.client("s3")
    keys = {each["Key"] for each in s3.list_objects_v2(Bucket="photos")["Contents"]}
    assert {key for key in keys if "cat.jpg" in key} == {
        "originals/cat.jpg",
        "made/manifests/originals/cat.jpg.json",
        *(f"made/{variant}/originals/cat.jpg.webp" for variant in ("large", "medium", "thumb")),
    }


@pytest.mark.long
def test_doctor_has_no_fault_to_find_with_the_bucket(adopted: Pipeline) -> None:
    findings = [*check_derived(configuration(OVERRIDES), adopted.client("s3"))]

    assert findings
    assert [each.what for each in findings if each.level is Level.FAULT] == []
