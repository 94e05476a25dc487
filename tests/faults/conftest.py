"""Pipelines whose S3 and SQS fail when a test says so, with events and without: one of each for a process of tests.

A test runs on the stack's own uploads bucket, or on each kind that its marker `uploads_kinds` names: those on which its
result could differ. All tests of one kind run one after the other.
"""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from darkroom.event_log.local import LogKind, local_log
from darkroom.local.synthesis import local_overrides, synthesize
from support.aws.uploads_kind import OWN, UploadsKind
from support.events.announced_pipeline import ANNOUNCING, AnnouncedPipeline, announced_pipeline
from support.events.event_log import Log
from support.function.faulty import FUNCTION_SECONDS, SETTINGS, Faulty, faulty_pipeline


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test on each kind of uploads bucket that it names; what exists beside the stack's own is long."""
    if "kind" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("uploads_kinds")
        kinds: tuple[UploadsKind, ...] = marker.args if marker else (OWN,)
        each = [pytest.param(kind, id=kind.name, marks=() if kind is OWN else pytest.mark.long) for kind in kinds]
        metafunc.parametrize("kind", each, indirect=True, scope="session")


@pytest.fixture(scope="session")
def kind(request: pytest.FixtureRequest) -> UploadsKind:
    """The kind of uploads bucket that the pipeline has."""
    named: UploadsKind = request.param
    return named


@pytest.fixture(scope="session")
def assemblies(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The folder of assemblies, which all processes of a test run share."""
    own = tmp_path_factory.getbasetemp()
    return (own if worker_id == "master" else own.parent) / "assemblies"


@pytest.fixture(scope="session")
def assembly(assemblies: Path, kind: UploadsKind) -> Path:
    """The project with its shortest timeouts."""
    return synthesize(local_overrides() | SETTINGS | kind.settings, assemblies)


@pytest.fixture(scope="session")
def shared(assembly: Path, kind: UploadsKind, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Faulty]:
    with faulty_pipeline(assembly, tmp_path_factory.mktemp("faulty") / "emulator.log", kind=kind) as made:
        yield made


@pytest.fixture
def faulty(shared: Faulty, request: pytest.FixtureRequest) -> Iterator[Faulty]:
    """Nothing fails yet, and a message that is being worked on comes back only after the function's timeout."""
    with _one_test_s(shared, request.node.name) as made:
        yield made


@pytest.fixture(scope="session")
def shared_announced(assemblies: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AnnouncedPipeline]:
    assembly = synthesize(local_overrides() | ANNOUNCING, assemblies)
    emulator_log = tmp_path_factory.mktemp("announced") / "emulator.log"
    with local_log(LogKind.MEMORY, lambda _step: None) as memory:
        log = Log(bootstrap=memory.bootstrap, topic=memory.topic)
        with announced_pipeline(assembly, log, emulator_log) as made:
            yield made


@pytest.fixture
def announced(shared_announced: AnnouncedPipeline, request: pytest.FixtureRequest) -> Iterator[AnnouncedPipeline]:
    """The same where outcomes are announced, to a log in memory."""
    with _one_test_s(shared_announced.faulty, request.node.name) as faulty:
        yield replace(shared_announced, faulty=faulty)


@contextmanager
def _one_test_s(shared: Faulty, name: str) -> Iterator[Faulty]:
    shared.retry_after(FUNCTION_SECONDS)
    yield replace(shared, folder=re.sub(r"\W", "-", name) + "/", sent=Counter())
    shared.proxy.forget()
    shared.go_on()
    shared.wait_until_idle()
    shared.dead_letters()
