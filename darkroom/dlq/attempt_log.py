"""Find log lines of given messages or invocations.

There are two ways. FilterLogEvents costs nothing and scans slowly, with a pattern of a dozen ids; Logs Insights takes
hundreds of ids in one query, and costs by what it scans. So the second is for many.
"""

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

from darkroom.dlq.attempts import BEGIN, ENDS
from darkroom.parallel import map_parallel
from darkroom.pipeline.client import LogLine, Pipeline
from darkroom.pipeline.log_insights import LogInsights

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

# From so many messages on Logs Insights is asked: below, a few scans do.
MANY: Final = 50

# Two groups of the hexadecimal digits of an id: 48 bits find its lines, and a reader compares the whole.
_ID_CHARACTERS = 13
# A pattern may have 1,024 characters, and a message takes 71 of them, an invocation 42:
# docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
_MESSAGES_A_PATTERN = 14
_REQUESTS_A_PATTERN = 20
# 14 characters each, of the 10,000 of a query.
_IDS_A_QUERY = 600
# What lies between two spans is read too, where that is less than this, rather than to ask once more.
_NO_GAP = timedelta(0)
_GAP_OF_A_QUERY = timedelta(hours=6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A time within which something can be in the log, with both ends."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Ids that are asked for together, in a time that has all of theirs."""

    ids: tuple[str, ...]
    span: Span


class AttemptLog(Protocol):
    """Where the lines come from.

    Each method yields some lines too many, and raises what boto3 raises.
    """

    def of_messages(self, spans: Iterable[tuple[str, Span]]) -> Iterator[LogLine]:
        """Find what was logged of attempts at these messages, each within its span."""

    def of_requests(self, spans: Iterable[tuple[str, Span]]) -> Iterator[LogLine]:
        """Find what Lambda logged of the end of these invocations, each within its span."""


def attempt_log(pipeline: Pipeline, count: int, *, sleep: Callable[[float], None] = time.sleep) -> AttemptLog:
    """Choose how to read the log for so many messages.

    An emulator knows no queries, and takes a pattern for all.
    """
    if pipeline.endpoint_url is not None:
        return LogScan(pipeline, most=count)
    return LogScan(pipeline) if count < MANY else LogQuery(pipeline, sleep=sleep)


class LogScan:
    """Reads with FilterLogEvents.

    Above `most` ids a scan is of their own; where more fit no pattern, of every line.
    """

    def __init__(self, pipeline: Pipeline, *, most: int = 0) -> None:
        self._pipeline = pipeline
        self._most = most

    def of_messages(self, spans: Iterable[tuple[str, Span]]) -> Iterator[LogLine]:
        """Scan each group's span."""
        for group in grouped(spans, max(self._most, _MESSAGES_A_PATTERN)):
            yield from self._scan(group, _messages_pattern(group.ids))

    def of_requests(self, spans: Iterable[tuple[str, Span]]) -> Iterator[LogLine]:
        """Scan each group's span."""
        for group in grouped(spans, max(self._most, _REQUESTS_A_PATTERN)):
            yield from self._scan(group, _requests_pattern(group.ids))

    def _scan(self, group: Group, pattern: str) -> Iterator[LogLine]:
        return self._pipeline.function_log(pattern, group.span.start, group.span.end)


class LogQuery:
    """Reads with Logs Insights, some queries at once: an account may run a hundred."""

    def __init__(self, pipeline: Pipeline, *, sleep: Callable[[float], None] = time.sleep) -> None:
        logs: CloudWatchLogsClient = pipeline.client("logs")
        self._insights = LogInsights(logs, pipeline.log_group(), sleep=sleep)

    def of_messages(self, spans: Iterable[tuple[str, Span]]) -> Iterator[LogLine]:
        """Ask about each group. Of more rows than a query finds, it finds the newest."""
        kinds = ", ".join(f'"{kind}"' for kind in (BEGIN, *ENDS))
        return self._ask(f"message in [{kinds}]", spans)

    def of_requests(self, spans: Iterable[tuple[str, Span]]) -> Iterator[LogLine]:
        """Ask about each group."""
        return self._ask('(type = "platform.report" or @message like /Task timed out/)', spans)

    def _ask(self, kind: str, spans: Iterable[tuple[str, Span]]) -> Iterator[LogLine]:
        def lines(group: Group) -> list[LogLine]:
            some = "|".join(re.escape(_short(name)) for name in group.ids)
            query = f"fields @timestamp, @message | filter {kind} and @message like /{some}/"
            return [_line(row) for row in self._insights.rows(query, group.span.start, group.span.end)]

        for found in map_parallel(lines, grouped(spans, _IDS_A_QUERY, gap=_GAP_OF_A_QUERY)):
            yield from found


def grouped(spans: Iterable[tuple[str, Span]], most: int, *, gap: timedelta = _NO_GAP) -> Iterator[Group]:
    """Put together up to `most` ids whose spans are near each other.

    They overlap, or lie no further apart than a gap.
    """
    ids: list[str] = []
    whole: Span | None = None
    for name, span in sorted(spans, key=lambda each: (each[1].start, each[0])):
        if whole and (len(ids) == most or span.start > whole.end + gap):
            yield Group(ids=tuple(ids), span=whole)
            ids, whole = [], None
        ids.append(name)
        whole = Span(start=whole.start, end=max(whole.end, span.end)) if whole else span
    if whole:
        yield Group(ids=tuple(ids), span=whole)


def _messages_pattern(ids: Sequence[str]) -> str:
    if len(ids) > _MESSAGES_A_PATTERN:
        return _any_of([("message", kind) for kind in (BEGIN, *ENDS)])
    ends = [("message_id", f"{_short(name)}*") for name in ids]
    return _any_of([*ends, *(("message_ids", f"*{_short(name)}*") for name in ids)])


def _requests_pattern(ids: Sequence[str]) -> str:
    if len(ids) > _REQUESTS_A_PATTERN:
        return _any_of([("type", "platform.report")])
    return _any_of([("record.requestId", f"{_short(name)}*") for name in ids])


def _any_of(values: Iterable[tuple[str, str]]) -> str:
    """Write the pattern that finds JSON lines with one of these values at its selector."""
    return "{ " + " || ".join(f'$.{selector} = "{value}"' for selector, value in values) + " }"


def _short(name: str) -> str:
    return name[:_ID_CHARACTERS]


def _line(row: Mapping[str, str]) -> LogLine:
    """Read a row; Insights writes times in UTC, with milliseconds and without a zone."""
    time_of = datetime.fromisoformat(row["@timestamp"]).replace(tzinfo=UTC)
    return LogLine(milliseconds=round(time_of.timestamp() * 1000), text=row["@message"])
