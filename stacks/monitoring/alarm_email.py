"""Encrypted SNS topic that sends alarms to one address."""

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

from stacks.suppressions import suppress

_ALARMS = iam.ServicePrincipal("cloudwatch.amazonaws.com")

_ALARMS_STAY_RED = (
    "A queue for e-mails that could not be delivered would be read by no one: an alarm stays red on the dashboard "
    "until its cause is gone, whether or not its e-mail arrived."
)


class AlarmEmail(Construct):
    """A topic, a key and a subscription, which SNS asks its address to confirm.

    The key is one of its own because CloudWatch may not use SNS's: with `aws/sns` every alarm would be lost.
    docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services
    """

    def __init__(self, scope: Construct, construct_id: str, *, stack_name: str, address: str) -> None:
        super().__init__(scope, construct_id)
        self._only_from_alarms = {
            "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID},
            "ArnLike": {
                "aws:SourceArn": f"arn:{Aws.PARTITION}:cloudwatch:{Aws.REGION}:{Aws.ACCOUNT_ID}:alarm:{stack_name}-*"
            },
        }
        self.topic = sns.Topic(
            self, "Topic", display_name=f"{stack_name} alarms", master_key=self._key(), enforce_ssl=True
        )
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsOfThisStackPublish",
                principals=[_ALARMS],
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                conditions=self._only_from_alarms,
            )
        )
        subscription = sns.Subscription(
            self, "Address", topic=self.topic, endpoint=address, protocol=sns.SubscriptionProtocol.EMAIL
        )
        suppress(subscription, _ALARMS_STAY_RED, "Serverless-SNSRedrivePolicy")

    def _key(self) -> kms.Key:
        """Messages stay for seconds, so nothing needs the key once the topic is gone."""
        key = kms.Key(
            self,
            "Key",
            description="Darkroom: encrypts what alarms tell, on its way to an e-mail",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.DESTROY,
            pending_window=Duration.days(7),
        )
        key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsOfThisStackEncrypt",
                principals=[_ALARMS],
                actions=["kms:Decrypt", "kms:GenerateDataKey*"],
                resources=["*"],
                conditions=self._only_from_alarms,
            )
        )
        return key
