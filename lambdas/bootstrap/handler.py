"""Tells CloudFormation the bootstrap servers and topics of an MSK cluster.

CloudFormation knows a serverless cluster by its ARN alone. This file is the whole function: it stands in the template.
docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requesttypes.html
"""

import json
import urllib.request
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

_CLIENT = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 5})


def handler(event: dict[str, Any], context: Any) -> None:
    """Answer a request of CloudFormation's; there is nothing to delete."""
    cluster = event["ResourceProperties"]["ClusterArn"]
    answer: dict[str, object] = {name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
    answer["PhysicalResourceId"] = event.get("PhysicalResourceId", cluster)
    try:
        answer |= {"Status": "SUCCESS", "Data": {} if event["RequestType"] == "Delete" else facts_of(cluster)}
    except (BotoCoreError, ClientError, LookupError) as error:
        answer |= {"Status": "FAILED", "Reason": f"{error}. Log stream: {context.log_stream_name}"}
    put_answer(event["ResponseURL"], json.dumps(answer).encode())


def facts_of(cluster: str) -> dict[str, str]:
    """Ask MSK for the brokers that take IAM, and for the cluster's topics.

    That is what the ARNs of these begin with. docs.aws.amazon.com/msk/latest/developerguide/msk-iam-resources.html
    """
    brokers = boto3.client("kafka", config=_CLIENT).get_bootstrap_brokers(ClusterArn=cluster)
    return {
        "BootstrapServers": brokers["BootstrapBrokerStringSaslIam"],
        "TopicsArn": cluster.replace(":cluster/", ":topic/"),
    }


def put_answer(url: str, answer: bytes) -> None:
    """Put the answer where CloudFormation waits for it.

    A signed address of S3's that wants no content type.
    """
    request = urllib.request.Request(url, data=answer, method="PUT", headers={"Content-Type": ""})  # noqa: S310 - https
    with urllib.request.urlopen(request, timeout=10):  # noqa: S310  # nosec B310
        pass
