"""What CloudFormation does not know of a cluster.

Its brokers, and how its topics' ARNs begin.
"""

from pathlib import Path

from aws_cdk import CustomResource
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks.config.config import Config
from stacks.deployment_function import ANSWER_TIMEOUT, DeploymentFunction, DeploymentProgram

_SOURCE = Path(__file__).resolve().parents[2] / "lambdas" / "bootstrap" / "handler.py"

_NEEDS_NO_VPC = "It asks one question of Amazon MSK's public API, behind TLS, and no broker."
_LOGGED = "No line holds more than an error of MSK's API."


class ClusterFacts(DeploymentFunction):
    """Asks MSK while the stack is deployed. `bootstrap_servers` is `host:port,…`."""

    def __init__(self, scope: Construct, construct_id: str, *, config: Config, cluster_arn: str) -> None:
        find_brokers = iam.PolicyStatement(
            sid="FindBrokers", actions=["kafka:GetBootstrapBrokers"], resources=[cluster_arn]
        )
        program = DeploymentProgram(
            code=lambda_.Code.from_inline(_SOURCE.read_text(encoding="utf-8")),
            handler="index.handler",
            description="Darkroom: tells CloudFormation where the brokers of the event log are",
            permissions=[find_brokers],
            logged=_LOGGED,
            no_vpc=_NEEDS_NO_VPC,
        )
        super().__init__(scope, construct_id, config=config, program=program)
        resource = CustomResource(
            self,
            "Answer",
            service_token=self.function.function_arn,
            resource_type="Custom::ClusterFacts",
            properties={"ClusterArn": cluster_arn},
            service_timeout=ANSWER_TIMEOUT,
        )
        self.bootstrap_servers = resource.get_att_string("BootstrapServers")
        self.topics_arn = resource.get_att_string("TopicsArn")
