"""The stack `Log`: an MSK Serverless cluster, and its network.

The network is made where none is given.
"""

from collections.abc import Mapping
from dataclasses import replace

from aws_cdk import App, CfnOutput, Fn, Stack
from aws_cdk import aws_msk as msk
from constructs import Construct

from stacks.config.config import Config
from stacks.config.event_target import KafkaAuth, KafkaTarget, MskServerlessTarget, Vpc
from stacks.log.cluster_facts import ClusterFacts
from stacks.log.network import LogNetwork, removal_policy
from stacks.names import log_cluster, log_stack
from stacks.outputs import LogOutput


def with_cluster(app: App, config: Config) -> Config:
    """Add the stack `Log` where events go to a cluster of its own.

    That is their target from then on.
    """
    if not isinstance(config.events, MskServerlessTarget):
        return config
    log = LogStack(app, log_stack(config.stack_name), config=config, wanted=config.events)
    return replace(config, events=log.target)


class LogStack(Stack):
    """A stack of its own, as the log outlives the pipeline.

    What it has is kept when it goes, unless told otherwise.
    """

    def __init__(self, scope: Construct, construct_id: str, *, config: Config, wanted: MskServerlessTarget) -> None:
        super().__init__(scope, construct_id, description="Darkroom: the event log, an MSK Serverless cluster")
        vpc = wanted.vpc or self._network(config)
        cluster = msk.CfnServerlessCluster(
            self,
            "Cluster",
            cluster_name=log_cluster(config.stack_name),
            client_authentication=msk.CfnServerlessCluster.ClientAuthenticationProperty(
                sasl=msk.CfnServerlessCluster.SaslProperty(iam=msk.CfnServerlessCluster.IamProperty(enabled=True))
            ),
            vpc_configs=[
                msk.CfnServerlessCluster.VpcConfigProperty(
                    subnet_ids=list(vpc.subnets), security_groups=[vpc.security_group]
                )
            ],
        )
        cluster.apply_removal_policy(removal_policy(config))
        facts = ClusterFacts(self, "Facts", config=config, cluster_arn=cluster.attr_arn)
        # Of each of these only CloudFormation knows what it is.
        self.target = KafkaTarget(
            bootstrap_servers=facts.bootstrap_servers,
            auth=KafkaAuth.IAM,
            topic=wanted.topic,
            cluster_arn=cluster.attr_arn,
            vpc=vpc,
            new_topic=wanted.new_topic,
            topics_arn=facts.topics_arn,
        )
        self._add_outputs(
            {
                LogOutput.CLUSTER_ARN: cluster.attr_arn,
                LogOutput.BOOTSTRAP_SERVERS: facts.bootstrap_servers,
                LogOutput.SUBNETS: Fn.join(",", list(vpc.subnets)),
                LogOutput.SECURITY_GROUP: vpc.security_group,
            }
        )

    def _network(self, config: Config) -> Vpc:
        network = LogNetwork(self, "Network", config=config)
        return Vpc(subnets=network.subnets, security_group=network.members.security_group_id)

    def _add_outputs(self, values: Mapping[LogOutput, str]) -> None:
        for name, value in values.items():
            CfnOutput(self, name.value, value=value)
