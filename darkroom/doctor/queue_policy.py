"""Check who may send to the jobs queue."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, Final

from darkroom.doctor.findings import Finding, fault, ok, warning
from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.deploy_advice import DEPLOY_ANEW, deploy_advice
from darkroom.pipeline.sqs import Queue

EVENTBRIDGE: Final = "events.amazonaws.com"
_S3 = "s3.amazonaws.com"
_ANOTHER_BUCKET = "a-bucket-of-no-stack"


def check_queue_policy(jobs: Queue, pipeline: Pipeline) -> Iterator[Finding]:
    """Tell whether the uploads bucket may send to the jobs queue, and no other.

    Of a rule `eventbridge` tells.
    """
    if pipeline.by_eventbridge:
        return
    uploads_bucket, advice = pipeline.uploads_bucket, deploy_advice(pipeline, DEPLOY_ANEW)
    statements = jobs.policy.get("Statement", ())
    buckets = f"arn:{jobs.arn.split(':')[1]}:s3:::"
    if any(lets_send(statement, _S3, f"{buckets}{uploads_bucket}") for statement in statements):
        yield ok("The uploads bucket may send to the jobs queue.")
    else:
        yield fault(f"The jobs queue's policy does not let {uploads_bucket} send to it.", advice)
    if any(lets_send(statement, _S3, f"{buckets}{_ANOTHER_BUCKET}") for statement in statements):
        yield warning(
            "The jobs queue's policy lets other buckets send to it: one that an earlier stack left behind fills the "
            "dead-letter queue.",
            advice,
        )


def lets_send(statement: Mapping[str, Any], service: str, source_arn: str) -> bool:
    """Tell whether a statement of a queue's policy lets a service send to it.

    It must do so on behalf of the bucket, or of the rule.
    """
    return allows(statement, service, source_arn, {"sqs:sendmessage", "sqs:*"})


def allows(statement: Mapping[str, Any], service: str, source_arn: str, any_of: Collection[str]) -> bool:
    """Tell whether a statement of a resource's policy lets a service do something.

    It must do so on behalf of the source; any of the actions will do, which are in small letters.
    """
    principal = statement.get("Principal")
    services = _list(principal.get("Service", ())) if isinstance(principal, dict) else []
    actions = {action.lower() for action in _list(statement.get("Action", ()))}
    is_allowed = statement.get("Effect") == "Allow" and service in services
    return is_allowed and not actions.isdisjoint(any_of) and _is_source(statement, source_arn)


def _is_source(statement: Mapping[str, Any], source_arn: str) -> bool:
    """Tell whether the conditions on where a message comes from hold for a source; all of them must."""
    return all(
        any(fnmatchcase(source_arn, pattern) for pattern in _list(patterns)) is not ("not" in operator.lower())
        for operator, conditions in statement.get("Condition", {}).items()
        if operator.lower().startswith(("arn", "string"))
        for key, patterns in conditions.items()
        if key.lower() == "aws:sourcearn"
    )


def _list(value: str | Sequence[str]) -> list[str]:
    """Read what a policy holds as one text or as a list of them."""
    return [value] if isinstance(value, str) else list(value)
