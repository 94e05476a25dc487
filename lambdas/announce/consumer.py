"""Publish a FIFO batch in each group's order; return the failed message ids."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import BotoCoreError, ClientError

from announce.message import Message, group_of
from contract.errors import MessageRefusedError, SettingsError, code_of
from contract.metrics import AnnounceMetric
from contract.s3_errors import error_code

# What is left of the invocation for its answer, and for throwing a producer away.
_ANSWER_SECONDS = 3.0
_GROUP_FAILED = "EarlierOfItsGroupFailed"
_OUT_OF_TIME = "OutOfTime"


class Target(Protocol):
    """What takes events."""

    def publish(self, messages: Sequence[Message], seconds: float) -> dict[str, str]:
        """Publish events of different groups.

        The error code of each that may not be there, by message id.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumer:
    """The function: what stays from one invocation to the next."""

    target: Target
    logger: Logger
    metrics: Metrics

    def handle(self, event: Mapping[str, Any], context: LambdaContext) -> Mapping[str, Any]:
        """Publish a batch; the answer names the messages that SQS is to deliver again."""
        records = event["Records"]
        batch = _Batch(records)
        while round_ := batch.next_round():
            seconds = context.get_remaining_time_in_millis() / 1000 - _ANSWER_SECONDS
            batch.fail(self._publish(round_, seconds))
        self._report(records, batch)
        return {"batchItemFailures": [{"itemIdentifier": each} for each in batch.failed]}

    def _publish(self, messages: Sequence[Message], seconds: float) -> dict[str, str]:
        if seconds <= 0:
            return {message.id: _OUT_OF_TIME for message in messages}
        try:
            return self.target.publish(messages, seconds)
        except (ClientError, BotoCoreError) as error:  # its secret cannot be read
            return self._fail_all(messages, error_code(error))
        except SettingsError as error:  # its secret is none
            return self._fail_all(messages, code_of(error))

    def _fail_all(self, messages: Sequence[Message], code: str) -> dict[str, str]:
        self.logger.error("target not reached", error_code=code)
        return {message.id: code for message in messages}

    def _report(self, records: Sequence[Mapping[str, Any]], batch: "_Batch") -> None:
        for message in batch.messages.values():
            key = message.key.decode()
            if code := batch.failed.get(message.id):
                self.logger.warning(
                    "event not announced", message_id=message.id, event_id=message.event_id, key=key, error_code=code
                )
            else:
                self.logger.info("event announced", message_id=message.id, event_id=message.event_id, key=key)
        for record_id, code in batch.refused.items():
            self.logger.warning("message refused", message_id=record_id, error_code="MessageRefusedError", error=code)
        self.metrics.add_metric(AnnounceMetric.ANNOUNCED, MetricUnit.Count, len(records) - len(batch.failed))
        self.metrics.add_metric(AnnounceMetric.FAILED, MetricUnit.Count, len(batch.failed))
        self.metrics.flush_metrics()


@dataclass(slots=True)
class _Batch:
    """The messages of a batch: of each group the next is to be published once the one before is.

    Once a message of a group has failed, all later ones have: SQS would else deliver them again behind its back.
    docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html, "FIFO queues"
    """

    records: Sequence[Mapping[str, Any]]
    messages: dict[str, Message] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    _waiting: list[Mapping[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._waiting = list(self.records)
        for record in self.records:
            try:
                message = Message.from_record(record)
            except MessageRefusedError as error:
                self.refused[record["messageId"]] = str(error)
            else:
                self.messages[message.id] = message

    def fail(self, codes: Mapping[str, str]) -> None:
        """Note what was not published."""
        self.failed |= codes

    def next_round(self) -> list[Message]:
        """Take the first message of each group that has none that failed."""
        blocked = {group_of(record) for record in self.records if record["messageId"] in self.failed}
        taken: dict[str, Message] = {}
        later = []
        for record in self._waiting:
            group, record_id = group_of(record), record["messageId"]
            if group in blocked:
                self.failed[record_id] = _GROUP_FAILED
            elif group in taken:
                later.append(record)
            elif record_id in self.refused:
                self.failed[record_id] = "MessageRefusedError"
                blocked.add(group)
            else:
                taken[group] = self.messages[record_id]
        self._waiting = later
        return list(taken.values())
