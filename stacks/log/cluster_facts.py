"""What CloudFormation does not know of a cluster.

Its brokers, and how its topics' ARNs begin.
"""

from pathlib import Path
from typing import cast

from aws_cdk import CustomResource, Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks.config.config import Config
from stacks.suppressions import suppress

_SOURCE = Path(__file__).resolve().parents[2] / "lambdas" / "bootstrap" / "handler.py"
_TIMEOUT = Duration.minutes(2)

_ANSWERS_CLOUDFORMATION = (
    "Only CloudFormation invokes this function, while it deploys, and waits for its answer: a failure is the "
    "deployment's, which says why. There is nothing to be tried again later."
)
_NEEDS_NO_VPC = "It asks one question of Amazon MSK's public API, behind TLS, and no broker."
_LOGS_ARE_ENCRYPTED = (
    "CloudWatch encrypts every log: docs.aws.amazon.com/AmazonCloudWatch/latest/logs/data-protection.html. No line "
    "holds more than an error of MSK's API."
)


class ClusterFacts(Construct):
    """Asks MSK while the stack is deployed. `bootstrap_servers` is `host:port,…`."""

    def __init__(self, scope: Construct, construct_id: str, *, config: Config, cluster_arn: str) -> None:
        super().__init__(scope, construct_id)
        function = self._function(config, cluster_arn)
        resource = CustomResource(
            self,
            "Answer",
            service_token=function.function_arn,
            resource_type="Custom::ClusterFacts",
            properties={"ClusterArn": cluster_arn},
            service_timeout=_TIMEOUT,
        )
        self.bootstrap_servers = resource.get_att_string("BootstrapServers")
        self.topics_arn = resource.get_att_string("TopicsArn")

    def _function(self, config: Config, cluster_arn: str) -> lambda_.Function:
        log = logs.LogGroup(self, "Log", removal_policy=RemovalPolicy.DESTROY)
        cast("logs.CfnLogGroup", log.node.default_child).retention_in_days = config.log_retention_days
        suppress(log, _LOGS_ARE_ENCRYPTED, "CKV_AWS_158")
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        for sid, actions, arn in (
            ("WriteLog", ["logs:CreateLogStream", "logs:PutLogEvents"], log.log_group_arn),
            ("FindBrokers", ["kafka:GetBootstrapBrokers"], cluster_arn),
        ):
            role.add_to_principal_policy(iam.PolicyStatement(sid=sid, actions=actions, resources=[arn]))
        function = lambda_.Function(
            self,
            "Function",
            description="Darkroom: tells CloudFormation where the brokers of the event log are",
            code=lambda_.Code.from_inline(_SOURCE.read_text(encoding="utf-8")),
            handler="index.handler",
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
        suppress(function, _NEEDS_NO_VPC, "CKV_AWS_117")
        return function
