"""What CloudFormation is answered when it asks for a cluster's brokers: always something, and on time."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from bootstrap.handler import handler

CLUSTER = "arn:aws:kafka:eu-west-1:123456789012:cluster/Darkroom-Log/51af3dc0-s1"
BROKERS = "boot-1.c1.kafka-serverless.eu-west-1.amazonaws.com:9098"


@dataclass(frozen=True)
class Context:
    """An invocation's."""

    log_stream_name: str = "2026/11/26/[$LATEST]1"


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


@contextmanager
def cloudformation() -> Iterator[tuple[str, list[tuple[str | None, dict[str, Any]]]]]:
    """The address that answers are put to, and what was: the content type, which must be empty, and the answer."""
    answers: list[tuple[str | None, dict[str, Any]]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answers.append((self.headers["Content-Type"], json.loads(body)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/", answers
        finally:
            server.shutdown()
            thread.join()


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
