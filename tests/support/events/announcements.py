"""What Lambda hands to the announce function of its FIFO queue, and a context whose time runs out."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from string import ascii_letters, digits
from typing import Any, cast

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.typing import LambdaContext

from announce.consumer import Consumer, Target
from announce.message import Message
from contract.image_event import ImageEvent
from contract.manifest import Outcome
from support.command.manifests import manifest, source

SEQUENCER = "0055AED6DCD90281E5"


def image_event(
    key: str = "cat.jpg", revision: int = 1, *, outcome: str = "resized", sequencer: str = SEQUENCER, detail: str = ""
) -> ImageEvent:
    """An outcome as the resize function announces it; `detail` makes it as long as is wanted."""
    told = replace(
        manifest(),
        outcome=Outcome(outcome),
        source=replace(source(key, sequencer=sequencer), bucket="uploads"),
        detail=detail or None,
        generation=revision,
    )
    return ImageEvent(source="/darkroom/1/eu-west-1/Darkroom", key=key, revision=revision, manifest=told.to_json())


def noise(length: int) -> str:
    """Text that no compression makes shorter than half."""
    drawn = Random(1)  # noqa: S311 - the same each time
    return "".join(drawn.choices(ascii_letters + digits, k=length))


def message_of(event: ImageEvent) -> Message:
    """An event as a message of the queue."""
    return Message.from_record(record_of(event))


def record_of(event: ImageEvent, *, body: str | None = None) -> dict[str, Any]:
    """What Lambda hands over of it; its message's id is the event's, which is easier to read."""
    attributes = {"MessageGroupId": event.group, "MessageDeduplicationId": event.id, "ApproximateReceiveCount": "1"}
    text = event.to_json() if body is None else body
    return {"messageId": f"{event.key}-{event.revision}", "body": text, "attributes": attributes}


def batch_of(events: Iterable[ImageEvent]) -> dict[str, Any]:
    """A batch, as Lambda hands it over."""
    return {"Records": [record_of(event) for event in events]}


def failures(answer: Mapping[str, Any]) -> list[str]:
    """The ids of the messages that are to be delivered again."""
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


@dataclass(frozen=True)
class Context:
    """An invocation that has so many seconds left."""

    seconds: float = 30.0

    def get_remaining_time_in_millis(self) -> int:
        """As Lambda's own."""
        return int(self.seconds * 1000)


def handle(consumer: Consumer, events: Iterable[ImageEvent], seconds: float = 30.0) -> list[str]:
    """Have a consumer publish events, and give the ids of the messages that are to be delivered again."""
    return failures(consumer.handle(batch_of(events), context(seconds)))


def context(seconds: float = 30.0) -> LambdaContext:
    """Lambda's context of an invocation."""
    return cast("LambdaContext", Context(seconds))


def consumer_of(target: Target) -> Consumer:
    """The function, with a target; Powertools keeps a logger of each name, with the stream of whoever made it first."""
    service = f"Darkroom-{uuid.uuid4()}"
    return Consumer(
        target=target, logger=Logger(service=service), metrics=Metrics(namespace="Darkroom", service=service)
    )


@dataclass
class MemoryTarget:
    """Keeps what is published, in order; refuses messages by their ids, and says with which code."""

    refused: Mapping[str, str] = field(default_factory=dict)
    published: list[str] = field(default_factory=list)

    def publish(self, messages: Sequence[Message], _seconds: float) -> dict[str, str]:
        """As a target does it."""
        codes = {each.id: self.refused[each.id] for each in messages if each.id in self.refused}
        self.published += [each.id for each in messages if each.id not in codes]
        return codes
