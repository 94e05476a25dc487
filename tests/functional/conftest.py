"""What every functional test starts from."""

from collections.abc import Iterator

import pytest
from moto.sqs.models import Queue

from darkroom.pipeline.client import Pipeline
from support.aws.deployments import deployed, with_queues
from support.function.buckets import Buckets, new_buckets


def groups_in_flight(queue: Queue) -> set[str]:
    return {message.group_id for message in list(queue.pending_messages) if message.group_id is not None}


@pytest.fixture
def world() -> Iterator[Buckets]:
    with new_buckets() as made:
        yield made


@pytest.fixture
def pipeline(world: Buckets, monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    """The world's buckets, with queues; nothing consumes them."""
    assert world
    # moto goes over what is in flight while other threads receive (moto 5.2.5).
    monkeypatch.setattr(Queue, "pending_message_groups", property(groups_in_flight))
    return with_queues(deployed())
