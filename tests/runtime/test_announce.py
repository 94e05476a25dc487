"""The announce function's bundles under AWS's runtime interface, on either processor: real records, or none."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from stacks.bundle.build import build_bundle, lambda_platform
from stacks.config.config import Config
from support.events.announcements import batch_of, failures, image_event
from support.function.lambda_function import ARM64, X86_64, LambdaFunction, Machine, lambda_function

TOPIC = "darkroom.images"

# A processor that is emulated takes many times what another does.
pytestmark = [pytest.mark.runtime, pytest.mark.timeout(900)]


@pytest.fixture
def bootstrap() -> Iterator[str]:
    """Brokers that librdkafka plays in this process."""
    cluster = Producer({"test.mock.num.brokers": 1, "log_level": 0})
    brokers = cluster.list_topics(TOPIC, timeout=30).brokers.values()
    yield ",".join(f"{broker.host}:{broker.port}" for broker in brokers)
    cluster.flush(0)


@pytest.fixture(params=[X86_64, ARM64], ids=["x86_64", "arm64"])
def machine(request: pytest.FixtureRequest) -> Machine:
    """Where the function runs."""
    found: Machine = request.param
    return found


def bundle(machine: Machine, folder: Path) -> Path:
    """A copy of what `cdk deploy` sends."""
    platform = lambda_platform(architecture=machine.architecture, python=Config().python)
    return shutil.copytree(build_bundle(platform, function="announce"), folder / "bundle")


def environment(bootstrap: str) -> dict[str, str]:
    """What the stack tells the function."""
    target = {"kind": "kafka", "bootstrap_servers": bootstrap, "topic": TOPIC, "auth": "none"}
    return {
        "DARKROOM_TARGET": json.dumps(target),
        "POWERTOOLS_SERVICE_NAME": "Darkroom",
        "AWS_REGION": "eu-west-1",
    }


def written(bootstrap: str, count: int) -> dict[str, bytes]:
    """The first records of the topic, by key."""
    quiet = {"enable.auto.commit": False, "log_level": 0}
    reader = Consumer({"bootstrap.servers": bootstrap, "group.id": "test", **quiet})
    partitions = reader.list_topics(TOPIC, timeout=30).topics[TOPIC].partitions
    reader.assign([TopicPartition(TOPIC, each, 0) for each in partitions])
    found = {(each.key() or b"").decode(): each.value() or b"" for each in reader.consume(count, 60)}
    reader.close()
    return found


def told(function: LambdaFunction) -> list[object]:
    return [line["message"] for line in function.log_lines() if "event_id" in line]


def test_a_batch_of_events_is_in_the_log(machine: Machine, bootstrap: str, tmp_path: Path) -> None:
    events = [image_event(f"写真-{number}.jpg") for number in range(10)]
    made, handler = bundle(machine, tmp_path), "announce.handler.handler"
    with lambda_function(machine, made, environment(bootstrap), tmp_path, handler=handler) as function:
        answer = function.invoke(batch_of(events))
        lines = told(function)

    assert answer == {"batchItemFailures": []}
    assert written(bootstrap, 10) == {event.key: event.to_json().encode() for event in events}
    assert lines == ["event announced"] * 10


def test_without_brokers_it_answers_before_lambda_would_end_it(tmp_path: Path) -> None:
    events = [image_event("a", 1), image_event("a", 2), image_event("b", 1)]
    made, handler = bundle(X86_64, tmp_path), "announce.handler.handler"
    nobody = environment("127.0.0.1:1")
    with lambda_function(X86_64, made, nobody, tmp_path, handler=handler, seconds=20) as function:
        answers = [failures(function.invoke(batch_of(events))) for _ in range(2)]

    assert answers == [["a-1", "b-1", "a-2"]] * 2
