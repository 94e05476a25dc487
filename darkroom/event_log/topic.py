"""The topic that outcomes are announced to: its name, and how it is made."""

from typing import TYPE_CHECKING

from darkroom.errors import DarkroomError

if TYPE_CHECKING:
    from collections.abc import Mapping

TOPIC = "darkroom.images"

# More than one reader of a group can use here; a topic on AWS has as many as its busiest reader may need.
PARTITIONS = 6

_ANSWER_SECONDS = 30

# History is what a log is for: nothing is deleted unless someone says so.
_FOR_EVER = -1


class TopicError(DarkroomError):
    """The topic could not be made, or is not as it was asked for."""


def create_topic(client: "Mapping[str, str]", name: str = TOPIC, *, partitions: int = PARTITIONS) -> None:
    """Make the topic that keeps everything, unless it is there already.

    `client` is librdkafka's configuration.

    Raises:
        TopicError: the brokers do not answer, or refuse.
    """
    from confluent_kafka import KafkaException  # noqa: PLC0415 - most commands need no Kafka

    from announce.topic import make_topic  # noqa: PLC0415 - the same

    try:
        make_topic(client, _ANSWER_SECONDS, name=name, partitions=partitions, retention_ms=_FOR_EVER)
    except KafkaException as error:
        raise TopicError(f"The topic {name!r} could not be made: {error.args[0].str()}") from error
