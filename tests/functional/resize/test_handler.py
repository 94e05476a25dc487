"""The function's entry: the environment reaches what it makes."""

import importlib
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest
from botocore.session import Session

from support.function.buckets import settings
from support.function.consumers import context
from support.function.events import sqs_event


@pytest.fixture
def stack_name(request: pytest.FixtureRequest) -> str:
    """A name for each test: Python keeps loggers by their names, and with them where they write to."""
    name: str = request.node.name
    return name.replace("_", "-")


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch, stack_name: str) -> Iterator[ModuleType]:
    """The module as Lambda starts it."""
    environment = replace(settings(), stack_name=stack_name).to_environment()
    environment |= {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769", "AWS_DEFAULT_REGION": "eu-west-1"}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delitem(sys.modules, "resize.handler", raising=False)
    module = importlib.import_module("resize.handler")
    yield module
    consumer = module._CONSUMER  # noqa: SLF001 - Lambda never closes it, and a test must
    consumer.sandbox.close()
    consumer.threads.shutdown()
    del sys.modules["resize.handler"]


def test_no_client_but_that_of_s3_is_made_at_a_cold_start(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of SQS is for failures, and would make every start slower."""
    made: list[str] = []
    create = Session.create_client

    def note(session: Session, service: str, **others: Any) -> object:
        made.append(service)
        return create(session, service, **others)

    monkeypatch.setattr(Session, "create_client", note)
    module = request.getfixturevalue("handler")

    module.handler(sqs_event(json.dumps({"Event": "s3:TestEvent"})), context())

    assert made == ["s3"]


def test_what_the_function_counts_and_logs_carries_the_name_of_its_stack(
    capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest, stack_name: str
) -> None:
    module = request.getfixturevalue("handler")

    module.handler(sqs_event("no job"), context(seconds_left=1))  # too little for SQS to be asked

    *lines, metrics = (json.loads(text) for text in capsys.readouterr().out.splitlines())
    assert {line["service"] for line in lines} == {metrics["service"]} == {stack_name}
    assert [
        (directive["Namespace"], directive["Dimensions"]) for directive in metrics["_aws"]["CloudWatchMetrics"]
    ] == [("Darkroom", [["service"]])]
