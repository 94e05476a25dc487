"""What a job holds in memory: each source once, and none longer than it is needed."""

import gc
import tracemalloc
from contextlib import suppress
from dataclasses import replace
from typing import Any, cast

import pytest
from botocore.exceptions import ConnectionClosedError

from contract.errors import Reason, StorageError
from resize.errors import ImageRejectedError, OutOfTimeError, SandboxError
from resize.imaging.rendition import Rendered
from resize.publication import Publication
from support.aws.memory_s3 import MemoryS3
from support.function.buckets import Buckets, settings
from support.function.job_steps import original

FAULTS = (ImageRejectedError(Reason.CORRUPT, "cut off"), OutOfTimeError("too late"), SandboxError("did not start"))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
def test_no_error_keeps_a_source_in_memory_until_its_batch_has_ended(fault: Exception) -> None:
    world = Buckets(client=cast("Any", MemoryS3(versioned=frozenset({"uploads"}))), settings=settings())

    def fail(source: bytes) -> Rendered:
        try:
            memoryview(source)[len(source)]
        except IndexError as cause:
            raise fault from cause
        raise AssertionError("an index that does not exist")

    upload = world.upload("cat.jpg", bytes(30_000_000))
    gc.disable()
    tracemalloc.start()
    try:
        with suppress(OutOfTimeError, SandboxError):
            world.deliver(upload, fail)

        assert tracemalloc.get_traced_memory()[0] < 20_000_000
        assert fault.__traceback__ is not None
    finally:
        tracemalloc.stop()
        gc.enable()


def test_no_error_of_the_storage_keeps_renditions_in_memory_until_its_batch_has_ended() -> None:
    class Full(MemoryS3):
        def put_object(self, **request: Any) -> dict[str, Any]:
            if request["Bucket"] == "derived":
                raise ConnectionClosedError(endpoint_url="s3")
            return super().put_object(**request)

    def enlarge(_: bytes) -> Rendered:
        small = world.render(b"cat")
        return replace(small, renditions=tuple(replace(one, body=bytes(30_000_000)) for one in small.renditions))

    world = Buckets(client=cast("Any", Full(versioned=frozenset({"uploads"}))), settings=settings())
    upload = world.upload("cat.jpg", b"cat")
    gc.disable()
    tracemalloc.start()
    try:
        with pytest.raises(StorageError) as failed:
            world.deliver(upload, enlarge)

        assert tracemalloc.get_traced_memory()[0] < 20_000_000
        assert failed.value.__traceback__ is not None
    finally:
        tracemalloc.stop()
        gc.enable()


def test_a_body_that_ends_early_is_a_fault_of_the_storage(world: Buckets) -> None:
    publication = Publication(world.client, world.settings, world.upload("cat.jpg", b"cat"), is_retry=False)

    with pytest.raises(StorageError) as failed:
        publication.uploads.read(original(4, b"cat"))

    assert failed.value.code == "StorageError.GetObject.IncompleteBody"


@pytest.mark.parametrize("size", [0, 1, 30_000_000])
def test_a_body_of_any_length_is_read_whole_and_into_memory_of_its_size(size: int, world: Buckets) -> None:
    publication, body = (
        Publication(world.client, world.settings, world.upload("cat.jpg", b"cat"), is_retry=False),
        bytes(size),
    )
    tracemalloc.start()
    try:
        read = publication.uploads.read(original(size, body))

        assert tracemalloc.get_traced_memory()[1] < size + 3_000_000
    finally:
        tracemalloc.stop()
    assert read == body
