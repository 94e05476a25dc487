"""A pipeline that runs on this machine, for tests that go end to end. Its buckets are shared: use keys of your own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from darkroom.local.deploy import deploy
from darkroom.local.emulator import emulator
from darkroom.local.synthesis import local_overrides, synthesize
from darkroom.pipeline.client import Pipeline


@pytest.fixture(scope="session")
def assemblies(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The folder of synthesized assemblies that all workers of a test run share: each is made once."""
    own = tmp_path_factory.getbasetemp()
    return (own if worker_id == "master" else own.parent) / "assemblies"


@pytest.fixture(scope="session")
def assembly(assemblies: Path) -> Path:
    """The project as it stands, for this machine, with a visibility timeout that a test can wait for."""
    return synthesize(local_overrides() | BRISK, assemblies)


@pytest.fixture(scope="session")
def pipeline(assembly: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """The pipeline, running. The emulator's log stays in pytest's temporary folder."""
    with emulator(log=tmp_path_factory.mktemp("pipeline") / "emulator.log") as aws:
        yield deploy(assembly, aws.endpoint_url, aws.session())


# Lambda wants a job to stay hidden for at least as long as the function may run.
BRISK = {"function_timeout_seconds": 20, "render_seconds": 3, "visibility_timeout_seconds": 20, "fallback_versions": 0}
