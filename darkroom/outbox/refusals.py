"""Why events were not taken, as the announce function logged it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from darkroom.dlq.attempt_log import MANY, LogScan, Span
from darkroom.errors import aws_errors
from darkroom.outbox.dead_letters import UndeliveredEvent
from darkroom.outbox.queues import OutboxQueues
from darkroom.pipeline.client import LogLine, Pipeline
from darkroom.pipeline.sqs import read_queue

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

# What the function logs of an event that stays in the queue, and of a message that is none.
REFUSALS: Final = ("event not announced", "message refused")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One try that failed.

    Of which message, when (milliseconds since 1970), and with which code.
    """

    message_id: str
    milliseconds: int
    code: str


def refusal_in(line: LogLine) -> Refusal | None:
    """Read a line of the announce function's log.

    None where it tells of something else.
    """
    try:
        members: Any = json.loads(line.text)
    except ValueError:  # a line of Lambda's own
        return None
    if not isinstance(members, dict) or members.get("message") not in REFUSALS:
        return None
    return Refusal(
        message_id=str(members.get("message_id")),
        milliseconds=line.milliseconds,
        code=str(members.get("error_code")),
    )


def last_refusals(pipeline: Pipeline, queues: OutboxQueues, events: Iterable[UndeliveredEvent]) -> Mapping[str, str]:
    """Find the code with which each event failed the last time, by its message's id.

    Of the first fifty events.

    Raises:
        DarkroomError: AWS refuses, or does not answer.
    """
    announce = _announce_of(pipeline, queues)
    now = datetime.now(UTC)
    spans = [(event.message_id, Span(start=event.sent, end=now)) for event in events][:MANY]
    if announce is None or not spans:
        return {}
    with aws_errors("Reading the log of the announce function"):
        lines = [*LogScan(announce, most=len(spans) if pipeline.endpoint_url else 0).of_messages(spans)]
    found = sorted(filter(None, map(refusal_in, lines)), key=lambda each: each.milliseconds)
    return {each.message_id: each.code for each in found}


def _announce_of(pipeline: Pipeline, queues: OutboxQueues) -> Pipeline | None:
    """Describe the pipeline with the announce function in place of its own; None where nothing takes the events."""
    functions: LambdaClient = pipeline.client("lambda")
    arn = read_queue(pipeline.client("sqs"), queues.events_url).arn
    with aws_errors("Reading the event source mappings of the events queue"):
        mappings = functions.list_event_source_mappings(EventSourceArn=arn)["EventSourceMappings"]
    return replace(pipeline, function_name=mappings[0]["FunctionArn"]) if mappings else None
