"""What doctor tells of events: who takes them, whether a secret can be reached from a VPC, and what was left behind."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from darkroom.doctor import events as doctor_events
from darkroom.doctor.events import check_events, leads_out
from darkroom.doctor.findings import Level
from resize.settings import Events
from support.aws.deployments import deployed

TAKEN = {
    "State": "Enabled",
    "UUID": "u1",
    "FunctionArn": "arn:announce",
    "FunctionResponseTypes": ["ReportBatchItemFailures"],
}
SECRET = {"kind": "kafka", "secret_arn": "arn:aws:secretsmanager:eu-west-1:1:secret:a-AbCdEf"}
IN_VPC = {"VpcId": "vpc-1", "SubnetIds": ["subnet-1"]}
MAIN = {"Associations": [{"Main": True}], "Routes": [{"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"}]}


def table(subnet: str, **route: str) -> dict[str, Any]:
    return {
        "Associations": [{"Main": False, "SubnetId": subnet}],
        "Routes": [{"DestinationCidrBlock": "0.0.0.0/0", **route}],
    }


@dataclass
class Account:
    """What AWS answers of a stack with events."""

    mappings: list[dict[str, Any]] = field(default_factory=lambda: [TAKEN])
    target: dict[str, str] = field(default_factory=lambda: {"kind": "eventbridge"})
    vpc: dict[str, Any] = field(default_factory=dict)
    endpoints: list[dict[str, Any]] = field(default_factory=list)
    tables: list[dict[str, Any]] = field(default_factory=lambda: [MAIN])
    dead_letters: int = 0

    def get_queue_attributes(self, QueueUrl: str, **_: object) -> dict[str, Any]:  # noqa: N803 - as SQS has it
        count = self.dead_letters if "dead" in QueueUrl else 0
        redrive = json.dumps({"deadLetterTargetArn": "arn:aws:sqs:eu-west-1:1:dead.fifo"})
        names = ("", "NotVisible", "Delayed")
        counts = {f"ApproximateNumberOfMessages{name}": str(0 if name else count) for name in names}
        others = {"QueueArn": "arn:events", "VisibilityTimeout": "360", "MessageRetentionPeriod": "1209600"}
        return {"Attributes": {**others, **counts, "RedrivePolicy": redrive}}

    def get_queue_url(self, **_: object) -> dict[str, str]:
        return {"QueueUrl": "https://sqs/dead.fifo"}

    def list_event_source_mappings(self, **_: object) -> dict[str, Any]:
        return {"EventSourceMappings": self.mappings}

    def get_function_configuration(self, **_: object) -> dict[str, Any]:
        variables = {"DARKROOM_TARGET": json.dumps(self.target)}
        return {"FunctionName": "announce", "Environment": {"Variables": variables}, "VpcConfig": self.vpc}

    def get_paginator(self, _operation: str) -> "Account":
        return self

    def paginate(self, **_: object) -> list[dict[str, Any]]:
        return [{"events": []}]

    def get_metric_statistics(self, **_: object) -> dict[str, Any]:
        return {"Datapoints": []}

    def describe_vpc_endpoints(self, **_: object) -> dict[str, Any]:
        return {"VpcEndpoints": self.endpoints}

    def describe_route_tables(self, **_: object) -> dict[str, Any]:
        return {"RouteTables": self.tables}


def levels(account: Account, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Level, str]]:
    """What is found, with the first words of each finding."""
    events = Events(queue_url="https://sqs/events.fifo", source="/d")
    monkeypatch.setattr(doctor_events, "read_events", lambda _: events)
    monkeypatch.setattr("darkroom.pipeline.client.Pipeline.client", lambda *_: account)
    return [(found.level, " ".join(found.what.split()[:4])) for found in check_events(deployed())]


WELL = (Level.OK, "The announce function takes")
NONE_LEFT = (Level.OK, "Every event has reached")
REACHES = (Level.OK, "The announce function can")


def test_of_a_stack_without_events_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_events, "read_events", lambda _: None)

    assert list(check_events(deployed())) == []


@pytest.mark.parametrize(
    ("account", "found"),
    [
        (Account(), [WELL, NONE_LEFT]),
        (Account(dead_letters=3), [WELL, (Level.WARNING, "3 events have not")]),
        (Account(mappings=[]), [(Level.FAULT, "No function takes events"), NONE_LEFT]),
        (
            Account(mappings=[{**TAKEN, "State": "Disabled"}]),
            [(Level.FAULT, "The announce function takes"), NONE_LEFT],
        ),
        (
            Account(mappings=[{**TAKEN, "FunctionResponseTypes": []}]),
            [(Level.FAULT, "A failed event is"), NONE_LEFT],
        ),
        (Account(mappings=[TAKEN, TAKEN]), [WELL, WELL, (Level.FAULT, "2 functions take events"), NONE_LEFT]),
        (Account(target=SECRET), [WELL, NONE_LEFT]),
        (Account(vpc=IN_VPC), [WELL, NONE_LEFT]),
        (
            Account(target=SECRET, vpc=IN_VPC),
            [WELL, (Level.FAULT, "From subnet-1 the announce"), NONE_LEFT],
        ),
        (
            Account(target=SECRET, vpc=IN_VPC, endpoints=[{"State": "available", "PrivateDnsEnabled": True}]),
            [WELL, REACHES, NONE_LEFT],
        ),
        (
            Account(target=SECRET, vpc=IN_VPC, endpoints=[{"State": "available", "PrivateDnsEnabled": False}]),
            [WELL, (Level.FAULT, "From subnet-1 the announce"), NONE_LEFT],
        ),
        (
            Account(target=SECRET, vpc=IN_VPC, endpoints=[{"State": "pending", "PrivateDnsEnabled": True}]),
            [WELL, (Level.FAULT, "From subnet-1 the announce"), NONE_LEFT],
        ),
        (
            Account(target=SECRET, vpc=IN_VPC, tables=[MAIN, table("subnet-1", NatGatewayId="nat-1")]),
            [WELL, REACHES, NONE_LEFT],
        ),
    ],
)
def test_what_keeps_events_from_the_log_is_found(
    account: Account, found: list[tuple[Level, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert levels(account, monkeypatch) == found


@pytest.mark.parametrize(
    ("tables", "leads"),
    [
        ([MAIN], False),
        ([MAIN, table("subnet-1", NatGatewayId="nat-1")], True),
        ([MAIN, table("subnet-1", TransitGatewayId="tgw-1")], True),
        ([MAIN, table("subnet-1", GatewayId="igw-1")], False),
        ([MAIN, table("subnet-1", NatGatewayId="nat-1", State="blackhole")], False),
        ([MAIN, table("subnet-2", NatGatewayId="nat-1")], False),
        ([{**MAIN, "Routes": [{"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1"}]}], True),
        (
            [
                {**MAIN, "Routes": [{"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1"}]},
                table("subnet-1", GatewayId="igw-1"),
            ],
            False,
        ),
    ],
)
def test_a_subnet_leads_out_by_its_own_table_or_the_main_one_but_by_no_internet_gateway(
    tables: list[dict[str, Any]], leads: bool
) -> None:
    assert leads_out(tables, "subnet-1") is leads
