"""Why messages failed: from the lines that the consumer leaves in the function's log, never guessed.

Every batch leaves `batch received` with its messages' ids, and each failed job leaves `job failed` (or `job handed
back`, when time was short) with the message's id and the error. An attempt with the first and without the second was
cut short: the function timed out or was killed, and Lambda's own line of the invocation says which.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from darkroom.answering import answering
from darkroom.dead_letter_queue import Letter
from darkroom.deployment import LogLine, Pipeline
from darkroom.errors import DarkroomError

UNKNOWN_CODE = "unknown"
CUT_SHORT_CODE = "cut_short"

# A pattern may have 1,024 characters, and a message's id takes some 60 of them:
# docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
_IDS_A_PATTERN = 15
_ENDS = ("job failed", "job handed back")
_BEGIN = "batch received"
_CUT_SHORT = "cut short (the function timed out or was killed)"
_TIMED_OUT = re.compile(r"(\S+) Task timed out after [\d.]+ seconds")
_NO_LOG = {"ResourceNotFoundException", "AccessDeniedException", "AccessDenied"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why a message failed the last time: a code that is the same for all that failed so, and the words of the log."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A line about one attempt at one message: its beginning, or its end where there is a cause."""

    message_id: str
    request_id: str
    milliseconds: int
    cause: Cause | None = None


def find_causes(letters: Sequence[Letter], pipeline: Pipeline, max_receives: int) -> Mapping[str, Cause]:
    """Find why each letter failed the last time, by its message id.

    The ends of failed jobs are read once for all letters; only where they do not speak of every attempt are the
    beginnings asked for, by message id. `max_receives` is how often a job is tried.

    Raises:
        DarkroomError: CloudWatch does not answer. That there is no log, or no right to read it, is a cause "unknown".
    """
    if not letters:
        return {}
    since = min(letter.sent for letter in letters)
    wanted = {letter.message_id for letter in letters}
    try:
        with answering("Reading the function's log"):
            return _causes(wanted, pipeline, since, max_receives)
    except DarkroomError as error:
        if isinstance(cause := error.__cause__, ClientError) and cause.response["Error"]["Code"] in _NO_LOG:
            return dict.fromkeys(wanted, Cause(code=UNKNOWN_CODE, detail=f"the log cannot be read: {cause}"))
        raise


def _causes(wanted: set[str], pipeline: Pipeline, since: datetime, max_receives: int) -> dict[str, Cause]:
    ends = [
        attempt
        for line in pipeline.function_log(_any_of("message", _ENDS), since)
        for attempt in _attempts(line)
        if attempt.cause and attempt.message_id in wanted
    ]
    told = Counter(attempt.message_id for attempt in ends)
    untold = sorted(name for name in wanted if told[name] < max_receives)
    begins = [
        attempt
        for some in _groups(untold)
        for line in pipeline.function_log(_any_of("message_ids", [f"*{name}*" for name in some]), since)
        for attempt in _attempts(line)
        if not attempt.cause and attempt.message_id in some
    ]
    last = last_attempts([*begins, *ends])
    cut_short = sorted({attempt.request_id for attempt in last.values() if not attempt.cause})
    words = _words_of_lambda(cut_short, pipeline, since)
    return {name: _cause(last.get(name), words) for name in wanted}


def last_attempts(attempts: Iterable[Attempt]) -> dict[str, Attempt]:
    """Choose each message's last attempt; of its beginning and its end, the end."""
    last: dict[str, Attempt] = {}
    for attempt in attempts:
        other = last.get(attempt.message_id)
        if other is None or _is_later(attempt, other):
            last[attempt.message_id] = attempt
    return last


def _is_later(one: Attempt, other: Attempt) -> bool:
    if one.request_id == other.request_id:
        return one.cause is not None
    return one.milliseconds > other.milliseconds


def _cause(last: Attempt | None, words: Mapping[str, str]) -> Cause:
    if last is None:
        return Cause(code=UNKNOWN_CODE, detail="the function's log has nothing about this message")
    if last.cause:
        return last.cause
    said = words.get(last.request_id)
    if said == "success":
        return Cause(code=UNKNOWN_CODE, detail="its last attempt succeeded, but it was not taken off the queue")
    return Cause(code=CUT_SHORT_CODE, detail=f"{_CUT_SHORT}: {said}" if said else _CUT_SHORT)


def _attempts(line: LogLine) -> Iterator[Attempt]:
    told = _json(line.text)
    request_id = str(told.get("function_request_id", ""))
    if told.get("message") == _BEGIN:
        for message_id in str(told.get("message_ids", "")).split():
            yield Attempt(message_id=message_id, request_id=request_id, milliseconds=line.milliseconds)
    elif told.get("message") in _ENDS:
        yield Attempt(
            message_id=str(told.get("message_id")),
            request_id=request_id,
            milliseconds=line.milliseconds,
            cause=Cause(code=str(told.get("error_code", UNKNOWN_CODE)), detail=str(told.get("error"))),
        )


def _words_of_lambda(request_ids: Sequence[str], pipeline: Pipeline, since: datetime) -> dict[str, str]:
    """Read how Lambda says that these invocations ended: `timeout`, or an error of some kind.

    docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html#platform-report
    """
    words: dict[str, str] = {}
    for some in _groups(request_ids):
        for line in pipeline.function_log(_any_of("record.requestId", some), since):
            words |= {name: said for name, said in _ending(line.text) if name in some}
    return words


def _ending(text: str) -> Iterator[tuple[str, str]]:
    told = _json(text)
    record = told.get("record")
    if told.get("type") == "platform.report" and isinstance(record, dict):
        status, kind = str(record.get("status")), record.get("errorType")
        yield str(record.get("requestId")), f"{status}: {kind}" if kind else status
    elif found := _TIMED_OUT.search(text):
        yield found[1], found[0].removeprefix(f"{found[1]} ")


def _any_of(selector: str, values: Iterable[str]) -> str:
    """Write the pattern that finds JSON lines with one of these values."""
    return "{ " + " || ".join(f'$.{selector} = "{value}"' for value in values) + " }"


def _groups(names: Sequence[str]) -> Iterator[Sequence[str]]:
    for first in range(0, len(names), _IDS_A_PATTERN):
        yield names[first : first + _IDS_A_PATTERN]


def _json(text: str) -> Mapping[str, Any]:
    try:
        told = json.loads(text)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
