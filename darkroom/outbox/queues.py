"""The queues of events, and how to send one."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from darkroom.errors import UsageError, aws_errors
from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.deployed_config import read_settings
from darkroom.pipeline.sqs import read_queue, send
from resize.settings import Events

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_ON_AWS = "Set `events` and deploy: docs/events.md says how."
_HERE = "Stop `darkroom up` and start it again with --log kafka; what is in it goes."


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxQueues:
    """Both queues by their URLs; `source` is what every event says that it comes from."""

    events_url: str
    dead_letters_url: str
    source: str

    def of(self, pipeline: Pipeline) -> Pipeline:
        """Describe the pipeline with these queues in place of its own two."""
        return replace(pipeline, jobs_queue_url=self.events_url, dead_letter_queue_url=self.dead_letters_url)


def find_event_queues(pipeline: Pipeline) -> OutboxQueues:
    """Ask the function where it announces, and that queue where its dead letters are.

    Raises:
        UsageError: it announces nowhere.
        DarkroomError: AWS refuses or does not answer, or the function is another Darkroom's.
    """
    events = read_events(pipeline)
    if events is None:
        advice = _HERE if pipeline.endpoint_url else _ON_AWS
        raise UsageError(f"The stack {pipeline.stack_name!r} announces no outcomes. {advice}")
    return event_queues_of(pipeline, events)


def read_events(pipeline: Pipeline) -> Events | None:
    """Ask the function where it announces; None is nowhere.

    Raises:
        DarkroomError: AWS refuses or does not answer, or the function is another Darkroom's.
    """
    return read_settings(pipeline).events


def event_queues_of(pipeline: Pipeline, events: Events) -> OutboxQueues:
    """Find the dead letters of a queue that is announced to.

    Raises:
        DarkroomError: SQS refuses, or does not answer.
    """
    sqs: SQSClient = pipeline.client("sqs")
    name = read_queue(sqs, events.queue_url).redrive["deadLetterTargetArn"].rpartition(":")[2]
    with aws_errors("Finding the dead letters of the events queue"):
        dead_letters = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    return OutboxQueues(events_url=events.queue_url, dead_letters_url=dead_letters, source=events.source)


def send_events(sqs: "SQSClient", queue_url: str, bodies: Sequence[str], *, run: str) -> None:
    """Send up to ten events again, each to the group of its key.

    SQS drops what it has taken within five minutes under the same deduplication id. `run` makes that another than the
    function's: a log that lost what it was told a moment ago is told again. A run drops its own repeats.

    Raises:
        DarkroomError: SQS does not take one, though it was asked several times.
    """
    send(sqs, queue_url, bodies, members=partial(_fifo_members, run=run))


def _fifo_members(body: str, *, run: str) -> Mapping[str, str]:
    event = json.loads(body)
    group = hashlib.sha256(event["subject"].encode()).hexdigest()
    deduplication = hashlib.sha256(f"{event['id']}\0{run}".encode()).hexdigest()
    return {"MessageGroupId": group, "MessageDeduplicationId": deduplication}
