"""Read a pipeline's queues and metrics at one moment."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.metrics import Metrics, Readings, metrics_of, utc_now
from darkroom.pipeline.sqs import QueueDepth, queue_depth

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The jobs in each state, the dead letters, who looks at them, the metrics.

    Jobs wait, are in flight or are delayed.
    """

    at: datetime
    jobs: QueueDepth
    dead_letters: int
    readings: Readings


class StatusReader:
    """Reads the status of one pipeline, as often as it is asked."""

    def __init__(
        self, pipeline: Pipeline, *, metrics: Metrics | None = None, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._pipeline = pipeline
        self._sqs: SQSClient = pipeline.client("sqs")
        self._metrics = metrics or metrics_of(pipeline, clock)
        self._clock = clock

    def read(self) -> Status:
        """Read the status now, without touching a message.

        Raises:
            DarkroomError: AWS refuses, or does not answer.
        """
        return Status(
            at=self._clock(),
            jobs=queue_depth(self._sqs, self._pipeline.jobs_queue_url),
            dead_letters=queue_depth(self._sqs, self._pipeline.dead_letter_queue_url).total,
            readings=self._metrics.read(),
        )
