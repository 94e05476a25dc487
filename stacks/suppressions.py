"""Suppress rules of cdk-nag and checkov, with a reason."""

import json
from typing import Any, cast

from aws_cdk import Acknowledgment, CfnResource, Stack, Validations
from constructs import IConstruct


def suppress(construct: IConstruct, reason: str, *rules: str) -> None:
    """Give one reason for some rules.

    checkov's are called `CKV_…`, all others are cdk-nag's. checkov reads the metadata of the resource in the template:
    checkov.io, "Suppressing and Skipping Policies".
    """
    for rule in rules:
        if rule.startswith("CKV_"):
            _skip_in_checkov(cast("CfnResource", construct.node.default_child), rule, reason)
        else:
            Validations.of(construct).acknowledge(Acknowledgment(id=rule, reason=reason))


def text_in_cdk_nag(scope: IConstruct, value: str) -> str:
    """Write a value as cdk-nag names it in a finding.

    A reference in angle brackets, any other expression as JSON.
    """
    return _flat(Stack.of(scope).resolve(value))


def _flat(value: Any) -> str:
    match value:
        case str():
            return value
        case {"Fn::Join": ["", [*parts]]}:
            return "".join(map(_flat, parts))
        case {"Ref": name}:
            return f"<{name}>"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{name}.{attribute}>"
    return json.dumps(value, separators=(",", ":"))


def _skip_in_checkov(resource: CfnResource, rule: str, reason: str) -> None:
    metadata = resource.get_metadata("checkov") or {"skip": []}
    resource.add_metadata("checkov", {"skip": [*metadata["skip"], {"id": rule, "comment": reason}]})
