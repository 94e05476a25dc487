"""Set the visibility timeout of jobs to retry."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from contract.errors import QueueError

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_sqs.type_defs import ChangeMessageVisibilityBatchRequestEntryTypeDef

# The function waits for this at its very end, where little of its time may be left: after an image that took all of
# its own, what a job has for storage (settings.py).
CLIENT_CONFIG = Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 2})
# What a request takes at most: both attempts, and a second between them.
REQUEST_SECONDS = 9
# docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibilityBatch.html
_MOST_ENTRIES = 10


class JobsQueue:
    """The jobs queue, for the one thread that answers a batch.

    Its client is made when it is first needed.
    """

    def __init__(self, url: str, make_client: Callable[[], "SQSClient"]) -> None:
        self._url = url
        self._make_client = make_client

    def show_after(self, delays: Mapping[str, int], seconds_left: Callable[[], float]) -> None:
        """Set when messages are visible again, in seconds from now.

        They are named by receipt handle.

        Raises:
            QueueError: SQS refused some, or did not answer, or too little time is left to ask it.
        """
        refused: list[str] = []
        for entries in _in_batches(delays):
            if seconds_left() < REQUEST_SECONDS:
                raise QueueError("OutOfTime", f"less than {REQUEST_SECONDS} s are left")
            refused += self._change(entries)
        if refused:
            raise QueueError(refused[0], f"{len(refused)} of {len(delays)} messages")

    @cached_property
    def _client(self) -> "SQSClient":
        return self._make_client()

    def _change(self, entries: Sequence["ChangeMessageVisibilityBatchRequestEntryTypeDef"]) -> list[str]:
        """Send one request; returns the error codes of the messages that it did not change."""
        try:
            answer = self._client.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)
        except ClientError as error:
            raise QueueError(error.response["Error"]["Code"], "the whole request") from error
        except BotoCoreError as error:
            raise QueueError(type(error).__name__, str(error)) from error
        return [failed["Code"] for failed in answer.get("Failed", [])]


def _in_batches(delays: Mapping[str, int]) -> Iterator[list["ChangeMessageVisibilityBatchRequestEntryTypeDef"]]:
    rest = iter(delays.items())
    while some := list(islice(rest, _MOST_ENTRIES)):
        yield [
            {"Id": str(place), "ReceiptHandle": handle, "VisibilityTimeout": seconds}
            for place, (handle, seconds) in enumerate(some)
        ]
