"""One message of the FIFO queue.

An event as it is published, and the group whose order it belongs to.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from contract.errors import MessageRefusedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """An event on its way.

    `id` is SQS's of the message, `event_id`, `type` and `time` are the event's. `key` is the upload's; `body` is the
    whole event as it is published, byte for byte.
    """

    id: str
    group: str
    event_id: str
    type: str
    time: datetime
    key: bytes
    body: bytes

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """Read what Lambda hands over of a FIFO queue.

        Source: docs.aws.amazon.com/lambda/latest/dg/with-sqs.html, "Example FIFO queue message event".

        Raises:
            MessageRefusedError: its body is no event.
        """
        try:
            event = json.loads(record["body"])
        except (ValueError, RecursionError) as error:
            raise MessageRefusedError("not JSON") from error
        if not isinstance(event, dict):
            raise MessageRefusedError("not a JSON object")
        return cls(
            id=record["messageId"],
            group=group_of(record),
            event_id=_text(event, "id").decode(),
            type=_text(event, "type").decode(),
            time=_time(event),
            key=_text(event, "subject"),
            body=record["body"].encode(),
        )


def group_of(record: Mapping[str, Any]) -> str:
    """Name a message's group, whatever its body is."""
    return str(record["attributes"]["MessageGroupId"])


def _text(event: Mapping[str, Any], name: str) -> bytes:
    """Read a member; half a surrogate pair is no text that could be sent."""
    text = event.get(name)
    if not isinstance(text, str) or not text:
        raise MessageRefusedError(f"its {name} is {text!r}")
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise MessageRefusedError(f"its {name} is {text!r}") from error


def _time(event: Mapping[str, Any]) -> datetime:
    text = _text(event, "time").decode()
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise MessageRefusedError(f"its time is {text!r}") from error
