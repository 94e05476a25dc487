"""What every test starts from, whatever started it; and the engines, each in turn."""

import functools
import signal
from collections.abc import Iterator

import hypothesis
import pytest
from botocore.loaders import JSONFileLoader

from resize.imaging.engine import Engine
from support.events.event_contract import events_held_against_the_schema
from support.imaging import images

# A shell's background jobs ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes is the machine's business: a benchmark measures, a test does not.
hypothesis.settings.register_profile("no-deadline", deadline=None)
hypothesis.settings.load_profile("no-deadline")


@pytest.fixture(scope="session", autouse=True)
def _models_of_services_are_parsed_once() -> Iterator[None]:
    """Each test has a boto3 session of its own, and parsing AWS's models is most of what one costs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JSONFileLoader, "load_file", staticmethod(functools.cache(JSONFileLoader().load_file)))
        yield


@pytest.fixture(scope="session", autouse=True)
def _every_event_is_what_the_contract_says() -> Iterator[None]:
    with events_held_against_the_schema():
        yield


@pytest.fixture(scope="module", params=list(Engine))
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An engine; what a test renders while it has this fixture, it renders with it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(images, "engine", request.param)
        yield request.param
