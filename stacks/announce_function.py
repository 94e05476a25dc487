"""The announce function, its log group and its role."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.config.config import Config
from stacks.config.event_target import KafkaAuth, KafkaTarget, NewTopic, Vpc
from stacks.suppressions import suppress

_HANDLER = "announce.handler.handler"
TIMEOUT_SECONDS = 60
MEMORY_MEGABYTES = 512
# The most that Lambda takes of a FIFO queue: docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
_BATCH = 10
# A hundred events are under way at most: each invocation has a connection to every broker, which have a limit too.
_CONCURRENCY = 10

_QUEUE_CATCHES_FAILURES = (
    "Only the events queue invokes this function, and waits for its answer: what fails stays in the queue and goes to "
    "the queue's own dead-letter queue. Destinations are for asynchronous callers and for streams."
)
_X_RAY_HAS_NO_RESOURCES = (
    "X-Ray's write actions know no resource to restrict them to: "
    "docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html"
)
_INTERFACES_HAVE_NO_RESOURCES = (
    "Lambda describes, makes and deletes the network interfaces of a function in a VPC with these actions; a statement "
    "beside them denies them to the function's own code: docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html"
)
_QUEUE_LIMITS_CONCURRENCY = (
    "The event source mapping limits it. Reserved concurrency would throttle, and every throttled batch would count as "
    "a receive: docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html"
)
_NEEDS_NO_VPC = "Its target is on the Internet, behind TLS; for brokers in a VPC the setting `events` takes subnets."
_KEEPS_NO_SECRETS = "They are addresses and the ARN of a secret, which Lambda encrypts; the secret itself is not there."
_LOGS_ARE_ENCRYPTED = (
    "CloudWatch encrypts every log: docs.aws.amazon.com/AmazonCloudWatch/latest/logs/data-protection.html. No line "
    "holds more than a key and why its event was not taken."
)

_ARCHITECTURES = {"arm64": lambda_.Architecture.ARM_64, "x86_64": lambda_.Architecture.X86_64}
_OF_INTERFACES = [
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
]


class AnnounceFunction(Construct):
    """One function that takes a queue's events to a target; it reads no bucket."""

    def __init__(self, scope: Construct, construct_id: str, *, config: Config, bundle: Path) -> None:
        super().__init__(scope, construct_id)
        self._config = config
        self._role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        self.log_group = self._make_log_group()
        self.function = self._make_function(bundle)
        suppress(self._role, _X_RAY_HAS_NO_RESOURCES, "AwsSolutions-IAM5[Resource::*]")
        self._grant("WriteLog", ["logs:CreateLogStream", "logs:PutLogEvents"], self.log_group.log_group_arn)

    def take_events_from(self, queue: sqs.IQueue) -> None:
        """Invoke the function with batches of the queue's events; it tells which of them to retry."""
        self._grant(
            "TakeEvents", ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], queue.queue_arn
        )
        mapping = lambda_.EventSourceMapping(
            self,
            "Events",
            target=self.function,
            event_source_arn=queue.queue_arn,
            batch_size=_BATCH,
            report_batch_item_failures=True,
            max_concurrency=_CONCURRENCY,
        )
        suppress(mapping, _QUEUE_CATCHES_FAILURES, "Serverless-LambdaEventSourceMappingDestination")

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

    def _grant(self, sid: str, actions: list[str], resource: str) -> None:
        self._role.add_to_principal_policy(iam.PolicyStatement(sid=sid, actions=actions, resources=[resource]))

    def _make_log_group(self) -> logs.LogGroup:
        removal = RemovalPolicy.RETAIN if self._config.retain_data else RemovalPolicy.DESTROY
        group = logs.LogGroup(self, "Log", removal_policy=removal)
        cast("logs.CfnLogGroup", group.node.default_child).retention_in_days = self._config.log_retention_days
        suppress(group, _LOGS_ARE_ENCRYPTED, "CKV_AWS_158")
        return group

    def _make_function(self, bundle: Path) -> lambda_.Function:
        function = lambda_.Function(
            self,
            "Function",
            description="Darkroom: takes outcomes from their queue to the event log",
            code=lambda_.Code.from_asset(str(bundle)),
            handler=_HANDLER,
            runtime=lambda_.Runtime(f"python{self._config.python}", lambda_.RuntimeFamily.PYTHON),
            architecture=_ARCHITECTURES[self._config.architecture],
            memory_size=MEMORY_MEGABYTES,
            timeout=Duration.seconds(TIMEOUT_SECONDS),
            environment={"POWERTOOLS_SERVICE_NAME": self._config.stack_name},
            role=self._role,
            log_group=self.log_group,
            logging_format=lambda_.LoggingFormat.JSON,
            tracing=lambda_.Tracing.ACTIVE,
        )
        # The construct makes the function wait for its role, which naming the role has done already.
        resource = cast("lambda_.CfnFunction", function.node.default_child)
        resource.add_metadata("cfn-lint", {"config": {"ignore_checks": ["W3005"]}})
        suppress(function, _QUEUE_CATCHES_FAILURES, "Serverless-LambdaDLQ", "CKV_AWS_116")
        suppress(function, _QUEUE_LIMITS_CONCURRENCY, "CKV_AWS_115")
        suppress(function, _KEEPS_NO_SECRETS, "CKV_AWS_173")
        return function


def _new_topic(wanted: NewTopic | None) -> dict[str, object]:
    if wanted is None:
        return {}
    return {"new_topic": {"partitions": wanted.partitions, "retention_ms": wanted.retention_milliseconds}}
