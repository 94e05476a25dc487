"""The jobs queue and its dead-letter queue."""

from aws_cdk import ArnFormat, Aws, Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct, IDependable

from stacks.config.config import Config
from stacks.suppressions import suppress

_LAST_STOP = "This is the dead-letter queue itself: what arrives here waits for a person."
_IS_ENCRYPTED = (
    "SqsManagedSseEnabled encrypts it, with keys of SQS's own; the check knows KMS alone: "
    "github.com/bridgecrewio/checkov/issues/7381"
)


class Queues(Construct):
    """Two encrypted queues, each with its side of the redrive agreement.

    The jobs queue is given its name: the dead-letter queue's redrive-allow policy names the jobs queue and the jobs
    queue's redrive policy names the dead-letter queue, so CloudFormation cannot ask either for its name.
    """

    def __init__(self, scope: Construct, construct_id: str, *, config: Config, jobs_name: str) -> None:
        super().__init__(scope, construct_id)
        self._name = jobs_name
        self.dead_letters = self._dead_letter_queue(config)
        self.jobs = self._jobs_queue(config)

    def let_s3_send(self, bucket: s3.IBucket) -> IDependable:
        """Let one bucket of this account, and no one else, send to the jobs queue.

        Returns what allows it.
        """
        allowed = self.jobs.add_to_resource_policy(
            iam.PolicyStatement(
                sid="UploadsBucketSends",
                principals=[iam.ServicePrincipal("s3.amazonaws.com")],
                actions=["sqs:SendMessage"],
                resources=[self.jobs.queue_arn],
                conditions={
                    "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID},
                    "ArnEquals": {"aws:SourceArn": bucket.bucket_arn},
                },
            )
        )
        return allowed.policy_dependable

    def _dead_letter_queue(self, config: Config) -> sqs.Queue:
        arn = Stack.of(self).format_arn(service="sqs", resource=self._name, arn_format=ArnFormat.NO_RESOURCE_NAME)
        jobs = sqs.Queue.from_queue_arn(self, "JobsByName", arn)
        queue = sqs.Queue(
            self,
            "DeadLetters",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(config.dead_letter_retention_days),
            redrive_allow_policy=sqs.RedriveAllowPolicy(
                redrive_permission=sqs.RedrivePermission.BY_QUEUE, source_queues=[jobs]
            ),
        )
        suppress(queue, _LAST_STOP, "Serverless-SQSRedrivePolicy")
        suppress(queue, _IS_ENCRYPTED, "CKV_AWS_27")
        return queue

    def _jobs_queue(self, config: Config) -> sqs.Queue:
        queue = sqs.Queue(
            self,
            "Jobs",
            queue_name=self._name,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(config.queue_retention_days),
            visibility_timeout=Duration.seconds(config.visibility_seconds),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead_letters, max_receive_count=config.max_receive_count),
        )
        suppress(queue, _IS_ENCRYPTED, "CKV_AWS_27")
        return queue
