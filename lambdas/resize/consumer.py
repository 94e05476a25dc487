"""Process an SQS batch, and return a partial batch response."""

from asyncio import get_running_loop
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from random import SystemRandom
from time import monotonic
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import AsyncBatchProcessor, EventType, async_process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from contract.errors import MessageRefusedError, QueueError, code_of
from contract.events import ObjectEvent
from contract.focal_point import FocalPoint
from contract.manifest import Outcome
from contract.message_body import parse_body
from contract.metrics import Metric
from resize.errors import OutOfTimeError
from resize.executor import ThreadedMap
from resize.imaging.rendition import Rendered
from resize.job import Job, JobResult
from resize.jobs_queue import JobsQueue
from resize.publication import Announce, Publication
from resize.sandbox.pool import Sandbox
from resize.settings import STORAGE_SECONDS, Settings

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

# `darkroom backfill` stamps its requests as it sends them, and S3 sends its events typically within seconds and
# at times a minute later (docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html). A message
# sent later was most likely sent by someone who moved it here from the dead-letter queue, which starts its count of
# receives anew:
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html
_FRESH_SECONDS = 60.0

_METRIC_BY_OUTCOME = {
    Outcome.RESIZED: Metric.RESIZED,
    Outcome.REJECTED: Metric.REJECTED,
    Outcome.REMOVED: Metric.REMOVED,
    Outcome.SUPERSEDED: Metric.SUPERSEDED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumer:
    """The function: what stays from one invocation to the next."""

    settings: Settings
    client: "S3Client"
    queue: JobsQueue
    sandbox: Sandbox
    threads: ThreadPoolExecutor
    writers: ThreadPoolExecutor
    logger: Logger
    metrics: Metrics
    announce: Announce | None = None
    random: Callable[[], float] = SystemRandom().random

    def handle(self, event: dict[str, Any], context: LambdaContext) -> Mapping[str, Any]:
        """Do every job of a batch.

        The answer names those that failed, for SQS to deliver again.
        """
        # A new one each time: a processor keeps the records of its batch.
        processor = AsyncBatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
        self._tell_received(event, context)
        self._count_receives(event)
        delays: dict[str, int] = {}
        try:
            answer = async_process_partial_response(event, partial(self._record, context, delays), processor)
            # Last of all, as the seconds count from now: no job is shown again while its batch is at work.
            self._show_again(delays, context)
            return answer
        finally:
            if self.metrics.metric_set:
                self.metrics.flush_metrics()

    async def _record(self, context: LambdaContext, delays: dict[str, int], record: SQSRecord) -> None:
        """Do what one message asks for; everything but the jobs themselves stays on this one thread.

        Where it is not done, `delays` gets after how many seconds it is tried again.
        """
        key = None
        try:
            for upload in parse_body(record.body):
                key = upload.key
                ended = await get_running_loop().run_in_executor(self.threads, self._job, upload, record, context)
                self._report(record, upload, ended)
        except OutOfTimeError as error:
            self._plan_retry(delays, record, is_handed_back=True)
            self.logger.warning(
                "job handed back", message_id=record.message_id, key=key, error=str(error), error_code=code_of(error)
            )
            raise
        except Exception as error:
            self._plan_retry(delays, record, is_handed_back=False)
            self._count(Metric.FAILED)
            self.logger.exception(
                "job failed", message_id=record.message_id, key=key, error=str(error), error_code=code_of(error)
            )
            raise

    def _plan_retry(self, delays: dict[str, int], record: SQSRecord, *, is_handed_back: bool) -> None:
        delay = self.settings.backoff.delay(_receives(record), is_handed_back=is_handed_back, random=self.random)
        if delay is not None:
            delays[record.receipt_handle] = delay

    def _show_again(self, delays: Mapping[str, int], context: LambdaContext) -> None:
        """Have SQS show jobs again sooner than its visibility timeout; where it does not, they are only late."""
        if not delays:
            return
        try:
            self.queue.show_after(delays, lambda: context.get_remaining_time_in_millis() / 1000)
        except QueueError as error:
            self.logger.warning("retry not set", error=str(error), error_code=code_of(error))

    def _tell_received(self, event: dict[str, Any], context: LambdaContext) -> None:
        """Leave a trace of every attempt: one that is killed has this beginning and no end.

        The ids are one text, for a log's filter looks into texts and not into lists.
        """
        self.logger.append_keys(function_request_id=context.aws_request_id)
        self.logger.info("batch received", message_ids=" ".join(record["messageId"] for record in event["Records"]))

    def _count_receives(self, event: dict[str, Any]) -> None:
        """Count how often the batch's messages had come, and write it down before anything can go wrong."""
        receives = max(int(record["attributes"].get("ApproximateReceiveCount", 1)) for record in event["Records"])
        if receives > 1:
            self.metrics.add_metric(Metric.RECEIVES, MetricUnit.Count, receives)
            self.metrics.flush_metrics()

    def _job(self, upload: ObjectEvent, record: SQSRecord, context: LambdaContext) -> JobResult:
        if upload.bucket != self.settings.uploads_bucket:
            raise MessageRefusedError(f"bucket {upload.bucket!r}: this queue is for {self.settings.uploads_bucket!r}")
        seconds = context.get_remaining_time_in_millis() / 1000 - STORAGE_SECONDS
        if seconds < self.settings.wall_seconds:
            raise OutOfTimeError(f"{seconds:.0f} s are left, and an image may take {self.settings.wall_seconds}")
        write = ThreadedMap(self.writers)
        publication = Publication(
            self.client,
            self.settings,
            upload,
            is_retry=_is_retry(record, upload),
            for_each=write,
            announce=self.announce,
        )
        variants = self.settings.variants_for(upload.key)
        deadline = monotonic() + seconds

        def render(source: bytes, focus: FocalPoint | None) -> Rendered:
            return self.sandbox.render(source, deadline, variants, focus)

        return Job(upload=upload, settings=self.settings, publication=publication, render=render).run()

    def _report(self, record: SQSRecord, upload: ObjectEvent, ended: JobResult) -> None:
        manifest = ended.manifest
        self.logger.info(
            "job ended",
            message_id=record.message_id,
            key=upload.key,
            version=upload.version_id,
            sequencer=upload.sequencer,
            outcome=ended.outcome,
            reason=manifest.reason if manifest else None,
            detail=manifest.detail if manifest else None,
            milliseconds=ended.milliseconds,
            repeated=ended.duplicate,
        )
        if ended.duplicate or ended.outcome in {Outcome.FOLDER, Outcome.NO_VARIANTS}:
            return
        self._count(_METRIC_BY_OUTCOME[Outcome(ended.outcome)])
        self.metrics.add_metric(Metric.JOB_MILLIS, MetricUnit.Milliseconds, ended.milliseconds)
        if ended.outcome is Outcome.RESIZED and manifest:
            self.metrics.add_metric(Metric.SOURCE_BYTES, MetricUnit.Bytes, manifest.source.size)
            lengths = sum(rendition.bytes for rendition in manifest.renditions)
            self.metrics.add_metric(Metric.RENDITION_BYTES, MetricUnit.Bytes, lengths)

    def _count(self, end: Metric) -> None:
        """Count the end of one job, and that it was neither failure nor rejection unless it was."""
        for metric in dict.fromkeys((end, Metric.FAILED, Metric.REJECTED)):
            self.metrics.add_metric(metric, MetricUnit.Count, int(metric is end))


def _receives(record: SQSRecord) -> int:
    return int(record.attributes.approximate_receive_count or 1)


def _is_retry(record: SQSRecord, upload: ObjectEvent) -> bool:
    """Tell whether an earlier attempt of this job may have timed out or been killed; when in doubt, yes."""
    if _receives(record) > 1:
        return True
    sent = int(record.attributes.sent_timestamp) / 1000
    return sent - (upload.requested or upload.time).timestamp() > _FRESH_SECONDS
