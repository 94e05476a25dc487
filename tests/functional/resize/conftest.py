"""A consumer of the buckets, and what it logs."""

from collections.abc import Iterator
from io import StringIO

import pytest

from resize.consumer import Consumer
from support.function.buckets import Buckets
from support.function.consumers import new_consumer


@pytest.fixture
def log() -> StringIO:
    return StringIO()


@pytest.fixture
def consumer(world: Buckets, log: StringIO, request: pytest.FixtureRequest) -> Iterator[Consumer]:
    with new_consumer(world, log, request.node.name) as made:
        yield made
