"""Send events to the FIFO queue of outcomes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from contract.errors import AnnouncementError
from contract.image_event import ImageEvent
from contract.s3_errors import error_code

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsQueue:
    """One message group for each key.

    What is announced again within five minutes SQS drops.
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-exactly-once-processing.html
    """

    client: "SQSClient"
    url: str

    def send(self, event: ImageEvent) -> None:
        """Announce an event.

        Raises:
            AnnouncementError: SQS did not take it.
        """
        try:
            self.client.send_message(
                QueueUrl=self.url,
                MessageBody=event.to_json(),
                MessageGroupId=event.group,
                MessageDeduplicationId=event.id,
            )
        except (ClientError, BotoCoreError) as error:
            raise AnnouncementError(event.key, error_code(error)) from error
