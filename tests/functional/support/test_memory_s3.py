"""The S3 in memory answers as moto does, whatever it is asked: conditions, versions and delete markers."""

from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from support.aws.memory_s3 import MemoryS3
from support.function.buckets import Buckets

conditions = st.sampled_from(["none", "absent", "current", "stale"])
requests = st.lists(
    st.tuples(
        st.sampled_from(
            ["get", "get newest", "get oldest", "head", "list", "put", "delete", "delete newest", "delete oldest"]
        ),
        conditions,
    ),
    max_size=12,
)


def in_whole_seconds(time: datetime) -> bool:
    """Tell whether a time is one as S3 tells them."""
    return time.microsecond == 0 and time.tzinfo is not None


class Asked:
    """A client, the key that it is asked about, and the versions that it has told of."""

    def __init__(self, client: Any, bucket: str, key: str) -> None:
        self._client = client
        self._object = {"Bucket": bucket, "Key": key}
        self._versions: list[str] = []
        self._markers: list[str] = []

    def answer(self, request: str, condition: str, body: bytes) -> tuple[object, ...]:
        """Do a request; give what matters of the answer, or the error."""
        try:
            return self._answer(request, self._condition(condition), body)
        except ClientError as error:
            missing = isinstance(error, self._client.exceptions.NoSuchKey)
            return error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"], missing

    def _answer(self, request: str, condition: dict[str, str], body: bytes) -> tuple[object, ...]:
        match request:
            case "get":
                got = self._client.get_object(**self._object)
                told = got["Body"].read(), got["ETag"], got["ContentLength"], got["Metadata"], got["ContentType"]
                return *told, in_whole_seconds(got["LastModified"])
            case "head":
                got = self._client.head_object(**self._object)
                return got["ETag"], got["ContentLength"], got["Metadata"], in_whole_seconds(got["LastModified"])
            case "put":
                metadata = {"Metadata": {"mark": "m"}, "ContentType": "image/webp"}
                made = self._client.put_object(**self._object, Body=body, **metadata, **condition)
                self._remember(made)
                return (made["ETag"],)
            case "get newest" | "get oldest":
                return self._old_version(-1 if request == "get newest" else 0)
            case "list":
                listed = self._client.list_object_versions(Bucket=self._object["Bucket"], Prefix=self._object["Key"])
                kinds = [listed.get(kind, []) for kind in ("Versions", "DeleteMarkers")]
                known = [*self._versions, "null", None]  # where there are no versions, an object's id is no matter
                return tuple(
                    (min(known.index(each["VersionId"]), len(self._versions)), each["IsLatest"])
                    for kind in kinds
                    for each in kind
                )
            case "delete":
                unconditional = {name: value for name, value in condition.items() if name == "IfMatch"}
                self._remember(self._client.delete_object(**self._object, **unconditional))
            case _ if self._versions:
                version = self._versions.pop(-1 if request == "delete newest" else 0)
                self._client.delete_object(**self._object, VersionId=version)
        return ()

    def _old_version(self, position: int) -> tuple[object, ...]:
        """Read a version or, as S3 keeps none of a delete marker to be read, nothing."""
        if not self._versions or self._versions[position] in self._markers:
            return ()
        got = self._client.get_object(**self._object, VersionId=self._versions[position])
        return got["Body"].read(), got["ETag"]

    def _condition(self, name: str) -> dict[str, str]:
        match name:
            case "absent":
                return {"IfNoneMatch": "*"}
            case "stale":
                return {"IfMatch": "0" * 32}
            case "current":
                return {"IfMatch": self._etag()}
        return {}

    def _etag(self) -> str:
        try:
            etag: str = self._client.head_object(**self._object)["ETag"]
        except ClientError:
            return "0" * 32
        return etag

    def _remember(self, answer: dict[str, Any]) -> None:
        if "VersionId" in answer:
            self._versions.append(answer["VersionId"])
        if answer.get("DeleteMarker"):
            self._markers.append(answer["VersionId"])


@pytest.mark.long
@pytest.mark.parametrize("bucket", ["uploads", "derived"])
@hypothesis_settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=requests)
def test_the_s3_in_memory_answers_as_moto_does(bucket: str, asked: list[tuple[str, str]], world: Buckets) -> None:
    key = f"{uuid4()}.jpg"  # the examples share one moto
    memory = Asked(MemoryS3(frozenset({"uploads"})), bucket, key)
    moto = Asked(world.client, bucket, key)

    for position, (request, condition) in enumerate(asked):
        body = bytes([position])
        # moto makes no delete marker for a key that is not there; S3 does, and nobody here relies on either.
        if request == "delete" and moto.answer("head", "none", b"")[0] == "404":
            continue
        assert memory.answer(request, condition, body) == moto.answer(request, condition, body), request


def test_an_archived_object_is_described_and_not_read_by_either(world: Buckets) -> None:
    memory = MemoryS3(frozenset({"uploads"}))
    memory.put_object(Bucket="uploads", Key="cat.jpg", Body=b"cat")
    memory.set_archived("uploads", "cat.jpg", archived=True)
    world.client.put_object(Bucket="uploads", Key="cat.jpg", Body=b"cat", StorageClass="GLACIER")
    clients: tuple[Any, Any] = memory, world.client

    for client in clients:
        assert Asked(client, "uploads", "cat.jpg").answer("get", "none", b"") == ("InvalidObjectState", 403, False)
        assert client.head_object(Bucket="uploads", Key="cat.jpg")["StorageClass"] == "GLACIER"
