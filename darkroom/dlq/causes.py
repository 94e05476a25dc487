"""Find why dead letters failed, from the function's log."""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from darkroom.dlq.attempt_log import AttemptLog, Span, attempt_log
from darkroom.dlq.attempts import CUT_SHORT_CODE, UNKNOWN_CODE, Attempt, Cause, attempts_in, ending_in, last_attempts
from darkroom.dlq.queue import DeadLetterMessage
from darkroom.errors import DarkroomError, aws_errors
from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.metrics import utc_now
from darkroom.pipeline.sqs import Queue, read_queue

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

_CUT_SHORT = "the function timed out or was killed"
_NO_LOG = {"ResourceNotFoundException", "AccessDeniedException", "AccessDenied"}

# How far apart the clocks of S3, SQS and Lambda may be, and how late a line can be found in the log.
_SLACK = timedelta(minutes=5)
# No invocation is longer: docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
_LONGEST_INVOCATION = timedelta(minutes=15)
_FIRST_PAUSE = timedelta(minutes=1)
# Some hundred bytes each.
_MOST_REMEMBERED = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFailure:
    """Why a letter failed the last time, and how often it was tried.

    None where the log has nothing of it.
    """

    cause: Cause
    attempts: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Remembered:
    failure: JobFailure
    first_asked: datetime
    ask_again: datetime | None  # None is never: the log will not have more


class Failures:
    """Finds the failures of one pipeline's letters.

    What the log has told whole of a letter is never asked for again. A letter is asked for in the time that its
    attempts can have taken. Where that does not have as many as a job is tried, the log may be late, and it is asked
    for again after one minute, two, four and so on.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        *,
        clock: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._pipeline = pipeline
        self._clock = clock
        self._sleep = sleep
        self._remembered: dict[str, _Remembered] = {}

    def of(self, messages: Sequence[DeadLetterMessage]) -> Mapping[str, JobFailure]:
        """Tell why each letter failed, by its message id.

        Raises:
            DarkroomError: SQS or CloudWatch does not answer. That there is no log, or no right to read it, is a cause
                "unknown".
        """
        now = self._clock()
        wanted = [message for message in messages if self._is_wanted(message.message_id, now)]
        known = {
            message.message_id: self._remembered[message.message_id].failure
            for message in messages
            if message.message_id in self._remembered
        }
        return {**known, **self._ask(wanted, now)} if wanted else known

    def _is_wanted(self, message_id: str, now: datetime) -> bool:
        remembered = self._remembered.get(message_id)
        return remembered is None or (remembered.ask_again is not None and remembered.ask_again <= now)

    def _ask(self, messages: Sequence[DeadLetterMessage], now: datetime) -> Mapping[str, JobFailure]:
        sqs: SQSClient = self._pipeline.client("sqs")
        jobs = read_queue(sqs, self._pipeline.jobs_queue_url)
        try:
            with aws_errors("Reading the function's log"):
                log = attempt_log(self._pipeline, len(messages), sleep=self._sleep)
                attempts = _attempts(messages, log, jobs, now)
                failures = _failures(messages, attempts, _endings(attempts, log, now))
        except DarkroomError as error:
            if not (isinstance(why := error.__cause__, ClientError) and why.response["Error"]["Code"] in _NO_LOG):
                raise
            unread = Cause(code=UNKNOWN_CODE, detail=f"the log cannot be read: {why}")
            return {message.message_id: JobFailure(cause=unread, attempts=None) for message in messages}
        for message in messages:
            self._remember(message, failures[message.message_id], jobs, now)
        return failures

    def _remember(self, message: DeadLetterMessage, failure: JobFailure, jobs: Queue, now: datetime) -> None:
        earlier = self._remembered.pop(message.message_id, None)
        first_asked = earlier.first_asked if earlier else now
        is_whole = (failure.attempts or 0) >= jobs.max_receives
        is_over = now > _tries(message, jobs, now).end + _SLACK
        ask_again = None if is_whole or is_over else now + max(_FIRST_PAUSE, now - first_asked)
        self._remembered[message.message_id] = _Remembered(
            failure=failure, first_asked=first_asked, ask_again=ask_again
        )
        if len(self._remembered) > _MOST_REMEMBERED:
            del self._remembered[next(iter(self._remembered))]


def _attempts(messages: Sequence[DeadLetterMessage], log: AttemptLog, jobs: Queue, now: datetime) -> list[Attempt]:
    """Read the attempts at these letters: where they are fewer than there were, also those of a long backlog."""
    spans = {message.message_id: _until(_tries(message, jobs, now), now) for message in messages}
    attempts = _read(log, spans)
    requests: dict[str, set[str]] = defaultdict(set)
    for attempt in attempts:
        requests[attempt.message_id].add(attempt.request_id)
    later = {
        message.message_id: Span(start=spans[message.message_id].end, end=end)
        for message in messages
        if len(requests[message.message_id]) < jobs.max_receives
        and (end := min(now, message.sent + timedelta(seconds=jobs.retention))) > spans[message.message_id].end
    }
    return attempts + _read(log, later)


def _read(log: AttemptLog, spans: Mapping[str, Span]) -> list[Attempt]:
    return [
        attempt
        for line in log.of_messages(spans.items())
        for attempt in attempts_in(line)
        if attempt.message_id in spans
    ]


def _tries(message: DeadLetterMessage, jobs: Queue, now: datetime) -> Span:
    """Tell when a letter was tried: from its sending, and after its first receive each visibility timeout at least.

    Where many wait, a job may come later; and of a letter that counts its receives anew in the dead-letter queue, the
    first is the first look, which makes the span too long.
    """
    end = (message.first_received or now) + jobs.max_receives * timedelta(seconds=jobs.visibility) + _SLACK
    return Span(start=message.sent - _SLACK, end=end)


def _until(span: Span, now: datetime) -> Span:
    return Span(start=span.start, end=max(span.start, min(span.end, now)))


def _endings(attempts: Sequence[Attempt], log: AttemptLog, now: datetime) -> dict[str, str]:
    """Read how Lambda says that the invocations ended in which last attempts timed out or were killed."""
    begun = {
        attempt.request_id: datetime.fromtimestamp(attempt.milliseconds / 1000, tz=UTC)
        for attempt in last_attempts(attempts).values()
        if not attempt.cause
    }
    spans = [
        (name, _until(Span(start=time_of, end=time_of + _LONGEST_INVOCATION + _SLACK), now))
        for name, time_of in begun.items()
    ]
    return {name: ending for line in log.of_requests(spans) for name, ending in ending_in(line) if name in begun}


def _failures(
    messages: Sequence[DeadLetterMessage], attempts: Sequence[Attempt], endings: Mapping[str, str]
) -> dict[str, JobFailure]:
    last = last_attempts(attempts)
    requests: dict[str, set[str]] = defaultdict(set)
    for attempt in attempts:
        requests[attempt.message_id].add(attempt.request_id)
    return {
        message.message_id: JobFailure(
            cause=_cause(last.get(message.message_id), endings), attempts=len(requests[message.message_id]) or None
        )
        for message in messages
    }


def _cause(last: Attempt | None, endings: Mapping[str, str]) -> Cause:
    if last is None:
        return Cause(code=UNKNOWN_CODE, detail="the function's log has nothing about this message")
    if last.cause:
        return last.cause
    ending = endings.get(last.request_id)
    if ending == "success":
        return Cause(code=UNKNOWN_CODE, detail="its last attempt succeeded, but it was not taken off the queue")
    return Cause(code=CUT_SHORT_CODE, detail=f"{_CUT_SHORT}: {ending}" if ending else _CUT_SHORT)
