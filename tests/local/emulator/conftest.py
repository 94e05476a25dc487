"""An emulator without a pipeline, for tests of the emulator itself."""

from collections.abc import Iterator

import pytest

from darkroom.local.emulator import emulator
from support.aws.resources import Aws


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    with emulator(log=tmp_path_factory.mktemp("aws") / "emulator.log") as running:
        yield Aws.at(running)
