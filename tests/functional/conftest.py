"""What every functional test starts from."""

from collections.abc import Iterator

import pytest

from builders.world import World, new_world


@pytest.fixture
def world() -> Iterator[World]:
    with new_world() as made:
        yield made
