"""Events from a FIFO queue to a log, by announce."""

from pathlib import Path
from typing import TYPE_CHECKING

from constructs import Construct

from stacks.announce_function import AnnounceFunction
from stacks.config.config import Config
from stacks.config.event_target import EventBridgeTarget, KafkaTarget, MskServerlessTarget
from stacks.event_bus import EventBridgeBus
from stacks.event_queues import EventQueues

if TYPE_CHECKING:
    from aws_cdk.aws_events import IEventBus


class EventLog(Construct):
    """Queues and function, and for EventBridge a bus.

    A Kafka cluster is not of this stack. `bus` is None for Kafka.
    """

    def __init__(self, scope: Construct, construct_id: str, *, config: Config, bundle: Path, queue_name: str) -> None:
        super().__init__(scope, construct_id)
        self.queues = EventQueues(self, "Queues", name=queue_name)
        self.announce = AnnounceFunction(self, "Announce", config=config, bundle=bundle)
        self.announce.take_events_from(self.queues.events)
        self.bus: IEventBus | None = None
        match config.events:
            case EventBridgeTarget() as target:
                self.bus = EventBridgeBus(self, "EventBridge", config=config, target=target).bus
                self.announce.announce_to_bus(self.bus)
            case KafkaTarget() as target:
                self.announce.announce_to_topic(target)
            case MskServerlessTarget():
                raise ValueError(
                    "events go to a cluster of the stack Log, which `with_cluster` has not put in its place"
                )
