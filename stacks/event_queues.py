"""The FIFO queue of events and its dead-letter queue."""

from aws_cdk import ArnFormat, Duration, Stack
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.announce_function import TIMEOUT_SECONDS
from stacks.suppressions import suppress

# Six function timeouts: docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
VISIBILITY_SECONDS = 6 * TIMEOUT_SECONDS
# As often as SQS allows: brokers that are down for days must cost no event; after four it is a dead letter:
# docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue.html
MAX_RECEIVES = 1000
# The longest that SQS keeps a message; a dead letter of a FIFO queue has its days anew:
# docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
RETENTION_DAYS = 14

_LAST_STOP = "This is the dead-letter queue itself: what arrives here waits for a person."
_IS_ENCRYPTED = (
    "SqsManagedSseEnabled encrypts it, with keys of SQS's own; the check knows KMS alone: "
    "github.com/bridgecrewio/checkov/issues/7381"
)


class EventQueues(Construct):
    """Two encrypted FIFO queues.

    A key's events are one message group, so they keep their order.

    Limits and deduplication are by message group, which is high throughput:
    docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/high-throughput-fifo.html
    """

    def __init__(self, scope: Construct, construct_id: str, *, name: str) -> None:
        super().__init__(scope, construct_id)
        arn = Stack.of(self).format_arn(service="sqs", resource=name, arn_format=ArnFormat.NO_RESOURCE_NAME)
        self.dead_letters = self._queue(
            "DeadLetters",
            redrive_allow_policy=sqs.RedriveAllowPolicy(
                redrive_permission=sqs.RedrivePermission.BY_QUEUE,
                source_queues=[sqs.Queue.from_queue_arn(self, "EventsByName", arn)],
            ),
        )
        suppress(self.dead_letters, _LAST_STOP, "Serverless-SQSRedrivePolicy")
        self.events = self._queue(
            "Events",
            name=name,
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead_letters, max_receive_count=MAX_RECEIVES),
        )

    def _queue(
        self,
        construct_id: str,
        *,
        name: str | None = None,
        dead_letter_queue: sqs.DeadLetterQueue | None = None,
        redrive_allow_policy: sqs.RedriveAllowPolicy | None = None,
    ) -> sqs.Queue:
        queue = sqs.Queue(
            self,
            construct_id,
            queue_name=name,
            fifo=True,
            deduplication_scope=sqs.DeduplicationScope.MESSAGE_GROUP,
            fifo_throughput_limit=sqs.FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(RETENTION_DAYS),
            visibility_timeout=Duration.seconds(VISIBILITY_SECONDS),
            dead_letter_queue=dead_letter_queue,
            redrive_allow_policy=redrive_allow_policy,
        )
        suppress(queue, _IS_ENCRYPTED, "CKV_AWS_27")
        return queue
