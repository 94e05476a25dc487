"""The readers' deployment that consumers/README.md shows works as it stands, for MSK and for any other Kafka."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parents[2]
README = (PROJECT / "consumers" / "README.md").read_text(encoding="utf-8")

PROGRAM = """
import sys
from aws_cdk import App, Stack, aws_secretsmanager as secretsmanager
{snippet}
app = App(outdir=sys.argv[1])
stack = Stack(app, "Readers")
add_reader(stack, "catalog", cluster_arn="arn:aws:kafka:us-east-1:123456789012:cluster/demo/1")
secret = secretsmanager.Secret(stack, "Secret")
add_reader(stack, "webhook", bootstrap_servers=["broker.example:9092"], secret=secret)
app.synth()
"""


@pytest.fixture(scope="module")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the snippet makes, run from the project's folder as a user runs it."""
    made = tmp_path_factory.mktemp("readers")
    (snippet,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM.format(snippet=snippet), str(made)]
    subprocess.run(command, cwd=PROJECT, check=True, capture_output=True)
    return made


def resources(assembly: Path, kind: str) -> list[dict[str, Any]]:
    template = json.loads((assembly / "Readers.template.json").read_text())
    return [each["Properties"] for each in template["Resources"].values() if each["Type"] == kind]


def test_each_reader_starts_at_the_beginning_and_what_it_cannot_do_goes_to_a_queue(assembly: Path) -> None:
    mappings = resources(assembly, "AWS::Lambda::EventSourceMapping")

    assert [mapping["StartingPosition"] for mapping in mappings] == ["TRIM_HORIZON", "TRIM_HORIZON"]
    assert [mapping["Topics"] for mapping in mappings] == [["darkroom.images"]] * 2
    assert [mapping["BatchSize"] for mapping in mappings] == [500, 10]
    groups = [
        mapping.get("AmazonManagedKafkaEventSourceConfig") or mapping["SelfManagedKafkaEventSourceConfig"]
        for mapping in mappings
    ]
    assert groups == [{"ConsumerGroupId": "catalog"}, {"ConsumerGroupId": "webhook"}]
    assert all("Fn::GetAtt" in mapping["DestinationConfig"]["OnFailure"]["Destination"] for mapping in mappings)


def test_one_is_for_msk_and_one_for_any_other_kafka(assembly: Path) -> None:
    msk, other = resources(assembly, "AWS::Lambda::EventSourceMapping")

    assert msk["EventSourceArn"].startswith("arn:aws:kafka:")
    assert other["SelfManagedEventSource"]["Endpoints"]["KafkaBootstrapServers"] == ["broker.example:9092"]


def test_what_ships_is_the_programs_and_their_handlers_are_there(assembly: Path) -> None:
    (asset,) = assembly.glob("asset.*")
    handlers = [function["Handler"] for function in resources(assembly, "AWS::Lambda::Function")]

    assert [path.name for path in asset.iterdir()] == ["consumers"]
    assert handlers == ["consumers.catalog.handler", "consumers.webhook.handler"]
    assert "def handler(" in (asset / "consumers" / "catalog.py").read_text()


@pytest.mark.parametrize("program", ["catalog", "audit", "webhook"])
def test_a_handler_is_imported_without_kafka_s_client(program: str) -> None:
    """On Lambda there is Python and what ships, no more."""
    code = f"import sys; sys.modules['confluent_kafka'] = None; from consumers.{program} import handler"

    subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=True)


@pytest.mark.parametrize("path", sorted((PROJECT / "consumers").glob("*.py")), ids=lambda path: path.name)
def test_each_is_two_hundred_lines_or_fewer(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 200
