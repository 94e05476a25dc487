"""The templates of the configuration as it comes and of one with everything, each made once a session."""

import pytest

from stacks.config.config import Config
from support.aws.stack import EVERYTHING, Template, synthesize


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """What the default configuration deploys."""
    return synthesize(tmp_path_factory.mktemp("default"), Config())


@pytest.fixture(scope="session")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """A stack with every alarm, and someone to tell."""
    return synthesize(tmp_path_factory.mktemp("watched"), EVERYTHING)
