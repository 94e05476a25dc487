"""The announce function, its log group and its role."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from aws_cdk import Aws
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.config.config import Config
from stacks.config.event_target import KafkaAuth, KafkaTarget, NewTopic, Vpc
from stacks.queue_function import Program, QueueFunction
from stacks.suppressions import suppress

_HANDLER = "announce.handler.handler"
TIMEOUT_SECONDS = 60
MEMORY_MEGABYTES = 512
# The most that Lambda takes of a FIFO queue: docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
_BATCH = 10
# A hundred events are under way at most: each invocation has a connection to every broker, which have a limit too.
_CONCURRENCY = 10

_INTERFACES_HAVE_NO_RESOURCES = (
    "Lambda describes, makes and deletes the network interfaces of a function in a VPC with these actions; a statement "
    "beside them denies them to the function's own code: docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html"
)
_NEEDS_NO_VPC = "Its target is on the Internet, behind TLS; for brokers in a VPC the setting `events` takes subnets."
_KEEPS_NO_SECRETS = "They are addresses and the ARN of a secret, which Lambda encrypts; the secret itself is not there."
_LOGGED = "No line holds more than a key and why its event was not taken."

_OF_INTERFACES = [
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
]


class AnnounceFunction(QueueFunction):
    """One function that takes a queue's events to a target; it reads no bucket."""

    def __init__(self, scope: Construct, construct_id: str, *, config: Config, bundle: Path) -> None:
        program = Program(
            handler=_HANDLER,
            description="Darkroom: takes outcomes from their queue to the event log",
            bundle=bundle,
            memory_mb=MEMORY_MEGABYTES,
            timeout_seconds=TIMEOUT_SECONDS,
            environment={"POWERTOOLS_SERVICE_NAME": config.stack_name},
            jobs="events",
            logged=_LOGGED,
            variables=_KEEPS_NO_SECRETS,
        )
        super().__init__(scope, construct_id, config=config, program=program)

    def take_events_from(self, queue: sqs.IQueue) -> None:
        """Invoke the function with batches of the queue's events.

        It tells which of them to retry.
        """
        self._grant_receive("TakeEvents", queue)
        mapping = lambda_.EventSourceMapping(
            self,
            "Events",
            target=self.function,
            event_source_arn=queue.queue_arn,
            batch_size=_BATCH,
            report_batch_item_failures=True,
            max_concurrency=_CONCURRENCY,
        )
        self._suppress_destination(mapping)

    def announce_to_bus(self, bus: events.EventBus) -> None:
        """Send to an EventBridge bus, and be allowed nothing else there."""
        self._set_target({"kind": "eventbridge", "bus": bus.event_bus_name})
        self._grant("PutEvents", ["events:PutEvents"], bus.event_bus_arn)
        suppress(self.function, _NEEDS_NO_VPC, "CKV_AWS_117")

    def announce_to_topic(self, target: KafkaTarget) -> None:
        """Produce to one topic of a Kafka cluster."""
        self._set_target(
            {
                "kind": "kafka",
                "bootstrap_servers": target.bootstrap_servers,
                "topic": target.topic,
                "auth": target.auth.value,
                "secret_arn": target.secret_arn,
                **_new_topic(target.new_topic),
            }
        )
        if target.auth is KafkaAuth.IAM and target.cluster_arn and target.topic_arn:
            self._grant_topic(target.cluster_arn, target.topic_arn, may_create=target.new_topic is not None)
        if target.secret_arn:
            self._grant("ReadSecret", ["secretsmanager:GetSecretValue"], target.secret_arn)
        if target.secret_key_arn:
            self._grant_key(target.secret_key_arn)
        if target.vpc:
            self._enter(target.vpc)
        else:
            suppress(self.function, _NEEDS_NO_VPC, "CKV_AWS_117")

    def _grant_topic(self, cluster_arn: str, topic_arn: str, *, may_create: bool) -> None:
        """Allow what an idempotent producer of one topic does; it can make no other topic, and read none.

        docs.aws.amazon.com/msk/latest/developerguide/kafka-actions.html
        """
        self._grant("ConnectToCluster", ["kafka-cluster:Connect", "kafka-cluster:WriteDataIdempotently"], cluster_arn)
        self._grant("WriteTopic", ["kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"], topic_arn)
        if may_create:
            self._grant("CreateTopic", ["kafka-cluster:CreateTopic"], topic_arn)

    def _grant_key(self, key_arn: str) -> None:
        """Allow to decrypt with the secret's key, through Secrets Manager alone."""
        self._role.add_to_principal_policy(
            iam.PolicyStatement(
                sid="DecryptSecret",
                actions=["kms:Decrypt"],
                resources=[key_arn],
                conditions={"StringEquals": {"kms:ViaService": f"secretsmanager.{Aws.REGION}.{Aws.URL_SUFFIX}"}},
            )
        )

    def _enter(self, vpc: Vpc) -> None:
        """Put the function's interfaces into a VPC: the permissions are for Lambda, the code is denied them."""
        resource = cast("lambda_.CfnFunction", self.function.node.default_child)
        resource.vpc_config = lambda_.CfnFunction.VpcConfigProperty(
            subnet_ids=list(vpc.subnets), security_group_ids=[vpc.security_group]
        )
        self._grant("MakeInterfaces", _OF_INTERFACES, "*")
        suppress(self._role, _INTERFACES_HAVE_NO_RESOURCES, "AwsSolutions-IAM5[Resource::*]")
        suppress(self._role.node.find_child("DefaultPolicy"), _INTERFACES_HAVE_NO_RESOURCES, "CKV_AWS_111")
        functions = f"arn:{Aws.PARTITION}:lambda:{Aws.REGION}:{Aws.ACCOUNT_ID}:function:*"
        self._role.add_to_principal_policy(
            iam.PolicyStatement(
                sid="CodeMakesNoInterfaces",
                effect=iam.Effect.DENY,
                actions=_OF_INTERFACES,
                resources=["*"],
                conditions={"ArnLike": {"lambda:SourceFunctionArn": functions}},
            )
        )

    def _set_target(self, target: Mapping[str, object]) -> None:
        self.function.add_environment("DARKROOM_TARGET", json.dumps(target, separators=(",", ":")))


def _new_topic(wanted: NewTopic | None) -> dict[str, object]:
    if wanted is None:
        return {}
    return {"new_topic": {"partitions": wanted.partitions, "retention_ms": wanted.retention_milliseconds}}
