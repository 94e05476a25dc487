"""A pipeline whose S3 fails when a test says so: one for each process that runs tests."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from darkroom.local.synthesis import local_overrides, synthesize
from support.function.faulty import FUNCTION_SECONDS, SETTINGS, Faulty, faulty_pipeline


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The project with its shortest timeouts; all processes of a test run share it."""
    own = tmp_path_factory.getbasetemp()
    return synthesize(local_overrides() | SETTINGS, (own if worker_id == "master" else own.parent) / "assemblies")


@pytest.fixture(scope="session")
def shared(assembly: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Faulty]:
    with faulty_pipeline(assembly, tmp_path_factory.mktemp("faulty") / "emulator.log") as made:
        yield made


@pytest.fixture
def faulty(shared: Faulty, request: pytest.FixtureRequest) -> Iterator[Faulty]:
    """Nothing fails yet, and a message that is being worked on comes back only after the function's timeout."""
    shared.retry_after(FUNCTION_SECONDS)
    yield replace(shared, folder=re.sub(r"\W", "-", request.node.name) + "/", sent=Counter())
    shared.proxy.forget()
    shared.go_on()
    shared.wait_until_idle()
    shared.dead_letters()
