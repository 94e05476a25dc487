"""The contract of events: both documents are valid and agree, and a reader of today reads what later versions add."""

import copy
import json
import re
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema
import pytest

from contract.image_event import CONTENT_TYPE, ImageEvent
from stacks.config.event_target import DEFAULT_TOPIC
from support.command.manifests import manifest, rendition

with warnings.catch_warnings():
    # Two of its models have a field whose name pydantic's own have, too (asyncapi3 0.0.2).
    warnings.filterwarnings("ignore", 'Field name "schema"', UserWarning)
    from asyncapi3 import AsyncAPI3

DOCS = Path(__file__).parents[3] / "docs"
DOCUMENT: dict[str, Any] = json.loads((DOCS / "events.asyncapi.json").read_text(encoding="utf-8"))
PAGE = (DOCS / "events.md").read_text(encoding="utf-8")


def schema(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((DOCS / name).read_text(encoding="utf-8"))
    return read


def parts(document: Any) -> Iterator[dict[str, Any]]:
    """Every object of a document."""
    if isinstance(document, dict):
        yield document
    for each in document.values() if isinstance(document, dict) else document if isinstance(document, list) else ():
        yield from parts(each)


def changed(path: str, value: object) -> dict[str, Any]:
    """The document with another value at a dotted path."""
    document = copy.deepcopy(DOCUMENT)
    *above, name = path.split(".")
    place = document
    for step in above:
        place = place[step]
    place[name] = value
    return document


def test_the_asyncapi_document_is_one_of_version_3() -> None:
    assert AsyncAPI3.model_validate(DOCUMENT).asyncapi == "3.0.0"


@pytest.mark.parametrize(
    ("path", "value"),
    [("asyncapi", "2.6.0"), ("operations.announce.action", "publish"), ("channels.images.color", "red"), ("info", {})],
)
def test_what_is_no_asyncapi_document_is_found_out(path: str, value: object) -> None:
    with pytest.raises(ValueError, match="validation error"):
        AsyncAPI3.model_validate(changed(path, value))


def test_every_reference_of_the_asyncapi_document_leads_somewhere() -> None:
    references = [part["$ref"] for part in parts(DOCUMENT) if isinstance(part.get("$ref"), str)]

    for file, _, path in (reference.partition("#") for reference in references):
        place: Any = schema(file) if file else DOCUMENT
        for step in path.split("/")[1:]:
            place = place[step]
        assert place
    assert "image-event.schema.json" in references


def test_the_asyncapi_document_tells_the_topic_and_the_content_type_that_are_used() -> None:
    channel = DOCUMENT["channels"]["images"]

    assert channel["address"] == channel["bindings"]["kafka"]["topic"] == DEFAULT_TOPIC
    assert DOCUMENT["components"]["messages"]["outcome"]["contentType"] == CONTENT_TYPE


@pytest.mark.parametrize("name", ["image-event.schema.json", "manifest.schema.json"])
def test_a_schema_is_valid_and_forbids_no_further_members_anywhere(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(name))

    forbidden = ("additionalProperties", "unevaluatedProperties")
    assert [part for part in parts(schema(name)) for word in forbidden if part.get(word) is False] == []


class OfferedLog:
    """A Kafka client that has these records, and then stops whoever reads."""

    records: tuple[str, ...] = ()

    def __init__(self, settings: dict[str, str]) -> None:
        assert {"bootstrap.servers", "group.id"} <= settings.keys()
        self._left = iter(self.records)

    def subscribe(self, topics: list[str]) -> None:
        """Read a topic."""
        assert topics == [DEFAULT_TOPIC]

    def poll(self, _seconds: float) -> "OfferedRecord":
        """Give the next record."""
        return OfferedRecord(next(self._left))


class OfferedRecord:
    """A record of a log."""

    def __init__(self, value: str) -> None:
        self._value = value

    def error(self) -> None:
        """No fault."""

    def value(self) -> bytes:
        """The event."""
        return self._value.encode()


def test_the_reader_of_ten_lines_on_the_page_reads_events_and_those_of_later_versions(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = manifest(rendition())
    event = json.loads(ImageEvent(source="/d", key="cat.jpg", revision=1, manifest=told.to_json()).to_json())
    later = copy.deepcopy(event)
    later["traceparent"] = later["data"]["palette"] = later["data"]["renditions"][0]["blurhash"] = {"new": ["member"]}
    monkeypatch.setattr(OfferedLog, "records", (json.dumps(event), json.dumps(later)))
    client = ModuleType("confluent_kafka")
    client.Consumer = OfferedLog  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "confluent_kafka", client)
    (program,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)

    with pytest.raises(StopIteration):
        exec(compile(program, "docs/events.md", "exec"), {})  # noqa: S102 - the page's own program

    line = f"io.darkroom.image.resized.v1 cat.jpg {event['data']['srcset']}"
    assert capsys.readouterr().out.splitlines() == [line, line]
    assert len(program.strip().splitlines()) <= 12


def test_the_page_names_every_member_of_the_setting() -> None:
    members = {"to", "archive_days", "bootstrap_servers", "topic", "auth"}
    members |= {"cluster_arn", "secret_arn", "secret_key_arn", "vpc", "partitions", "retention_days"}

    rows = set(re.findall(r"^\| `(\w+)` \| (?:all|EventBridge|Kafka|MSK Serverless|`iam`|`scram`)", PAGE, re.MULTILINE))

    assert rows == members
