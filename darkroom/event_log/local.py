"""The event log of `darkroom up --log`.

A real broker, or librdkafka's mock for those who only look.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from darkroom.event_log.broker import Broker, kafka_broker
from darkroom.event_log.client import require_kafka_client
from darkroom.event_log.installation import Installation, install_kafka
from darkroom.event_log.jars import KAFKA
from darkroom.event_log.topic import TOPIC, create_topic
from darkroom.loopback import PortInUseError

_ANSWER_SECONDS = 30

# Kafka's own, which readers and their examples expect; another one where something listens there.
_PORT = 9092


class LogKind(StrEnum):
    """What keeps the log on this machine."""

    KAFKA = "kafka"
    MEMORY = "memory"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalLog:
    """A log that runs: its kind, where it answers, its topic.

    It tells whether it still runs.
    """

    what: str
    bootstrap: str
    topic: str
    is_alive: Callable[[], bool]

    @property
    def events(self) -> dict[str, object]:
        """The setting `events` by which a pipeline announces to it."""
        return {"to": "kafka", "bootstrap_servers": self.bootstrap, "topic": self.topic, "auth": "none"}


@contextmanager
def local_log(kind: LogKind, begin: Callable[[str], None]) -> Iterator[LocalLog]:
    """Run a log with the topic in it, and take it down after, with all that is in it.

    `begin` is told of each step.

    Raises:
        DarkroomError: it could not be installed or did not start.
    """
    require_kafka_client()
    with _kafka(begin) if kind is LogKind.KAFKA else _memory(begin) as log:
        yield log


@contextmanager
def _kafka(begin: Callable[[str], None]) -> Iterator[LocalLog]:
    kafka = install_kafka(begin)
    begin("Starting Apache Kafka")
    with ExitStack() as running:
        folder = running.enter_context(tempfile.TemporaryDirectory(prefix="darkroom-log-", ignore_cleanup_errors=True))
        broker = _broker(kafka, Path(folder) / "kafka.log", running)
        create_topic({"bootstrap.servers": broker.bootstrap})
        what = f"Apache Kafka {KAFKA}"
        yield LocalLog(what=what, bootstrap=broker.bootstrap, topic=TOPIC, is_alive=lambda: broker.is_alive)


def _broker(kafka: Installation, log: Path, running: ExitStack) -> Broker:
    try:
        return running.enter_context(kafka_broker(kafka, log=log, port=_PORT))
    except PortInUseError:
        return running.enter_context(kafka_broker(kafka, log=log))


@contextmanager
def _memory(begin: Callable[[str], None]) -> Iterator[LocalLog]:
    """Run librdkafka's mock in this very process: it keeps nothing, and makes each topic that is asked for."""
    from confluent_kafka import Producer  # noqa: PLC0415 - most commands need no Kafka

    begin("Starting a log in memory")
    cluster = Producer({"test.mock.num.brokers": 1, "log_level": 0})
    brokers = cluster.list_topics(TOPIC, timeout=_ANSWER_SECONDS).brokers.values()
    bootstrap = ",".join(f"{broker.host}:{broker.port}" for broker in brokers)
    yield LocalLog(what="a mock in memory", bootstrap=bootstrap, topic=TOPIC, is_alive=lambda: True)
    cluster.flush(0)  # it lives as long as this name
