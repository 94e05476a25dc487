"""How often the function may run at once is held against what the account is granted."""

from dataclasses import replace
from typing import Any

import pytest
from botocore.stub import Stubber

from darkroom.doctor.concurrency import Grant, check_concurrency, compare
from darkroom.doctor.findings import Check, Level
from darkroom.pipeline.client import Pipeline
from support.aws.deployments import deployed

FULL = Grant(all=1000, unreserved=1000)
NEW = Grant(all=10, unreserved=10)


def most(concurrency: int) -> dict[str, Any]:
    return {"ScalingConfig": {"MaximumConcurrency": concurrency}}


def pollers(maximum: int) -> dict[str, Any]:
    return {"ProvisionedPollerConfig": {"MinimumPollers": 2, "MaximumPollers": maximum}}


@pytest.mark.parametrize(
    ("mapping", "grant", "level"),
    [
        (most(50), FULL, Level.OK),
        (most(10), NEW, Level.OK),
        (most(11), NEW, Level.WARNING),
        (most(50), Grant(all=1000, unreserved=49), Level.WARNING),
        (pollers(100), FULL, Level.OK),
        (pollers(101), FULL, Level.WARNING),
        ({}, FULL, Level.WARNING),
    ],
)
def test_more_at_once_than_the_account_is_granted_is_a_warning(
    mapping: dict[str, Any], grant: Grant, level: Level
) -> None:
    assert [finding.level for finding in compare([mapping], grant, "eu-west-1")] == [level]


def test_a_new_account_is_told_what_to_ask_for_and_what_to_deploy_until_then() -> None:
    (finding,) = compare([most(50)], NEW, "eu-west-1")

    assert "max_concurrency lets the function run 50 times at once" in finding.what
    assert "all functions of this account 10 in eu-west-1" in finding.what
    assert "Service Quotas" in finding.advice
    assert "-c max_concurrency=10," in finding.advice


def test_no_maximum_is_advised_that_lambda_would_refuse() -> None:
    (finding,) = compare([most(50)], Grant(all=10, unreserved=1), "eu-west-1")

    assert "of which 1 are not reserved" in finding.what
    assert "max_concurrency=" not in finding.advice


@pytest.mark.parametrize(("mapping", "told"), [(most(4), "4 times at once"), ({}, "as often at once as jobs come")])
def test_on_this_machine_no_quota_is_told(functions: Stubber, mapping: dict[str, Any], told: str) -> None:
    functions.add_response(
        "list_event_source_mappings", {"EventSourceMappings": [mapping]}, {"FunctionName": "resize:live"}
    )

    with functions:
        (finding,) = check_concurrency(replace(deployed(), endpoint_url="http://127.0.0.1:4566"))

    assert finding.level is Level.OK
    assert f"may run {told}, and no quota of an account limits that on this machine." in finding.what


@pytest.fixture
def functions(monkeypatch: pytest.MonkeyPatch) -> Stubber:
    """A stub of Lambda, which every pipeline's client is."""
    client = deployed().client("lambda")
    monkeypatch.setattr(Pipeline, "client", lambda _pipeline, _service: client)
    return Stubber(client)


def test_lambda_is_asked_for_the_accounts_limits_and_the_live_aliases_mappings(functions: Stubber) -> None:
    limits = {"ConcurrentExecutions": 10, "UnreservedConcurrentExecutions": 10}
    functions.add_response("get_account_settings", {"AccountLimit": limits}, {})
    functions.add_response(
        "list_event_source_mappings", {"EventSourceMappings": [most(50)]}, {"FunctionName": "resize:live"}
    )

    with functions:
        (finding,) = check_concurrency(deployed())

    assert finding.level is Level.WARNING
    functions.assert_no_pending_responses()


def test_who_may_not_read_the_limits_is_told_which_right_is_missing(functions: Stubber) -> None:
    functions.add_client_error("get_account_settings", "AccessDeniedException", "lambda:GetAccountSettings")

    with functions:
        (finding,) = Check("The account's limits", lambda: check_concurrency(deployed())).findings()

    assert finding.level is Level.WARNING
    assert "lambda:GetAccountSettings" in finding.what
