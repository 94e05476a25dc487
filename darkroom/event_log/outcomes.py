"""The newest outcomes in the event log, and those that come."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from consumers.event import Event, NotAnEventError
from darkroom.event_log.client import LogClient, LogError
from darkroom.event_log.offsets import LogPoint
from darkroom.event_log.topic import TOPIC

if TYPE_CHECKING:
    from confluent_kafka import Consumer, Message

_WAIT_SECONDS = 0.5
_BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedOutcome:
    """An outcome and its place in the log.

    `reason` where it is rejected, `time` as the event has it.
    """

    partition: int
    offset: int
    time: str
    outcome: str
    key: str
    revision: int
    reason: str | None

    @property
    def place(self) -> str:
        """Name the record: there is one at each place."""
        return f"{self.partition}:{self.offset}"

    def to_json(self) -> str:
        """Write it on one line."""
        return json.dumps(asdict(self))


class OutcomeReader:
    """Reads a topic from its end, as nobody's group.

    Who else reads, and how far, stays as it is.
    """

    def __init__(self, configuration: Mapping[str, str], topic: str = TOPIC, *, newest: int) -> None:
        self._configuration = configuration
        self._topic = topic
        self._newest = newest
        self._consumer: Consumer | None = None

    def poll(self) -> tuple[LoggedOutcome, ...]:
        """Wait a moment for outcomes, and give them by their time.

        The first time, so many of each partition's newest.

        Raises:
            LogError: the brokers do not answer; the next call begins anew.
        """
        consumer = self._consumer = self._consumer or self._open()
        messages = consumer.consume(_BATCH, _WAIT_SECONDS)
        fault = next((error for error in (message.error() for message in messages) if error is not None), None)
        if fault is not None:
            self.close()
            raise LogError(f"Reading the topic {self._topic!r} failed: {fault.str()}")
        read = (_outcome(message) for message in messages)
        return tuple(sorted((outcome for outcome in read if outcome), key=lambda outcome: outcome.time))

    def close(self) -> None:
        """Leave the brokers."""
        if self._consumer is not None:
            self._consumer.close()
            self._consumer = None

    def _open(self) -> "Consumer":
        from confluent_kafka import Consumer, TopicPartition  # noqa: PLC0415 - most of Darkroom needs no Kafka

        client = LogClient(self._configuration, self._topic)
        begins, ends = client.offsets(LogPoint("beginning")), client.offsets(LogPoint("end"))
        kept = {"group.id": "darkroom-console", "enable.auto.commit": False, "log_level": 0}
        consumer = Consumer({**self._configuration, **kept})
        starts = {partition: max(begins[partition], end - self._newest) for partition, end in ends.items()}
        consumer.assign([TopicPartition(self._topic, partition, start) for partition, start in starts.items()])
        return consumer


def _outcome(message: "Message") -> LoggedOutcome | None:
    """Read a record; what is no event that is known here is left out."""
    value, partition, offset = message.value(), message.partition(), message.offset()
    if partition is None or offset is None:
        return None
    try:
        event = Event.from_json(value if isinstance(value, bytes) else None)
    except NotAnEventError:
        return None
    reason = event.data.get("reason")
    return LoggedOutcome(
        partition=partition,
        offset=offset,
        time=event.time,
        outcome=event.outcome,
        key=event.key,
        revision=event.revision,
        reason=reason if isinstance(reason, str) else None,
    )
