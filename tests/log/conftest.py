"""A broker that runs on this machine, for tests of what is read from it and written to it. Use topics of your own."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from darkroom.event_log.broker import Broker, kafka_broker
from darkroom.event_log.installation import Installation, install_kafka
from darkroom.event_log.topic import create_topic
from darkroom.local.synthesis import local_overrides, synthesize
from support.events.announced_pipeline import ANNOUNCING
from support.events.event_log import Log


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs the broker; a folder of that name above the repository says nothing."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.log)


@pytest.fixture(scope="session")
def kafka() -> Installation:
    """Apache Kafka, installed: on first use that takes a minute."""
    return install_kafka(lambda _step: None)


@pytest.fixture(scope="session")
def broker(kafka: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker, for all tests of a worker."""
    with kafka_broker(kafka, log=tmp_path_factory.mktemp("broker") / "kafka.log") as running:
        yield running


@pytest.fixture
def make_log(broker: Broker) -> Callable[..., Log]:
    """Make a topic that is this test's own."""

    def make(partitions: int = 3) -> Log:
        name = f"test-{uuid.uuid4().hex}"
        create_topic({"bootstrap.servers": broker.bootstrap}, name, partitions=partitions)
        return Log(bootstrap=broker.bootstrap, topic=name)

    return make


@pytest.fixture
def log(make_log: Callable[..., Log]) -> Log:
    """A topic of three partitions that is this test's own."""
    return make_log()


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The project with events on; all processes of a test run share it."""
    own = tmp_path_factory.getbasetemp()
    return synthesize(local_overrides() | ANNOUNCING, (own if worker_id == "master" else own.parent) / "assemblies")
