"""The queue of events in memory: each message is held against the published schema when it is sent."""

import json
from pathlib import Path
from typing import Any

import jsonschema
from referencing import Registry, Resource

DOCS = Path(__file__).parents[3] / "docs"


def event_validator() -> jsonschema.Draft202012Validator:
    """A validator of events, their manifests and their formats among it."""
    schema = json.loads((DOCS / "image-event.schema.json").read_text(encoding="utf-8"))
    manifest = json.loads((DOCS / "manifest.schema.json").read_text(encoding="utf-8"))
    registry: Registry[Any] = Registry().with_resource("manifest.schema.json", Resource.from_contents(manifest))
    return jsonschema.Draft202012Validator(schema, registry=registry)


class MemoryEventsQueue:
    """A client of SQS that takes every event, repeated ones too."""

    exceptions = None

    def __init__(self) -> None:
        self._validator = event_validator()
        self.messages: list[dict[str, str]] = []

    def send_message(self, **message: str) -> None:
        """Take an event that is what the contract says."""
        event = json.loads(message["MessageBody"])
        assert list(self._validator.iter_errors(event)) == []
        assert message["MessageDeduplicationId"] == event["id"]
        self.messages.append(message)

    @property
    def events(self) -> list[dict[str, Any]]:
        """All that was sent, in this order."""
        return [json.loads(message["MessageBody"]) for message in self.messages]

    @property
    def first_events(self) -> list[dict[str, Any]]:
        """The same without what was sent before."""
        firsts: dict[str, dict[str, Any]] = {}
        for event in self.events:
            firsts.setdefault(event["id"], event)
        return list(firsts.values())
