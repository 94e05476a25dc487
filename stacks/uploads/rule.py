"""The EventBridge rule for uploads to a bucket that is not the stack's own."""

from collections.abc import Sequence

from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.config.event_pattern import event_pattern
from stacks.queues import Queues


class UploadsRule(Construct):
    """Sends the bucket's events to the jobs queue.

    What cannot be sent for a day goes to the dead-letter queue.

    Nothing comes until the bucket's owner has it send its events to EventBridge, which `darkroom doctor` looks at:
    docs.aws.amazon.com/AmazonS3/latest/userguide/enable-event-notifications-eventbridge.html
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, bucket: s3.IBucket, prefixes: Sequence[str], queues: Queues
    ) -> None:
        super().__init__(scope, construct_id)
        pattern = event_pattern(bucket.bucket_name, prefixes)
        events.Rule(
            self,
            "Rule",
            description="Darkroom: what happens in the uploads bucket, for the jobs queue",
            event_pattern=events.EventPattern(
                source=pattern["source"], detail_type=pattern["detail-type"], detail=pattern["detail"]
            ),
            targets=[targets.SqsQueue(queues.jobs, dead_letter_queue=queues.dead_letters)],
        )
