"""Compare the function's maximum concurrency with the account's quota.

New accounts are granted little: as few as 10 rather than 1,000. They are granted less memory too, 3,008 MB, which no
API of Lambda's tells: it refuses a function that asks for more.
docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
docs.aws.amazon.com/lambda/latest/api/API_AccountLimit.html
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from darkroom.doctor.findings import Finding, ok, warning
from darkroom.errors import aws_errors
from darkroom.pipeline.client import LIVE, Pipeline

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

# docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html, for maximum concurrency and for provisioned pollers
_LOWEST = 2
_INVOCATIONS_A_POLLER = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """How many invocations an account may have at once in a region.

    Of these `unreserved` are reserved for no function.
    """

    all: int
    unreserved: int


def check_concurrency(pipeline: Pipeline) -> Iterator[Finding]:
    """Tell whether the account has room for the queue's invocations.

    Raises:
        DarkroomError: Lambda refuses, or does not answer.
    """
    functions: LambdaClient = pipeline.client("lambda")
    if pipeline.endpoint_url:
        yield from _on_this_machine(_mappings(functions, pipeline))
        return
    with aws_errors("Reading the account's limits"):
        limits = functions.get_account_settings()["AccountLimit"]
    grant = Grant(all=limits["ConcurrentExecutions"], unreserved=limits["UnreservedConcurrentExecutions"])
    yield from compare(_mappings(functions, pipeline), grant, pipeline.region)


def _mappings(functions: "LambdaClient", pipeline: Pipeline) -> Iterable[Mapping[str, Any]]:
    with aws_errors("Reading the event source mappings"):
        answer = functions.list_event_source_mappings(FunctionName=f"{pipeline.function_name}:{LIVE}")
    return answer["EventSourceMappings"]


def _on_this_machine(mappings: Iterable[Mapping[str, Any]]) -> Iterator[Finding]:
    """Tell of the maximum alone: an emulator's quota is a number that it has made up."""
    for _, most in map(_maximum, mappings):
        at_once = "as often at once as jobs come" if most is None else f"{most:,} times at once"
        yield ok(f"The function may run {at_once}, and no quota of an account limits that on this machine.")


def compare(mappings: Iterable[Mapping[str, Any]], grant: Grant, region: str) -> Iterator[Finding]:
    """Compare each event source mapping's maximum with what the account is granted."""
    for mapping in mappings:
        setting, most = _maximum(mapping)
        if most is None:
            yield warning("Nothing limits how often the function runs at once.", "Set max_concurrency, and deploy.")
        elif most > grant.unreserved:
            yield warning(
                f"{setting} lets the function run {most:,} times at once, and Lambda grants {_granted(grant)} in "
                f"{region}. What is over that is throttled: its jobs come late, and each time counts as a receive.",
                _advice(setting, grant),
            )
        else:
            yield ok(f"The function may run {most:,} times at once, and Lambda grants {_granted(grant)} in {region}.")


def _maximum(mapping: Mapping[str, Any]) -> tuple[str, int | None]:
    pollers = mapping.get("ProvisionedPollerConfig", {}).get("MaximumPollers")
    if pollers is not None:
        return "provisioned_pollers", pollers * _INVOCATIONS_A_POLLER
    return "max_concurrency", mapping.get("ScalingConfig", {}).get("MaximumConcurrency")


def _granted(grant: Grant) -> str:
    if grant.unreserved == grant.all:
        return f"all functions of this account {grant.all:,}"
    return f"all functions of this account {grant.all:,}, of which {grant.unreserved:,} are not reserved"


def _advice(setting: str, grant: Grant) -> str:
    ask = "Ask for more with Service Quotas: Lambda, concurrent executions."
    if setting == "max_concurrency" and grant.unreserved >= _LOWEST:
        return (
            f"{ask} Until then deploy with -c max_concurrency={grant.unreserved}, or fewer where other functions run."
        )
    return ask
