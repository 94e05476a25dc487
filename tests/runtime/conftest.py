"""Lambda's Python as `make test-runtime` sets it up, the bundles for it, and a pipeline whose jobs a test delivers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from darkroom.local.deploy import deploy
from darkroom.local.emulator import emulator
from darkroom.local.synthesis import local_overrides, synthesize
from resize.imaging.engine import Engine
from support.command.memory_limit import describe
from support.function.jobs_queue import JobsQueue
from support.function.lambda_function import ARM64, X86_64, BundleOf, Machine, is_set_up


def pytest_report_header() -> list[str]:
    """Say what the function runs on here: Debian's Python moves from patch to patch."""
    if not is_set_up():
        return []
    return [
        f"the function runs on: {', '.join(machine.describe() for machine in (X86_64, ARM64))}",
        f"its memory is limited by: {describe()}",
    ]


@pytest.fixture(scope="session", autouse=True)
def _runtime() -> None:
    assert is_set_up(), "Lambda's Python is not here: `make test-runtime` fetches it, and runs these tests"


@pytest.fixture(scope="session")
def bundle_of(tmp_path_factory: pytest.TempPathFactory) -> BundleOf:
    """The bundle that is deployed, for a machine and with an engine: one copy for all tests of a process."""
    folder, made = tmp_path_factory.mktemp("bundles"), dict[tuple[Machine, Engine], Path]()

    def bundle(machine: Machine, engine: Engine) -> Path:
        if (machine, engine) not in made:
            made[machine, engine] = machine.bundle(engine, folder)
        return made[machine, engine]

    return bundle


@pytest.fixture(scope="session")
def _shared_queue(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[JobsQueue]:
    own = tmp_path_factory.getbasetemp()
    assembly = synthesize(local_overrides(), (own if worker_id == "master" else own.parent) / "assemblies")
    with emulator(log=tmp_path_factory.mktemp("pipeline") / "emulator.log") as aws:
        queue = JobsQueue(deploy(assembly, aws.endpoint_url, aws.session()))
        queue.pause()
        yield queue


@pytest.fixture
def queue(_shared_queue: JobsQueue) -> Iterator[JobsQueue]:
    """The jobs queue of a pipeline on this machine, empty, from which nobody takes anything."""
    _shared_queue.empty()
    yield _shared_queue
    _shared_queue.empty()
