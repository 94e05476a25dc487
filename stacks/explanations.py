"""Says beside a construct why a rule of a rule pack does not apply to it, in the words that each pack reads."""

from typing import cast

from aws_cdk import Acknowledgment, CfnResource, Validations
from constructs import IConstruct


def explain(construct: IConstruct, reason: str, *rules: str) -> None:
    """Give one reason for some rules: checkov's are called `CKV_…`, all others are cdk-nag's.

    checkov reads the metadata of the resource in the template: checkov.io, "Suppressing and Skipping Policies".
    """
    for rule in rules:
        if rule.startswith("CKV_"):
            _skip_in_checkov(cast("CfnResource", construct.node.default_child), rule, reason)
        else:
            Validations.of(construct).acknowledge(Acknowledgment(id=rule, reason=reason))


def _skip_in_checkov(resource: CfnResource, rule: str, reason: str) -> None:
    told = resource.get_metadata("checkov") or {"skip": []}
    resource.add_metadata("checkov", {"skip": [*told["skip"], {"id": rule, "comment": reason}]})
