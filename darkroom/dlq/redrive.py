"""Redrive dead letters: send to the jobs queue, then delete.

A crash in between leaves a job in both queues. It is then done twice, which changes nothing: the second time the work
is found done.
"""

import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from darkroom.dlq.archive import saved_bodies
from darkroom.dlq.queue import DeadLetterQueue
from darkroom.errors import DarkroomError, aws_errors
from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.sqs import RateLimiter, send, send_all

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_sqs.type_defs import ListMessageMoveTasksResultEntryTypeDef

# docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
MOST_A_SECOND = 500

_POLL_SECONDS = 1.0
_HAS_NO_TASKS = {"InvalidAction", "UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A message move task, and when the one before it started."""

    source: str
    handle: str
    earlier: int | None


def redrive(pipeline: Pipeline, ids: Collection[str], limiter: RateLimiter) -> Iterator[int]:
    """Send these letters again; yield how many are moved with each request.

    What others hold just now, or have taken away, is passed over: the sum of what is yielded tells.

    Raises:
        DarkroomError: SQS refuses or does not answer. No letter is lost.
    """
    missing = set(ids)
    for moved in _move(pipeline, lambda message_id: message_id in missing, limiter):
        missing.difference_update(moved)
        yield len(moved)
        if not missing:
            return


def redrive_all(
    pipeline: Pipeline, count: int, limiter: RateLimiter, *, rate: int, sleep: Callable[[float], None] = time.sleep
) -> Iterator[int]:
    """Send all letters again.

    With SQS's own message move task where there is such a thing. Yields how many more are moved. `count` is how many
    there are: what fails again meanwhile is not moved twice. Left early, the task is cancelled.

    Raises:
        DarkroomError: SQS refuses, fails or does not answer. No letter is lost.
    """
    sqs: SQSClient = pipeline.client("sqs")
    with aws_errors("Redriving the dead-letter queue"):
        source, target = _arn(sqs, pipeline.dead_letter_queue_url), _arn(sqs, pipeline.jobs_queue_url)
        try:
            earlier = _newest_start(sqs, source)
            handle = sqs.start_message_move_task(
                SourceArn=source, DestinationArn=target, MaxNumberOfMessagesPerSecond=rate
            )["TaskHandle"]
        except ClientError as error:
            if error.response["Error"]["Code"] not in _HAS_NO_TASKS:
                raise
            handle = None
    if handle:
        yield from _follow(sqs, Task(source=source, handle=handle, earlier=earlier), sleep)
    else:
        yield from _move_count(pipeline, count, limiter)


def redrive_saved(pipeline: Pipeline, file: Path, limiter: RateLimiter) -> Iterator[int]:
    """Send what `discard` has saved; yield how many are sent with each request.

    Raises:
        UsageError: the file cannot be read, or is not what `discard` writes.
        DarkroomError: SQS refuses or does not answer.
    """
    yield from send_all(pipeline.client("sqs"), pipeline.jobs_queue_url, saved_bodies(file), limiter)


def _move_count(pipeline: Pipeline, count: int, limiter: RateLimiter) -> Iterator[int]:
    left = count
    for moved in _move(pipeline, lambda _: True, limiter):
        left -= len(moved)
        yield len(moved)
        if left <= 0:
            return


def _move(pipeline: Pipeline, wanted: Callable[[str], bool], limiter: RateLimiter) -> Iterator[tuple[str, ...]]:
    """Move what is wanted, ten at a time: held no longer than it takes to send it."""
    sqs: SQSClient = pipeline.client("sqs")
    with DeadLetterQueue(pipeline).receiving() as received:
        while ten := received.receive_ten():
            chosen = [message for message in ten if wanted(message.message_id)]
            if chosen:
                limiter.wait(len(chosen))
                send(sqs, pipeline.jobs_queue_url, [message.body for message in chosen])
                received.delete(chosen)
                yield tuple(message.message_id for message in chosen)


def _follow(sqs: "SQSClient", task: Task, sleep: Callable[[float], None]) -> Iterator[int]:
    moved, status, reason = 0, "RUNNING", ""
    try:
        while status == "RUNNING":
            answer = _look_at(sqs, task)
            status, reason = answer["Status"], answer.get("FailureReason", "SQS does not say why")
            count = answer.get("ApproximateNumberOfMessagesMoved", 0)
            yield max(0, count - moved)
            moved = max(moved, count)
            if status == "RUNNING":
                sleep(_POLL_SECONDS)
    finally:
        if status == "RUNNING":
            with aws_errors("Cancelling the redrive"):
                sqs.cancel_message_move_task(TaskHandle=task.handle)
    if status != "COMPLETED":
        raise DarkroomError(
            f"The redrive ended as {status} after {moved} letters: {reason}. "
            "The others are still dead letters. Run again when that is put right."
        )


def _look_at(sqs: "SQSClient", task: Task) -> "ListMessageMoveTasksResultEntryTypeDef":
    """See how far it is: the newest task, unless that is one from before, which is listed until the new one is."""
    with aws_errors("Following the redrive"):
        results = sqs.list_message_move_tasks(SourceArn=task.source, MaxResults=1).get("Results", [])
    is_listed = bool(results) and results[0].get("StartedTimestamp") != task.earlier
    return results[0] if is_listed else {"Status": "RUNNING"}


def _newest_start(sqs: "SQSClient", source: str) -> int | None:
    results = sqs.list_message_move_tasks(SourceArn=source, MaxResults=1).get("Results", [])
    return results[0].get("StartedTimestamp") if results else None


def _arn(sqs: "SQSClient", queue_url: str) -> str:
    return sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
