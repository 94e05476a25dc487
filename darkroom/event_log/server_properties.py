"""The configuration of one Kafka node, broker and controller, on loopback."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from darkroom.loopback import HOST

# One node is all there is, so each internal topic has one replica; one partition of it is enough for one machine.
_INTERNAL_TOPICS = {
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
}

# What a laptop has to spare; the defaults are for a server with nothing else to do.
_SMALL = {
    "log.cleaner.dedupe.buffer.size": "4194304",
    "log.cleaner.threads": "1",
    "num.network.threads": "2",
    "num.io.threads": "4",
    "num.replica.fetchers": "1",
    "background.threads": "2",
    # A reader that joins need not wait for others that might.
    "group.initial.rebalance.delay.ms": "0",
    "auto.create.topics.enable": "false",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Another port on loopback.

    `properties` are that listener's own, without `listener.name.<name>.` before them.
    """

    name: str
    port: int
    protocol: str
    properties: Mapping[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """As `listeners` has it."""
        return f"{self.name}://{HOST}:{self.port}"


def server_properties(*, data: Path, port: int, controller_port: int, more: Sequence[Listener] = ()) -> str:
    """Write the file that Kafka is started with.

    See kafka.apache.org/documentation, "Broker Configs".
    """
    plain = Listener(name="PLAINTEXT", port=port, protocol="PLAINTEXT")
    controller = Listener(name="CONTROLLER", port=controller_port, protocol="PLAINTEXT")
    return _text(
        {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@{HOST}:{controller_port}",
            "listeners": ",".join(each.address for each in (plain, controller, *more)),
            "advertised.listeners": ",".join(each.address for each in (plain, *more)),
            "listener.security.protocol.map": ",".join(
                f"{each.name}:{each.protocol}" for each in (controller, plain, *more)
            ),
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "PLAINTEXT",
            "log.dirs": str(data),
            **_INTERNAL_TOPICS,
            **_SMALL,
            **{
                f"listener.name.{each.name.lower()}.{name}": value
                for each in more
                for name, value in each.properties.items()
            },
        }
    )


def _text(properties: Mapping[str, str]) -> str:
    """Write Java's format, in which a backslash is an escape (java.util.Properties.load)."""
    lines = (f"{name}={value}".replace("\\", "\\\\") for name, value in properties.items())
    return "".join(f"{line}\n" for line in lines)
