"""An EventBridge bus, its archive and its schema."""

import json
from pathlib import Path
from typing import Any

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_events as events
from aws_cdk import aws_eventschemas as eventschemas
from constructs import Construct

from stacks.config.config import Config
from stacks.config.event_target import EventBridgeTarget

DOCS = Path(__file__).resolve().parents[1] / "docs"
_DRAFT_4 = "http://json-schema.org/draft-04/schema#"
# What the registry's draft has not, and what the other names there are.
_UNKNOWN_TO_DRAFT_4 = {"$schema", "contentEncoding"}


class EventBridgeBus(Construct):
    """A bus that only this account can use, as no policy lets others."""

    def __init__(self, scope: Construct, construct_id: str, *, config: Config, target: EventBridgeTarget) -> None:
        super().__init__(scope, construct_id)
        name = f"{config.stack_name}-events"
        self.bus = events.EventBus(self, "Bus", event_bus_name=name, description="Darkroom: what became of each upload")
        archive = self.bus.archive(
            "Archive",
            description="Darkroom: every outcome, to replay from",
            event_pattern=events.EventPattern(account=[Aws.ACCOUNT_ID]),
            retention=Duration.days(target.archive_days) if target.archive_days else None,
        )
        archive.apply_removal_policy(RemovalPolicy.RETAIN if config.retain_data else RemovalPolicy.DESTROY)
        registry = eventschemas.CfnRegistry(
            self, "Registry", registry_name=name, description="Darkroom: the schema of its events"
        )
        eventschemas.CfnSchema(
            self,
            "Schema",
            registry_name=registry.attr_registry_name,
            schema_name="image-event",
            type="JSONSchemaDraft4",
            description="A CloudEvent whose data is a manifest: docs/events.md",
            content=json.dumps(draft_4_schema(DOCS), separators=(",", ":")),
        )


def draft_4_schema(docs: Path) -> dict[str, Any]:
    """Write the published schema as the registry takes it.

    In one piece, and in JSON Schema's draft 4.
    """
    event, manifest = (
        json.loads((docs / name).read_text(encoding="utf-8"))
        for name in ("image-event.schema.json", "manifest.schema.json")
    )
    definitions = {**manifest.pop("$defs"), "manifest": manifest}
    return {
        "$schema": _DRAFT_4,
        **_in_draft_4(event),
        "definitions": {name: _in_draft_4(schema) for name, schema in definitions.items()},
    }


def _in_draft_4(schema: Any) -> Any:
    match schema:
        case {"$ref": "manifest.schema.json"}:
            return {"$ref": "#/definitions/manifest"}
        case {"$ref": str(reference)}:
            return {"$ref": reference.replace("#/$defs/", "#/definitions/")}
        case {"const": value}:
            return {"enum": [value]}
        case dict():
            return {name: _in_draft_4(each) for name, each in schema.items() if name not in _UNKNOWN_TO_DRAFT_4}
        case list():
            return [_in_draft_4(each) for each in schema]
    return schema
