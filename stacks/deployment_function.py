"""A function that CloudFormation invokes while it deploys, and nobody else."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks.config.config import Config
from stacks.suppressions import suppress

# How long CloudFormation waits for an answer, where it would wait for an hour.
ANSWER_TIMEOUT = Duration.minutes(2)

_ANSWERS_CLOUDFORMATION = (
    "Only CloudFormation invokes this function, while it deploys, and waits for its answer: a failure is the "
    "deployment's, which says why. There is nothing to be tried again later."
)
_LOGS_ARE_ENCRYPTED = (
    "CloudWatch encrypts every log: docs.aws.amazon.com/AmazonCloudWatch/latest/logs/data-protection.html. {logged}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentProgram:
    """What the function runs and may do, and the reasons that auditors ask for.

    `logged` says why its log needs no key of its own, `no_vpc` why it is in no VPC.
    """

    code: lambda_.Code
    handler: str
    description: str
    permissions: Sequence[iam.PolicyStatement]
    logged: str
    no_vpc: str


class DeploymentFunction(Construct):
    """The function, with a role and a log of its own, which goes with the stack."""

    def __init__(self, scope: Construct, construct_id: str, *, config: Config, program: DeploymentProgram) -> None:
        super().__init__(scope, construct_id)
        log = logs.LogGroup(self, "Log", removal_policy=RemovalPolicy.DESTROY)
        cast("logs.CfnLogGroup", log.node.default_child).retention_in_days = config.log_retention_days
        suppress(log, _LOGS_ARE_ENCRYPTED.format(logged=program.logged), "CKV_AWS_158")
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        write_log = iam.PolicyStatement(
            sid="WriteLog", actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[log.log_group_arn]
        )
        for statement in (write_log, *program.permissions):
            role.add_to_principal_policy(statement)
        self.function = self._function(config, program, role, log)

    def _function(
        self, config: Config, program: DeploymentProgram, role: iam.Role, log: logs.LogGroup
    ) -> lambda_.Function:
        function = lambda_.Function(
            self,
            "Function",
            description=program.description,
            code=program.code,
            handler=program.handler,
            runtime=lambda_.Runtime(f"python{config.python}", lambda_.RuntimeFamily.PYTHON, supports_inline_code=True),
            memory_size=256,
            timeout=Duration.seconds(60),
            role=role,
            log_group=log,
            logging_format=lambda_.LoggingFormat.JSON,
        )
        # The construct makes the function wait for its role, which naming the role has done already.
        resource = cast("lambda_.CfnFunction", function.node.default_child)
        resource.add_metadata("cfn-lint", {"config": {"ignore_checks": ["W3005"]}})
        suppress(
            function,
            _ANSWERS_CLOUDFORMATION,
            *("Serverless-LambdaDLQ", "Serverless-LambdaTracing", "CKV_AWS_115", "CKV_AWS_116"),
        )
        suppress(function, program.no_vpc, "CKV_AWS_117")
        return function
