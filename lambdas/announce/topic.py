"""Makes a topic that keeps what is written to it, unless it is there."""

from collections.abc import Mapping
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

# Above what SQS takes, 1 MiB, with a key of S3's and headers: no event is too large for the topic.
MAX_RECORD_BYTES = 2 * 2**20
# No topic loses its oldest events to its size. MSK Serverless would at 250 GiB:
# docs.aws.amazon.com/msk/latest/developerguide/serverless-config.html
_ANY_SIZE = "-1"


def make_topic(connection: Mapping[str, Any], seconds: float, *, name: str, partitions: int, retention_ms: int) -> None:
    """Make a topic within a time, for a client's configuration.

    One that is there stays as it is. A retention of -1 is for ever. There are as many replicas as the cluster itself
    decides.

    Raises:
        KafkaException: the brokers do not answer, or refuse.
    """
    settings = {
        "cleanup.policy": "delete",
        "max.message.bytes": str(MAX_RECORD_BYTES),
        "retention.bytes": _ANY_SIZE,
        "retention.ms": str(retention_ms),
    }
    admin = AdminClient(dict(connection))  # kept: without a name it would be gone before its answer comes
    wanted = NewTopic(name, num_partitions=partitions, config=settings)
    try:
        admin.create_topics([wanted], request_timeout=seconds)[name].result()
    except KafkaException as error:
        admin.poll(0)  # hands over why the brokers were not reached, to whoever gave a callback for it
        if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
            raise
