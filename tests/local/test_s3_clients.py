"""Any S3 client will do: what each uploads, in one piece or in many, becomes variants."""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from boto3.s3.transfer import TransferConfig
from PIL import Image

from darkroom.local.access_keys import AccessKeys
from darkroom.local.emulator import environment
from darkroom.pipeline.client import Pipeline
from support.command.pipelines import manifest_of

pytestmark = pytest.mark.long

# The smallest part that S3 takes: docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
PART_BYTES = 5 * 2**20
BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image that every client sends in one piece."""
    path = tmp_path_factory.mktemp("small") / "small picture.png"
    Image.new("RGB", (64, 48), "teal").save(path)
    return path


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image that every client sends in two parts; the `aws` command line does so above 8 MB."""
    path = tmp_path_factory.mktemp("large") / "large picture.bmp"
    Image.new("RGB", (1800, 1600), "teal").save(path)
    assert 8 * 2**20 < path.stat().st_size < 2 * PART_BYTES
    return path


def test_boto3_uploads_in_one_piece(pipeline: Pipeline, small: Path) -> None:
    pipeline.client("s3").upload_file(str(small), pipeline.uploads_bucket, "boto3/small picture.png")

    assert_resized(pipeline, "boto3/small picture.png", width=64, parts=None)


def test_boto3_uploads_in_parts(pipeline: Pipeline, large: Path) -> None:
    in_parts = TransferConfig(multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES)
    pipeline.client("s3").upload_file(str(large), pipeline.uploads_bucket, "boto3/large picture.bmp", Config=in_parts)

    assert_resized(pipeline, "boto3/large picture.bmp", width=1800, parts=2)


def test_the_aws_command_line_uploads_in_one_piece(pipeline: Pipeline, small: Path) -> None:
    aws(pipeline, small)

    assert_resized(pipeline, "aws/small picture.png", width=64, parts=None)


def test_the_aws_command_line_uploads_in_parts(pipeline: Pipeline, large: Path) -> None:
    aws(pipeline, large)

    assert_resized(pipeline, "aws/large picture.bmp", width=1800, parts=2)


def test_s3cmd_uploads_in_one_piece(pipeline: Pipeline, small: Path, tmp_path: Path) -> None:
    s3cmd(pipeline, small, tmp_path)

    assert_resized(pipeline, "s3cmd/small picture.png", width=64, parts=None)


def test_s3cmd_uploads_in_parts(pipeline: Pipeline, large: Path, tmp_path: Path) -> None:
    s3cmd(pipeline, large, tmp_path)

    assert_resized(pipeline, "s3cmd/large picture.bmp", width=1800, parts=2)


def aws(pipeline: Pipeline, path: Path) -> None:
    uploads = f"s3://{pipeline.uploads_bucket}/aws/"
    keys = AccessKeys.of(pipeline.session)
    run([BIN / "aws", "s3", "cp", path, uploads], environment(str(pipeline.endpoint_url), keys))


def s3cmd(pipeline: Pipeline, path: Path, folder: Path) -> None:
    host = urlsplit(str(pipeline.endpoint_url)).netloc
    keys = AccessKeys.of(pipeline.session)
    settings = folder / "s3cfg"
    settings.write_text(
        "[default]\n"
        f"access_key = {keys.id}\nsecret_key = {keys.secret}\n"
        f"host_base = {host}\nhost_bucket = {host}\nuse_https = False\n"
        f"multipart_chunk_size_mb = {PART_BYTES // 2**20}\n"
    )
    run([BIN / "s3cmd", "--config", settings, "put", path, f"s3://{pipeline.uploads_bucket}/s3cmd/"], dict(os.environ))


def run(command: list[str | Path], environ: dict[str, str]) -> None:
    finished = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr


def assert_resized(pipeline: Pipeline, key: str, *, width: int, parts: int | None) -> None:
    manifest = manifest_of(pipeline, key)
    etag = manifest["source"]["etag"]

    assert (manifest["outcome"], manifest["source"]["width"]) == ("resized", width)
    # The ETag of what came in parts ends with their number: docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
    assert etag.partition("-")[2] == ("" if parts is None else str(parts))
    assert {rendition["variant"] for rendition in manifest["renditions"]} == {"large", "medium", "thumb"}
