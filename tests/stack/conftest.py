"""The templates of the configuration as it comes and of one with everything, each made once a session."""

import pytest

from stacks.config.config import Config
from support.aws.stack import EVERYTHING, WITH_EVENT_BRIDGE, WITH_MSK, WITH_SCRAM, Template, synthesize


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """What the default configuration deploys."""
    return synthesize(tmp_path_factory.mktemp("default"), Config())


@pytest.fixture(scope="session")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """A stack with every alarm, and someone to tell."""
    return synthesize(tmp_path_factory.mktemp("watched"), EVERYTHING)


@pytest.fixture(scope="session")
def with_event_bridge(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The same, with outcomes on an EventBridge bus."""
    return synthesize(tmp_path_factory.mktemp("event-bridge"), WITH_EVENT_BRIDGE)


@pytest.fixture(scope="session")
def with_msk(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The same, with outcomes in a topic of an MSK cluster in a VPC."""
    return synthesize(tmp_path_factory.mktemp("msk"), WITH_MSK)


@pytest.fixture(scope="session")
def with_scram(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The same, by a secret with a key of its own."""
    return synthesize(tmp_path_factory.mktemp("scram"), WITH_SCRAM)
