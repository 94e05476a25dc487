"""Puts events on an EventBridge bus, ten a request.

Those that it refuses for a moment are put once more.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import SystemRandom
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from announce.message import Message
from contract.s3_errors import error_code

if TYPE_CHECKING:
    from mypy_boto3_events.client import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

# What rules match on: `{"source": ["io.darkroom"]}`. The stack is the source of the event in `detail`.
SOURCE = "io.darkroom"
# docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
MAX_ENTRIES = 10
# Since January 2026 an event may have 1 MB. AWS's reference had 256 KB: here for an entry, there for a whole request.
# So together goes what is within all of these; what is larger goes alone, and is EventBridge's to refuse.
# aws.amazon.com/blogs/compute/more-room-to-build-serverless-services-now-support-payloads-up-to-1-mb
# docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html
MAX_EVENT_BYTES = 2**20
TOGETHER_BYTES = 256_000
_TIME_BYTES = 14

# What is over in a moment: docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html
_PASSING = {"ThrottlingException", "InternalFailure", "InternalException"}
_FIRST_DELAY_SECONDS, _LONGEST_DELAY_SECONDS = 0.1, 5.0


@dataclass(frozen=True, slots=True)
class EventBus:
    """A bus, by its name or its ARN."""

    client: "EventBridgeClient"
    name: str
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    random: Callable[[], float] = SystemRandom().random

    def publish(self, messages: Sequence[Message], seconds: float) -> dict[str, str]:
        """Put events of different groups within a time.

        Returns the error code of each that may not be there.
        """
        deadline = self.clock() + seconds
        failed = {message.id: "TooLarge" for message in messages if entry_bytes(message) > MAX_EVENT_BYTES}
        waiting = [message for message in messages if message.id not in failed]
        delay = _FIRST_DELAY_SECONDS
        while waiting:
            codes = {each: code for chunk in in_requests(waiting) for each, code in self._put(chunk).items()}
            passing = {each for each, code in codes.items() if code in _PASSING}
            pause = delay * (1 + self.random()) / 2
            if not passing or self.clock() + pause > deadline:
                return failed | codes
            failed |= {each: code for each, code in codes.items() if each not in passing}
            waiting = [message for message in waiting if message.id in passing]
            self.sleep(pause)
            delay = min(2 * delay, _LONGEST_DELAY_SECONDS)
        return failed

    def _put(self, messages: Sequence[Message]) -> dict[str, str]:
        try:
            answers = self.client.put_events(Entries=[self._entry(message) for message in messages])["Entries"]
        except (ClientError, BotoCoreError) as error:
            code = error_code(error)
            if len(messages) == 1 or code in _PASSING or isinstance(error, BotoCoreError):
                return {message.id: code for message in messages}
            # Of a request that is refused one event may be the cause: the others are not to wait for it.
            return {each: found for message in messages for each, found in self._put([message]).items()}
        pairs = zip(messages, answers, strict=True)
        return {message.id: answer["ErrorCode"] for message, answer in pairs if "ErrorCode" in answer}

    def _entry(self, message: Message) -> "PutEventsRequestEntryTypeDef":
        return {
            "EventBusName": self.name,
            "Source": SOURCE,
            "DetailType": message.type,
            "Time": message.time,
            "Detail": message.body.decode(),
        }


def entry_bytes(message: Message) -> int:
    """Count an entry as EventBridge does.

    docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html.
    """
    return _TIME_BYTES + len(SOURCE) + len(message.type.encode()) + len(message.body)


def in_requests(messages: Sequence[Message]) -> Iterator[list[Message]]:
    """Part events into what one request takes, in their order.

    One that is larger than others together goes alone.
    """
    chunk: list[Message] = []
    total = 0
    for message in messages:
        size = entry_bytes(message)
        if chunk and (len(chunk) == MAX_ENTRIES or total + size > TOGETHER_BYTES):
            yield chunk
            chunk, total = [], 0
        chunk.append(message)
        total += size
    if chunk:
        yield chunk
