"""Idempotent producer of events, each into its key's partition."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from time import monotonic
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer

from announce.message import Message
from contract.image_event import CONTENT_TYPE

# https://github.com/confluentinc/librdkafka/blob/master/CONFIGURATION.md
PRODUCER: Mapping[str, Any] = {
    "client.id": "darkroom-announce",
    "enable.idempotence": True,
    "acks": "all",
    # The Java clients' own: whatever writes to the topic, a key stays in its partition.
    "partitioner": "murmur2_random",
    "compression.type": "lz4",
    "linger.ms": 0,
    # A record that is too large for the topic fails alone: librdkafka fails a whole batch, and never splits it.
    "batch.num.messages": 1,
    # Above what SQS takes, 1 MiB: how large a record may be, the topic says.
    "message.max.bytes": 2 * 2**20,
    # Longer than any function may run, 900 s. librdkafka would drop a record from the middle, and the next of its key
    # would pass it. Here the clock of the invocation decides, and the producer is thrown away.
    "delivery.timeout.ms": 1_000_000,
    "request.timeout.ms": 5_000,
    "socket.connection.setup.timeout.ms": 5_000,
    "log_level": 3,
}

# What an event has failed with that no broker has answered for, where the client knows of nothing better.
_NO_ANSWER = "KafkaError._NO_ANSWER"
# What tells little of why brokers are not reached, and how little; any other error tells more.
_RANK = {_NO_ANSWER: 0, "KafkaError._ALL_BROKERS_DOWN": 1, "KafkaError._TIMED_OUT": 2, "KafkaError._TRANSPORT": 3}
_MOST_TELLING = 4
_GIVEN_UP = {_NO_ANSWER, "KafkaError._PURGE_QUEUE", "KafkaError._PURGE_INFLIGHT"}
# How long a producer that is thrown away may take to say what has become of its records.
_PURGE_SECONDS = 1.0


class KafkaTopic:
    """A topic with a producer that is made when it is needed.

    It is made anew when it has failed.
    """

    def __init__(
        self,
        topic: str,
        connection: Callable[[], Mapping[str, Any]],
        *,
        prepare: Callable[[Mapping[str, Any], float], None] | None = None,
    ) -> None:
        """`prepare` is called with a connection and the seconds there are, before anything is written over it."""
        self._topic, self._connection, self._prepare = topic, connection, prepare
        self._producer: Producer | None = None
        # Why the brokers are not reached, as the client saw it last: a password that they refuse, say.
        self._trouble = _NO_ANSWER

    def publish(self, messages: Sequence[Message], seconds: float) -> dict[str, str]:
        """Write events of different groups within a time.

        Returns the error code of each that may not be there. What has no answer may be written all the same, or later:
        its group's next event must wait for it.
        """
        deadline = monotonic() + seconds
        self._trouble = _NO_ANSWER
        try:
            producer = self._producer = self._producer or self._connect(seconds)
        except KafkaException as error:
            self._note_trouble(error.args[0])
            return {message.id: self._trouble for message in messages}
        failed = {message.id: _NO_ANSWER for message in messages}
        for message in messages:
            self._write(producer, message, failed)
        left = producer.flush(max(0.0, deadline - monotonic()))
        if left or failed:
            trouble = self._trouble
            self._throw_away(producer)
            return {each: trouble if code in _GIVEN_UP else code for each, code in failed.items()}
        return failed

    def _connect(self, seconds: float) -> Producer:
        connection = {"error_cb": self._note_trouble, **self._connection()}
        if self._prepare:
            self._prepare(connection, seconds)
        return Producer({**PRODUCER, **connection})

    def _note_trouble(self, error: KafkaError) -> None:
        """Keep what tells most: a connection that was lost, and that no broker is left, follow from another error."""
        code = _code(error)
        if _RANK.get(code, _MOST_TELLING) >= _RANK.get(self._trouble, _MOST_TELLING):
            self._trouble = code

    def _write(self, producer: Producer, message: Message, failed: dict[str, str]) -> None:
        headers: list[tuple[str, str | bytes | None]] = [("content-type", f"{CONTENT_TYPE}; charset=UTF-8")]
        try:
            producer.produce(
                self._topic,
                key=message.key,
                value=message.body,
                headers=headers,
                on_delivery=partial(_note, failed, message.id),
            )
        except KafkaException as error:
            failed[message.id] = _code(error.args[0])
        except BufferError:
            failed[message.id] = "KafkaError._QUEUE_FULL"

    def _throw_away(self, producer: Producer) -> None:
        """A producer that has dropped a record has lost its place: nothing of it may be sent after it has answered."""
        self._producer = None
        producer.purge()
        producer.flush(_PURGE_SECONDS)


def _note(failed: dict[str, str], message_id: str, error: KafkaError | None, _written: object) -> None:
    """Note a delivery. An exception here would surface in `flush` as SystemError, so there is none to be had."""
    if error is None:
        failed.pop(message_id, None)
    else:
        failed[message_id] = _code(error)


def _code(error: KafkaError) -> str:
    return f"KafkaError.{error.name()}"
