"""A VPC for a cluster and those who read it, without a way out."""

from typing import cast

from aws_cdk import CfnResource, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks.config.config import Config
from stacks.suppressions import suppress

# Where MSK takes IAM: docs.aws.amazon.com/msk/latest/developerguide/port-info.html
IAM_PORT = 9098
# Two zones, which a serverless cluster asks for at least, and sixty addresses in each.
_ADDRESSES = "10.98.0.0/24"
_ZONES, _SUBNET_BITS = 2, 26

_LOGS_ARE_ENCRYPTED = (
    "CloudWatch encrypts every log: docs.aws.amazon.com/AmazonCloudWatch/latest/logs/data-protection.html. These lines "
    "are addresses and ports inside a VPC that leads nowhere."
)


def removal_policy(config: Config) -> RemovalPolicy:
    """Keep what is there when the stack goes, but nothing of a deployment that failed.

    It would be paid for.
    """
    return RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if config.retain_data else RemovalPolicy.DESTROY


class LogNetwork(Construct):
    """Two subnets that lead nowhere, and a security group.

    Its members reach each other's brokers, and nothing else.
    """

    def __init__(self, scope: Construct, construct_id: str, *, config: Config) -> None:
        super().__init__(scope, construct_id)
        self._removal = removal_policy(config)
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(_ADDRESSES),
            max_azs=_ZONES,
            nat_gateways=0,
            subnet_configuration=[
                ec2.SubnetConfiguration(name="Log", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=_SUBNET_BITS)
            ],
            # By a function of the CDK's, with rights of its own; nothing here is in that group.
            restrict_default_security_group=False,
        )
        self.members = self._members()
        self._log_traffic(config)
        self._keep_what_the_cluster_stands_in()

    @property
    def subnets(self) -> tuple[str, ...]:
        """The ids of the subnets."""
        return tuple(subnet.subnet_id for subnet in self.vpc.isolated_subnets)

    def _members(self) -> ec2.SecurityGroup:
        group = ec2.SecurityGroup(
            self,
            "Members",
            vpc=self.vpc,
            description="Darkroom: the brokers of the event log, and who writes and reads it",
            allow_all_outbound=False,
        )
        group.add_ingress_rule(group, ec2.Port.tcp(IAM_PORT), "Kafka, with IAM, from each other")
        group.add_egress_rule(group, ec2.Port.tcp(IAM_PORT), "Kafka, with IAM, to each other")
        return group

    def _log_traffic(self, config: Config) -> None:
        group = logs.LogGroup(self, "Traffic", removal_policy=self._removal)
        cast("logs.CfnLogGroup", group.node.default_child).retention_in_days = config.log_retention_days
        suppress(group, _LOGS_ARE_ENCRYPTED, "CKV_AWS_158")
        self.vpc.add_flow_log(
            "Flows",
            destination=ec2.FlowLogDestination.to_cloud_watch_logs(group),
            traffic_type=ec2.FlowLogTrafficType.REJECT,
        )

    def _keep_what_the_cluster_stands_in(self) -> None:
        """Remove no subnet from under a cluster that stays: CloudFormation would try, and fail."""
        for part in (*self.vpc.node.find_all(), *self.members.node.find_all()):
            if CfnResource.is_cfn_resource(part):
                cast("CfnResource", part).apply_removal_policy(self._removal)
