"""The stack's entries among the notifications of a bucket not its own."""

from collections.abc import Sequence
from pathlib import Path

from aws_cdk import Aws, CustomResource
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct, IDependable

from stacks.config.config import Config
from stacks.config.existing_bucket import NOTIFICATION_TYPE
from stacks.deployment_function import ANSWER_TIMEOUT, DeploymentFunction, DeploymentProgram

_HANDLER = "bucket_notification.handler.handler"

_NEEDS_NO_VPC = "It speaks to S3 alone, with TLS, by a role that knows the notifications of one bucket."
_LOGGED = "No line holds more than an error of S3's."


class UploadsNotification(DeploymentFunction):
    """Has the bucket send what happens in it to the jobs queue.

    What others have configured there stays. `owner` is a name that no other stack has: the ids of the entries begin so.
    S3 sends from the moment that they are written, and a queue's policy may take a minute to hold: `after` is what
    allows it, and what takes that long.
    """

    def __init__(  # noqa: PLR0913 - each is another's to give
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: Config,
        bundle: Path,
        bucket: s3.IBucket,
        queue: sqs.IQueue,
        owner: str,
        prefixes: Sequence[str],
        after: Sequence[IDependable],
    ) -> None:
        configure = iam.PolicyStatement(
            sid="ConfigureNotifications",
            actions=["s3:GetBucketNotification", "s3:PutBucketNotification"],
            resources=[bucket.bucket_arn],
            conditions={"StringEquals": {"aws:ResourceAccount": Aws.ACCOUNT_ID}},
        )
        program = DeploymentProgram(
            code=lambda_.Code.from_asset(str(bundle)),
            handler=_HANDLER,
            description="Darkroom: keeps the jobs queue among the notifications of the uploads bucket",
            permissions=[configure],
            logged=_LOGGED,
            no_vpc=_NEEDS_NO_VPC,
        )
        super().__init__(scope, construct_id, config=config, program=program)
        entries = CustomResource(
            self,
            "Entries",
            service_token=self.function.function_arn,
            resource_type=NOTIFICATION_TYPE,
            properties={
                "Bucket": bucket.bucket_name,
                "Owner": owner,
                "QueueArn": queue.queue_arn,
                "Prefixes": list(prefixes),
            },
            service_timeout=ANSWER_TIMEOUT,
        )
        entries.node.add_dependency(*after)
