"""A function that a queue invokes, with its log group and its role."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.bundle.bytecode import SOURCES, digest_of_sources
from stacks.config.config import Config
from stacks.suppressions import suppress

_QUEUE_CATCHES_FAILURES = (
    "Only the {jobs} queue invokes this function, and waits for its answer: what fails goes to the queue's own "
    "dead-letter queue. Destinations are for asynchronous callers and for streams."
)
_X_RAY_HAS_NO_RESOURCES = (
    "X-Ray's write actions know no resource to restrict them to: "
    "docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html"
)
_IS_NOT_TRACED = (
    "X-Ray is a setting of the stack, `tracing`, and off unless somebody asks for it: it would be a tenth of the cost "
    "of an upload, and the log has the milliseconds of every job and the id of its invocation."
)
_QUEUE_LIMITS_CONCURRENCY = (
    "The event source mapping limits it. Reserved concurrency would throttle, every throttled batch would count as a "
    "receive, and good {jobs} would end as dead letters: docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html"
)
_LOGS_ARE_ENCRYPTED = (
    "CloudWatch encrypts every log: docs.aws.amazon.com/AmazonCloudWatch/latest/logs/data-protection.html. {logged}"
)

_ARCHITECTURES = {"arm64": lambda_.Architecture.ARM_64, "x86_64": lambda_.Architecture.X86_64}


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What a function runs, with what, and the reasons that auditors ask for.

    `jobs` are what its queue holds, in one word. `logged` says why its log needs no key of its own, `variables` why its
    environment needs none, and `no_vpc` why it is in no VPC; None leaves that open.
    """

    handler: str
    description: str
    bundle: Path
    memory_mb: int
    timeout_seconds: int
    environment: Mapping[str, str]
    jobs: str
    logged: str
    variables: str
    no_vpc: str | None = None


class QueueFunction(Construct):
    """A function of its own role and log group.

    What else it may do is for whoever extends it.
    """

    def __init__(self, scope: Construct, construct_id: str, *, config: Config, program: Program) -> None:
        super().__init__(scope, construct_id)
        self._config = config
        self._queue_catches_failures = _QUEUE_CATCHES_FAILURES.format(jobs=program.jobs)
        self._role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        self.log_group = self._make_log_group(program.logged)
        self.function = self._make_function(program)
        self._suppress_rules(program)
        self._grant("WriteLog", ["logs:CreateLogStream", "logs:PutLogEvents"], self.log_group.log_group_arn)

    def _grant(self, sid: str, actions: list[str], resource: str) -> None:
        self._role.add_to_principal_policy(iam.PolicyStatement(sid=sid, actions=actions, resources=[resource]))

    def _grant_receive(self, sid: str, queue: sqs.IQueue) -> None:
        """Allow what Lambda does on the function's behalf."""
        self._grant(sid, ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], queue.queue_arn)

    def _suppress_destination(self, mapping: lambda_.EventSourceMapping) -> None:
        suppress(mapping, self._queue_catches_failures, "Serverless-LambdaEventSourceMappingDestination")

    def _make_log_group(self, logged: str) -> logs.LogGroup:
        removal = RemovalPolicy.RETAIN if self._config.retain_data else RemovalPolicy.DESTROY
        group = logs.LogGroup(self, "Log", removal_policy=removal)
        cast("logs.CfnLogGroup", group.node.default_child).retention_in_days = self._config.log_retention_days
        suppress(group, _LOGS_ARE_ENCRYPTED.format(logged=logged), "CKV_AWS_158")
        return group

    def _make_function(self, program: Program) -> lambda_.Function:
        function = lambda_.Function(
            self,
            "Function",
            description=program.description,
            code=lambda_.Code.from_asset(str(program.bundle)),
            handler=program.handler,
            runtime=lambda_.Runtime(f"python{self._config.python}", lambda_.RuntimeFamily.PYTHON),
            architecture=_ARCHITECTURES[self._config.architecture],
            memory_size=program.memory_mb,
            timeout=Duration.seconds(program.timeout_seconds),
            environment=program.environment,
            role=self._role,
            log_group=self.log_group,
            logging_format=lambda_.LoggingFormat.JSON,
            tracing=lambda_.Tracing.ACTIVE if self._config.tracing else lambda_.Tracing.DISABLED,
        )
        # The construct makes the function wait for its role, which naming the role has done already.
        resource = cast("lambda_.CfnFunction", function.node.default_child)
        resource.add_metadata("cfn-lint", {"config": {"ignore_checks": ["W3005"]}})
        resource.add_metadata(SOURCES, digest_of_sources(program.bundle))
        return function

    def _suppress_rules(self, program: Program) -> None:
        suppress(self.function, self._queue_catches_failures, "Serverless-LambdaDLQ", "CKV_AWS_116")
        suppress(self.function, _QUEUE_LIMITS_CONCURRENCY.format(jobs=program.jobs), "CKV_AWS_115")
        if program.no_vpc:
            suppress(self.function, program.no_vpc, "CKV_AWS_117")
        suppress(self.function, program.variables, "CKV_AWS_173")
        if self._config.tracing:
            suppress(self._role, _X_RAY_HAS_NO_RESOURCES, "AwsSolutions-IAM5[Resource::*]")
        else:
            suppress(self.function, _IS_NOT_TRACED, "Serverless-LambdaTracing", "CKV_AWS_50")
