"""The function's entry: the environment reaches what it makes."""

import importlib
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from types import ModuleType
from unittest.mock import create_autospec

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from builders.events import sqs_event
from builders.world import settings


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The module as Lambda starts it, in the stack Staging."""
    environment = replace(settings(), stack_name="Staging").to_environment()
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


def test_what_the_function_counts_and_logs_carries_the_name_of_its_stack(
    capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    module = request.getfixturevalue("handler")

    module.handler(sqs_event("no job"), create_autospec(LambdaContext, instance=True, aws_request_id="r1"))

    *lines, metrics = (json.loads(text) for text in capsys.readouterr().out.splitlines())
    assert {line["service"] for line in lines} == {metrics["service"]} == {"Staging"}
    assert [
        (directive["Namespace"], directive["Dimensions"]) for directive in metrics["_aws"]["CloudWatchMetrics"]
    ] == [("Darkroom", [["service"]])]
