"""Read what the policy of a resource lets a service do."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAccess:
    """What a service does, on behalf of which resource of whose.

    `resource` is an ARN, None where every statement is about the one resource that the policy is of.
    """

    service: str
    source_arn: str
    action: str
    resource: str | None = None


def lets(statements: Iterable[Mapping[str, Any]], access: ServiceAccess) -> bool:
    """Tell whether a statement allows it, and none denies it.

    docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
    """
    effects = {str(each.get("Effect")) for each in statements if _is_about(each, access)}
    return effects == {"Allow"}


def _is_about(statement: Mapping[str, Any], access: ServiceAccess) -> bool:
    principal = statement.get("Principal")
    services = _list(principal.get("Service", ())) if isinstance(principal, dict) else []
    actions = [action.lower() for action in _list(statement.get("Action", ()))]
    return (
        access.service in services
        and _matches(access.action.lower(), actions)
        and (access.resource is None or _matches(access.resource, _list(statement.get("Resource", ()))))
        and _is_source(statement, access.source_arn)
    )


def _is_source(statement: Mapping[str, Any], source_arn: str) -> bool:
    """Tell whether the conditions on whom a request is made for hold for a source; all of them must."""
    return all(
        _matches(source_arn, _list(patterns)) is not ("not" in operator.lower())
        for operator, conditions in statement.get("Condition", {}).items()
        if operator.lower().startswith(("arn", "string"))
        for key, patterns in conditions.items()
        if key.lower() == "aws:sourcearn"
    )


def _matches(value: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(value, pattern) for pattern in patterns)


def _list(value: str | Sequence[str]) -> list[str]:
    """Read what a policy holds as one text or as a list of them."""
    return [value] if isinstance(value, str) else list(value)
