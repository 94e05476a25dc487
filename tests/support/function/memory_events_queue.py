"""The queue of events in memory."""

import json
from typing import Any


class MemoryEventsQueue:
    """A client of SQS that takes every event, repeated ones too."""

    exceptions = None

    def __init__(self) -> None:
        self.messages: list[dict[str, str]] = []

    def send_message(self, **message: str) -> None:
        """Take an event by whose id SQS drops what comes again."""
        assert message["MessageDeduplicationId"] == json.loads(message["MessageBody"])["id"]
        self.messages.append(message)

    @property
    def events(self) -> list[dict[str, Any]]:
        """All that was sent, in this order."""
        return [json.loads(message["MessageBody"]) for message in self.messages]

    @property
    def first_events(self) -> list[dict[str, Any]]:
        """The same without what was sent before."""
        firsts: dict[str, dict[str, Any]] = {}
        for event in self.events:
            firsts.setdefault(event["id"], event)
        return list(firsts.values())
