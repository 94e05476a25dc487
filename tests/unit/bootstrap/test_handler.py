"""What CloudFormation is answered when it asks for a cluster's brokers: always something, and on time."""

from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from bootstrap.handler import handler
from support.aws.cloudformation import Context, cloudformation

CLUSTER = "arn:aws:kafka:eu-west-1:123456789012:cluster/Darkroom-Log/51af3dc0-s1"
BROKERS = "boot-1.c1.kafka-serverless.eu-west-1.amazonaws.com:9098"


@dataclass(frozen=True)
class Msk:
    """MSK's API."""

    answer: dict[str, str] | Exception

    def get_bootstrap_brokers(self, ClusterArn: str) -> dict[str, str]:  # noqa: N803 - boto3's name
        """As boto3's."""
        assert ClusterArn == CLUSTER
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def ask(monkeypatch: pytest.MonkeyPatch, kind: str, msk: dict[str, str] | Exception, **more: str) -> dict[str, Any]:
    """Have CloudFormation ask, and give what it is answered."""
    monkeypatch.setattr(boto3, "client", lambda *_, **__: Msk(msk))
    with cloudformation() as (url, answers):
        ids = {"StackId": "s", "RequestId": "r", "LogicalResourceId": "Facts"}
        properties = {"ServiceToken": "f", "ClusterArn": CLUSTER}
        handler({**ids, "RequestType": kind, "ResponseURL": url, "ResourceProperties": properties, **more}, Context())
    ((content_type, answer),) = answers
    assert content_type == ""
    assert {name: answer[name] for name in ids} == ids
    return answer


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_it_tells_the_brokers_that_take_iam_and_how_the_arns_of_topics_begin(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = ask(monkeypatch, kind, {"BootstrapBrokerStringSaslIam": BROKERS})

    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", CLUSTER)
    assert answer["Data"] == {"BootstrapServers": BROKERS, "TopicsArn": CLUSTER.replace(":cluster/", ":topic/")}


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ClientError({"Error": {"Code": "Forbidden", "Message": "no"}}, "GetBootstrapBrokers"), "Forbidden"),
        (EndpointConnectionError(endpoint_url="https://kafka"), "https://kafka"),
        ({"BootstrapBrokerStringTls": "b:9094"}, "BootstrapBrokerStringSaslIam"),
    ],
)
def test_what_it_cannot_find_out_fails_the_deployment_at_once_and_says_why(
    error: Any, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = ask(monkeypatch, "Create", error)

    assert answer["Status"] == "FAILED"
    assert said in answer["Reason"]
    assert "2026/11/26" in answer["Reason"]


def test_a_deletion_asks_nothing_and_succeeds_also_for_a_cluster_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = ask(monkeypatch, "Delete", AssertionError("MSK is not to be asked"), PhysicalResourceId="as it was")

    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", "as it was")
