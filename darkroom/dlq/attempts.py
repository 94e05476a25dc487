"""Parse log lines about attempts at messages.

Every batch leaves `batch received` with its messages' ids, and each failed job leaves `job failed` (or `job handed
back`, when time was short) with the message's id and the error. An attempt with the first and without the second was
unfinished: the function timed out or was killed, and Lambda's own line of the invocation says which.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from darkroom.pipeline.client import LogLine

UNKNOWN_CODE: Final = "unknown"
CUT_SHORT_CODE: Final = "cut_short"

BEGIN: Final = "batch received"
ENDS: Final = ("job failed", "job handed back")

_TIMED_OUT = re.compile(r"(\S+) Task timed out after [\d.]+ seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why a message failed the last time.

    A code that is the same for all that failed so, and the words of the log.
    """

    code: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A line about one attempt at one message.

    Its beginning, or its end where there is a cause.
    """

    message_id: str
    request_id: str
    milliseconds: int
    cause: Cause | None = None


def attempts_in(line: LogLine) -> Iterator[Attempt]:
    """Read the attempts that a line of the log speaks of."""
    members = _json(line.text)
    request_id = str(members.get("function_request_id", ""))
    if members.get("message") == BEGIN:
        for message_id in str(members.get("message_ids", "")).split():
            yield Attempt(message_id=message_id, request_id=request_id, milliseconds=line.milliseconds)
    elif members.get("message") in ENDS:
        yield Attempt(
            message_id=str(members.get("message_id")),
            request_id=request_id,
            milliseconds=line.milliseconds,
            cause=Cause(code=str(members.get("error_code", UNKNOWN_CODE)), detail=str(members.get("error"))),
        )


def last_attempts(attempts: Iterable[Attempt]) -> dict[str, Attempt]:
    """Choose each message's last attempt; of its beginning and its end, the end."""
    last: dict[str, Attempt] = {}
    for attempt in attempts:
        other = last.get(attempt.message_id)
        if other is None or _is_later(attempt, other):
            last[attempt.message_id] = attempt
    return last


def ending_in(line: LogLine) -> Iterator[tuple[str, str]]:
    """Read how Lambda says that an invocation ended.

    Its request id, and `timeout`, or an error of some kind.
    docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html#platform-report
    """
    members = _json(line.text)
    record = members.get("record")
    if members.get("type") == "platform.report" and isinstance(record, dict):
        status, kind = str(record.get("status")), record.get("errorType")
        yield str(record.get("requestId")), f"{status}: {kind}" if kind else status
    elif found := _TIMED_OUT.search(line.text):
        yield found[1], found[0].removeprefix(f"{found[1]} ")


def _is_later(one: Attempt, other: Attempt) -> bool:
    if one.request_id == other.request_id:
        return one.cause is not None
    return one.milliseconds > other.milliseconds


def _json(text: str) -> Mapping[str, Any]:
    try:
        members = json.loads(text)
    except ValueError:
        return {}
    return members if isinstance(members, dict) else {}
