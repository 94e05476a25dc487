"""A client of the event log, for an operator.

What is in it, who reads it, and where they are.
"""

import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from consumers.client import ClientError, client_configuration
from darkroom.errors import DarkroomError, UsageError
from darkroom.event_log.coordinator import ask_coordinator
from darkroom.event_log.offsets import ConsumerGroup, LogPoint, Move
from darkroom.local.registry import running_pipelines

if TYPE_CHECKING:
    from consumers.event import Record

_ANSWER_SECONDS = 30
_POLL_SECONDS = 0.5
_BATCH = 500


class LogError(DarkroomError):
    """The brokers do not answer, or refuse; the message says what was asked of them."""


_REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements" / "kafka_client.txt"


def require_kafka_client() -> None:
    """See that the client is installed: most of Darkroom does without.

    Raises:
        DarkroomError: it is not.
    """
    if find_spec("confluent_kafka") is None:
        raise DarkroomError(
            "The event log needs confluent-kafka, which is not installed. "
            f"Do: {sys.executable} -m pip install --require-hashes -r {_REQUIREMENTS}"
        )


def find_log(bootstrap: str | None, client: Path | None) -> dict[str, str]:
    """Make a client's configuration for the log that is meant.

    That is what was given, or the log that `darkroom up` keeps here.

    Raises:
        UsageError: nothing was given and none is up, or the file cannot be used.
    """
    here = next((running.event_log for running in running_pipelines() if running.event_log), None)
    if not (bootstrap or client or here):
        raise UsageError("No event log is up here. Start `darkroom up --log kafka`, or give --bootstrap or --client.")
    require_kafka_client()
    try:
        return client_configuration(bootstrap or here, client)
    except ClientError as error:
        raise UsageError(f"{'--client' if client else '--bootstrap'}: {error}") from error


class LogClient:
    """One topic at some brokers.

    Every method raises LogError where they do not answer.
    """

    def __init__(self, configuration: Mapping[str, str], topic: str) -> None:
        from confluent_kafka.admin import AdminClient  # noqa: PLC0415 - most commands need no Kafka

        self._configuration = {**configuration, "client.id": "darkroom-events", "log_level": "0"}
        self._admin = AdminClient(dict(self._configuration))
        self._topic = topic
        with _answers("Finding the topic"):
            found = self._admin.list_topics(topic, timeout=_ANSWER_SECONDS).topics[topic]
        if found.error is not None:
            raise LogError(f"The topic {topic!r} cannot be read: {found.error.str()}")
        self._partitions = sorted(found.partitions)

    def offsets(self, point: LogPoint) -> dict[int, int]:
        """Find the offset of each partition at a point.

        That of its end where nothing is as late.
        """
        from confluent_kafka import TopicPartition  # noqa: PLC0415
        from confluent_kafka.admin._listoffsets import OffsetSpec  # noqa: PLC0415 - where its types are

        if point.milliseconds is None:
            name = "earliest" if point.name == "beginning" else "latest"
            spec: OffsetSpec = getattr(OffsetSpec, name)()
        else:
            spec = OffsetSpec.for_timestamp(point.milliseconds)
        asked = {TopicPartition(self._topic, partition): spec for partition in self._partitions}
        with _answers("Finding offsets"):
            futures = self._admin.list_offsets(asked, request_timeout=_ANSWER_SECONDS)
            found = {place.partition: future.result().offset for place, future in futures.items()}
        late = [partition for partition, offset in found.items() if offset < 0]
        return found | ({each: self.offsets(LogPoint("end"))[each] for each in late} if late else {})

    def groups(self) -> list[ConsumerGroup]:
        """Find every group that has read of this topic, or has a reader."""
        with _answers("Listing groups"):
            names = ask_coordinator(self._group_names)
        found = (self.group(each) for each in sorted(names))
        return [group for group in found if group.committed]

    def _group_names(self) -> list[str]:
        """List all, or none: a broker that cannot tell its groups is an error here, beside those that could."""
        from confluent_kafka import KafkaException  # noqa: PLC0415

        listed = self._admin.list_consumer_groups(request_timeout=_ANSWER_SECONDS).result()
        for error in listed.errors or ():
            raise error if isinstance(error, KafkaException) else KafkaException(error)
        return [str(each.group_id) for each in listed.valid or ()]

    def group(self, name: str) -> ConsumerGroup:
        """Look at one group; one that nobody knows has no places."""
        from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition  # noqa: PLC0415

        asked = ConsumerGroupTopicPartitions(name, [TopicPartition(self._topic, each) for each in self._partitions])

        def places() -> Any:
            return self._admin.list_consumer_group_offsets([asked], request_timeout=_ANSWER_SECONDS)[name].result()

        def description() -> Any:
            return self._admin.describe_consumer_groups([name], request_timeout=_ANSWER_SECONDS)[name].result()

        with _answers(f"Looking at the group {name!r}"):
            offsets, about = ask_coordinator(places), ask_coordinator(description)
        return ConsumerGroup(
            name=name,
            state=about.state.name.lower(),
            members=len(about.members),
            committed={each.partition: each.offset for each in offsets.topic_partitions or () if each.offset >= 0},
        )

    def move(self, group: str, moves: tuple[Move, ...]) -> None:
        """Set a group's places. Kafka refuses while one of the group reads."""
        from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition  # noqa: PLC0415

        places = [TopicPartition(self._topic, move.partition, move.after) for move in moves]
        wanted = ConsumerGroupTopicPartitions(group, places)

        def set_places() -> Any:
            return self._admin.alter_consumer_group_offsets([wanted], request_timeout=_ANSWER_SECONDS)[group].result()

        with _answers(f"Setting the places of the group {group!r}"):
            ask_coordinator(set_places)

    def records(self, starts: Mapping[int, int], *, stopped: threading.Event, once: bool) -> Iterator["Record"]:
        """Read from these offsets on, until `stopped`.

        If only `once`, to what is the end now.
        """
        from confluent_kafka import Consumer, KafkaException, TopicPartition  # noqa: PLC0415

        from consumers.event import Record  # noqa: PLC0415

        ends = self.offsets(LogPoint("end"))
        left = {partition for partition, start in starts.items() if start < ends[partition]}
        # Nothing is committed, so no group of this name comes to be.
        consumer = Consumer({**self._configuration, "group.id": "darkroom-events", "enable.auto.commit": False})
        try:
            consumer.assign([TopicPartition(self._topic, partition, start) for partition, start in starts.items()])
            while not stopped.is_set() and (left or not once):
                for message in consumer.consume(_BATCH, _POLL_SECONDS):
                    error, partition, offset = message.error(), message.partition(), message.offset()
                    if error is not None and not error.retriable():
                        raise LogError(f"Reading the topic failed: {error.str()}")
                    if error is None and partition is not None and offset is not None:
                        yield Record(partition=partition, offset=offset, value=message.value())
                        left -= {partition} if offset + 1 >= ends[partition] else set()
        except KafkaException as error:
            raise LogError(f"Reading the topic failed: {error.args[0].str()}") from error
        finally:
            consumer.close()


@contextmanager
def _answers(what: str) -> Iterator[None]:
    """Make a LogError of whatever the brokers answer instead, or of their silence."""
    from confluent_kafka import KafkaException  # noqa: PLC0415

    try:
        yield
    except KafkaException as error:
        raise LogError(f"{what} failed: {error.args[0].str()}") from error
