"""Jobs whose S3 fails, refuses or conflicts: nothing wrong stays, and the queue tries again."""

from dataclasses import replace

import pytest

from contract.errors import StorageError
from contract.manifest import Outcome
from support.function.buckets import Buckets
from support.function.job_steps import LARGE, THUMB, calls


def test_a_bucket_that_is_gone_is_the_world_s_fault(world: Buckets) -> None:
    upload = world.upload("cat.jpg", b"cat")
    world.settings = replace(world.settings, derived_bucket="elsewhere")

    with pytest.raises(StorageError, match=r"GetObject of 'manifests/cat.jpg.json' failed: NoSuchBucket"):
        world.deliver(upload)


def test_a_conflict_with_another_writer_means_to_try_again(world: Buckets) -> None:
    """S3 sends 409 ConditionalRequestConflict beside 412 while another write is under way; moto does not."""
    upload = world.upload("cat.jpg", b"cat")
    client = world.client_that_is_answered("PutObject", 409, "ConditionalRequestConflict", times=3)

    ended = world.deliver(upload, client=client)

    assert ended.outcome is Outcome.RESIZED
    assert world.shows(THUMB, b"cat")


def test_conflicts_without_end_are_left_to_the_queue(world: Buckets) -> None:
    upload = world.upload("cat.jpg", b"cat")
    client = world.client_that_is_answered("PutObject", 409, "ConditionalRequestConflict", times=1000)

    with pytest.raises(StorageError, match="races in a row"):
        world.deliver(upload, client=client)


@pytest.mark.parametrize(
    ("operation", "status", "code"),
    [
        ("PutObject", 500, "InternalError"),
        ("PutObject", 503, "SlowDown"),
        ("PutObject", 403, "AccessDenied"),
        ("GetObject", 503, "SlowDown"),
        ("GetObject", 403, "AccessDenied"),
    ],
)
def test_what_s3_refuses_is_the_world_s_fault_and_is_made_up_for_later(
    operation: str, status: int, code: str, world: Buckets
) -> None:
    upload = world.upload("cat.jpg", b"cat")

    with pytest.raises(StorageError, match=f"S3 {operation} of .* failed: {code}"):
        world.deliver(upload, client=world.client_that_is_answered(operation, status, code, times=1000))

    assert world.deliver(upload).outcome is Outcome.RESIZED


def test_a_write_whose_answer_was_lost_is_found_to_be_done(world: Buckets) -> None:
    upload = world.upload("cat.jpg", b"cat")
    with pytest.raises(StorageError):
        world.deliver(upload, client=world.client_that_hears_no_answer("PutObject"))
    assert set(world.derived()) == {LARGE}

    requests = calls(world, lambda: world.deliver(upload))

    # The first write is refused, for what it would write is there; it is looked at, and stays.
    assert [name for name in requests if name != "GetObject"][:2] == ["PutObject", "HeadObject"]
    assert requests.count("PutObject") == 3
