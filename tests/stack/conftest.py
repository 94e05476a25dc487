"""The template of the configuration as it comes, made once a session."""

import pytest

from builders.stack import Template, synthesize
from stacks.config import Config


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """What the default configuration deploys."""
    return synthesize(tmp_path_factory.mktemp("default"), Config())
