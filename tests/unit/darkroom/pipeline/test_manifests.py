"""Manifests, read from the derived bucket."""

from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from darkroom.pipeline.manifests import fetch_manifest, read_manifest
from support.command import manifests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_s3 import S3Client

NAME = "manifests/photo.jpg.json"


@pytest.fixture
def s3() -> "Iterator[S3Client]":
    with mock_aws():
        client = boto3.client("s3", "us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
        client.create_bucket(Bucket="derived")
        yield client


def test_a_manifest_is_read_with_its_etag_and_text(s3: "S3Client") -> None:
    manifest = manifests.manifest()
    etag = s3.put_object(Bucket="derived", Key=NAME, Body=manifest.to_json())["ETag"]

    fetched = fetch_manifest(s3, "derived", NAME)

    assert fetched is not None
    assert (fetched.etag, fetched.manifest) == (etag, manifest)
    assert read_manifest(s3, "derived", NAME) == manifest


def test_where_nothing_lies_there_is_no_manifest(s3: "S3Client") -> None:
    assert fetch_manifest(s3, "derived", NAME) is None
    assert read_manifest(s3, "derived", NAME) is None


def test_what_somebody_else_wrote_is_no_manifest(s3: "S3Client") -> None:
    s3.put_object(Bucket="derived", Key=NAME, Body=b"hello")

    fetched = fetch_manifest(s3, "derived", NAME)

    assert fetched is not None
    assert (fetched.text, fetched.manifest) == (b"hello", None)
    assert read_manifest(s3, "derived", NAME) is None


def test_another_refusal_is_an_error(s3: "S3Client") -> None:
    with pytest.raises(ClientError, match="NoSuchBucket"):
        read_manifest(s3, "not-there", NAME)
