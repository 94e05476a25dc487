"""A version of the function that was rolled back is found by the stack's events."""

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from darkroom.doctor.findings import Level
from darkroom.doctor.rollback import check_rollback
from darkroom.pipeline.client import Pipeline
from support.aws.deployments import deployed

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:resize"


def event(resource_type: str, physical_id: str, status: str = "CREATE_COMPLETE") -> dict[str, Any]:
    return {
        "StackId": "stack",
        "EventId": f"{physical_id}-{status}",
        "StackName": "Darkroom",
        "ResourceType": resource_type,
        "PhysicalResourceId": physical_id,
        "ResourceStatus": status,
        "Timestamp": datetime(2026, 11, 26, tzinfo=UTC),
    }


@pytest.fixture
def stubs(monkeypatch: pytest.MonkeyPatch) -> dict[str, Stubber]:
    """Stubs of the two services that are asked."""
    clients = {service: deployed().client(service) for service in ("lambda", "cloudformation")}
    monkeypatch.setattr(Pipeline, "client", lambda _pipeline, service: clients[service])
    return {service: Stubber(client) for service, client in clients.items()}


@pytest.mark.parametrize(
    ("live", "events", "level"),
    [
        ("6", [event("AWS::Lambda::Version", f"{FUNCTION}:6")], Level.OK),
        ("6", [], Level.OK),
        ("7", [event("AWS::Lambda::Version", f"{FUNCTION}:{number}") for number in (7, 6)], Level.OK),
        ("6", [event("AWS::Lambda::Version", f"{FUNCTION}:7", "DELETE_COMPLETE")], Level.WARNING),
        ("6", [event("AWS::Lambda::Version", "", "CREATE_FAILED")], Level.OK),
        ("6", [event("AWS::SQS::Queue", "https://sqs/123:7")], Level.OK),
        ("$LATEST", [event("AWS::Lambda::Version", f"{FUNCTION}:1")], Level.WARNING),
    ],
)
def test_a_newer_version_than_the_live_one_is_a_warning(
    stubs: dict[str, Stubber], live: str, events: list[dict[str, Any]], level: Level
) -> None:
    stubs["lambda"].add_response(
        "get_function_configuration", {"Version": live}, {"FunctionName": "resize", "Qualifier": "live"}
    )
    stubs["cloudformation"].add_response(
        "describe_stack_events", {"StackEvents": events[:1], "NextToken": "more"}, {"StackName": "Darkroom"}
    )
    stubs["cloudformation"].add_response(
        "describe_stack_events", {"StackEvents": events[1:]}, {"StackName": "Darkroom", "NextToken": "more"}
    )

    with stubs["lambda"], stubs["cloudformation"]:
        (finding,) = check_rollback(deployed())

    assert finding.level is level
    assert finding.advice.startswith("Deploy again") is (level is Level.WARNING)
    stubs["cloudformation"].assert_no_pending_responses()
