"""What every functional test starts from."""

from collections.abc import Iterator

import boto3
import pytest

from builders.world import World, new_world
from darkroom.deployment import Pipeline


@pytest.fixture
def world() -> Iterator[World]:
    with new_world() as made:
        yield made


@pytest.fixture
def pipeline(world: World) -> Pipeline:
    """The world's buckets, with queues."""
    session = boto3.Session("test", "test", region_name=world.client.meta.region_name)
    sqs = session.client("sqs")
    return Pipeline(
        session=session,
        endpoint_url=None,
        stack_name="Darkroom",
        uploads_bucket="uploads",
        derived_bucket="derived",
        jobs_queue_url=sqs.create_queue(QueueName="jobs")["QueueUrl"],
        dead_letter_queue_url=sqs.create_queue(QueueName="dead-letters")["QueueUrl"],
        function_name="resize",
    )
