"""A pipeline on the emulator that announces to a log: uploads go in, events come out, and what is between can fail."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from darkroom.outbox.queues import OutboxQueues, find_event_queues
from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.sqs import queue_depth, read_queue
from support.command.polling import eventually
from support.events.event_log import Log, target
from support.function.faulty import ANNOUNCE, SETTINGS, Faulty, faulty_pipeline

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sqs import SQSClient

# Where the log is the announce function is told later: an assembly is made once, and each test has brokers of its own.
ANNOUNCING: dict[str, object] = SETTINGS | {
    "variants": {"thumb": {"width": 24}},
    "events": {"to": "kafka", "bootstrap_servers": "127.0.0.1:9092", "auth": "none"},
}

# What announce may take: far longer than it does on a busy machine, or little, where brokers are gone.
ANNOUNCE_SECONDS = 30
IMPATIENT_SECONDS = 10


@dataclass(frozen=True, kw_only=True)
class AnnouncedPipeline:
    """The pipeline behind its proxy, the log, the queues of its events, and the announce function's name."""

    faulty: Faulty
    log: Log
    queues: OutboxQueues
    announce_function: str

    @property
    def pipeline(self) -> Pipeline:
        """A client of it."""
        return self.faulty.pipeline

    def waiting(self) -> int:
        """How many events wait to be announced, those included that are being announced."""
        return queue_depth(self.faulty.sqs, self.queues.events_url).total

    def wait_until_announced(self, seconds: float = 150) -> None:
        """Wait until no job is left, and no event."""
        eventually(lambda: self.faulty.is_idle() and not self.faulty.unended() and not self.waiting(), seconds=seconds)

    def announced(self, name: str) -> list[tuple[str, int]]:
        """What readers know of a key: outcomes and revisions in the order in which they meet them, each once."""
        events = [each for each in self.log.read() if each["subject"] == self.faulty.key(name)]
        return list(dict.fromkeys((each["data"]["outcome"], int(each["sequence"])) for each in events))

    def announce_log(self) -> Iterator[dict[str, Any]]:
        """Read what the announce function has logged, oldest first."""
        for line in replace(self.pipeline, function_name=self.announce_function).function_log():
            if line.text.startswith("{"):
                yield json.loads(line.text)

    def failures(self, key: str) -> list[str]:
        """Why events of a key could not be announced, one error code for each try."""
        lines = (line for line in self.announce_log() if line.get("message") == "event not announced")
        return [line["error_code"] for line in lines if line["key"] == key]

    def kill_announce(self) -> None:
        """Kill the process that runs the announce function, if one does."""
        self.faulty.kill_workers(ANNOUNCE)

    def retry_events_after(self, seconds: int) -> None:
        """From now on an event that could not be announced is tried again so soon."""
        self.faulty.sqs.set_queue_attributes(
            QueueUrl=self.queues.events_url, Attributes={"VisibilityTimeout": str(seconds)}
        )

    def try_events(self, times: int) -> None:
        """From now on an event that was tried so often is a dead letter."""
        policy = dict(read_queue(self.faulty.sqs, self.queues.events_url).redrive) | {"maxReceiveCount": times}
        self.faulty.sqs.set_queue_attributes(
            QueueUrl=self.queues.events_url, Attributes={"RedrivePolicy": json.dumps(policy)}
        )


@contextmanager
def announced_pipeline(
    assembly: Path, log: Log, emulator_log: Path, *, announce_seconds: int = ANNOUNCE_SECONDS
) -> Iterator[AnnouncedPipeline]:
    """Deploy an assembly of ANNOUNCING to an emulator of its own, and have it announce to a log."""
    with faulty_pipeline(assembly, emulator_log) as faulty:
        queues = find_event_queues(faulty.pipeline)
        name = _announce_to(log, faulty.pipeline, queues, announce_seconds)
        announced = AnnouncedPipeline(faulty=faulty, log=log, queues=queues, announce_function=name)
        announced.retry_events_after(announce_seconds + 1)
        yield announced


def _announce_to(log: Log, pipeline: Pipeline, queues: OutboxQueues, seconds: int) -> str:
    """Tell the announce function where the log is, and how long it may take; its name."""
    functions: LambdaClient = pipeline.client("lambda")
    sqs: SQSClient = pipeline.client("sqs")
    events = read_queue(sqs, queues.events_url).arn
    [mapping] = functions.list_event_source_mappings(EventSourceArn=events)["EventSourceMappings"]
    name = mapping["FunctionArn"].split(":")[6]
    variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    functions.update_function_configuration(
        FunctionName=name,
        Timeout=seconds,
        Environment={"Variables": {**variables, "DARKROOM_TARGET": target(log)}},
    )
    return name
