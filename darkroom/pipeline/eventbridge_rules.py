"""Read the EventBridge rules that send to a queue."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from darkroom.pipeline.client import Pipeline

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedRule:
    """A rule of the default bus.

    Of which buckets, which changes and which keys it tells.
    """

    arn: str
    enabled: bool
    buckets: tuple[str, ...]
    changes: tuple[str, ...]
    prefixes: tuple[str, ...]


def read_rules(pipeline: Pipeline, queue_arn: str) -> tuple[DeployedRule, ...]:
    """Read the rules that have the queue as their target.

    Raises:
        ClientError: EventBridge refuses.
    """
    events: EventBridgeClient = pipeline.client("events")
    pages = events.get_paginator("list_rule_names_by_target").paginate(TargetArn=queue_arn)
    return tuple(_rule(events.describe_rule(Name=name)) for page in pages for name in page["RuleNames"])


def _rule(described: Mapping[str, Any]) -> DeployedRule:
    pattern: Mapping[str, Any] = json.loads(described.get("EventPattern") or "{}")
    detail = pattern.get("detail", {})
    return DeployedRule(
        arn=described["Arn"],
        enabled=described.get("State", "ENABLED") == "ENABLED",
        buckets=tuple(detail.get("bucket", {}).get("name", ())),
        changes=tuple(pattern.get("detail-type", ())),
        prefixes=prefixes_of(pattern),
    )


def prefixes_of(pattern: Mapping[str, Any]) -> tuple[str, ...]:
    """Find which prefixes of keys an event pattern names.

    The empty one where it names none.
    """
    keys = pattern.get("detail", {}).get("object", {}).get("key")
    return ("",) if keys is None else tuple(str(each["prefix"]) for each in keys if "prefix" in each)
