"""A function's log: lines as the consumer and Lambda write them, both ways to ask for them, and each call counted."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from threading import Lock
from typing import Any
from unittest.mock import create_autospec

import boto3
from botocore.exceptions import ClientError

from darkroom.pipeline.client import LogLine, Pipeline

SENT = datetime(2026, 11, 24, 12, tzinfo=UTC)
GROUP = "the-log"


def received(request_id: str, *message_ids: str) -> dict[str, Any]:
    return {"message": "batch received", "message_ids": " ".join(message_ids), "function_request_id": request_id}


def failed(
    request_id: str, message_id: str, code: str = "MessageRefusedError", error: str = "not JSON"
) -> dict[str, Any]:
    told = {"message": "job failed", "message_id": message_id, "error": error, "error_code": code}
    return told | {"function_request_id": request_id}


def report(request_id: str, status: str, **more: str) -> dict[str, Any]:
    return {"type": "platform.report", "record": {"requestId": request_id, "status": status} | more}


@dataclass(kw_only=True)
class FunctionLog:
    """The log of a pipeline. `obeys` is whether it minds patterns, as an emulator does not; `calls` counts requests."""

    lines: list[tuple[datetime, str]] = field(default_factory=list)
    is_aws: bool = True
    obeys: bool = True
    max_receives: int = 2
    visibility: int = 1800
    refusal: str | None = None
    rows_a_page: int = 10_000
    unfinished: Sequence[str] = ()  # what a query's status is before it is complete
    calls: Counter[str] = field(default_factory=Counter)
    asked: list[tuple[datetime, datetime]] = field(default_factory=list)
    _queries: dict[str, list[LogLine]] = field(default_factory=dict)
    _polls: Counter[str] = field(default_factory=Counter)
    _lock: Lock = field(default_factory=Lock)  # queries are asked side by side

    def write(self, *lines: dict[str, Any] | str, at: datetime = SENT, apart: float = 1) -> None:
        """Write lines, each some seconds after the one before."""
        for number, line in enumerate(lines):
            text = line if isinstance(line, str) else json.dumps(line)
            self.lines.append((at + timedelta(seconds=number * apart), text))

    def pipeline(self) -> Pipeline:
        """The pipeline whose log this is."""
        made = create_autospec(Pipeline, instance=True)
        made.endpoint_url = None if self.is_aws else "http://127.0.0.1:4566"
        made.jobs_queue_url = "jobs"
        made.function_log.side_effect = self._filter
        made.log_group.return_value = GROUP
        made.client.side_effect = lambda _: self
        return made  # type: ignore[no-any-return]

    # What boto3's clients of SQS and CloudWatch Logs have.

    @property
    def exceptions(self) -> Any:
        return boto3.client("logs", region_name="eu-west-1").exceptions

    def get_queue_attributes(self, **_: Any) -> dict[str, Any]:
        self.calls["GetQueueAttributes"] += 1
        redrive = json.dumps({"maxReceiveCount": self.max_receives})
        told = {"VisibilityTimeout": str(self.visibility), "MessageRetentionPeriod": str(4 * 86_400)}
        return {"Attributes": {"QueueArn": "arn:jobs", "RedrivePolicy": redrive} | told}

    def _filter(self, pattern: str, since: datetime, until: datetime) -> Iterator[LogLine]:
        assert len(pattern) <= 1024
        self._count("FilterLogEvents", since, until)
        for line in self._between(since, until):
            if not self.obeys or _matches(line.text, pattern):
                yield line

    def start_query(self, **query: Any) -> dict[str, str]:
        assert len(query["queryString"]) <= 10_000
        assert query["logGroupName"] == GROUP
        times = [datetime.fromtimestamp(query[name], tz=UTC) for name in ("startTime", "endTime")]
        self._count("StartQuery", *times)
        finds = _filter_of(query["queryString"])
        found = [line for line in self._between(*times) if finds(line.text)]
        with self._lock:
            name = f"q{len(self._queries)}"
            self._queries[name] = found[-query["limit"] :]
        return {"queryId": name}

    def get_query_results(self, *, queryId: str, nextToken: str = "0") -> dict[str, Any]:  # noqa: N803 - boto3's names
        with self._lock:
            self.calls["GetQueryResults"] += 1
            self._polls[queryId] += 1
            poll = self._polls[queryId]
        if poll <= len(self.unfinished):
            return {"status": self.unfinished[poll - 1], "results": []}
        first, rows = int(nextToken), self._queries[queryId]
        page = [_row(line) for line in rows[first : first + self.rows_a_page]]
        more = first + self.rows_a_page < len(rows)
        return {"status": "Complete", "results": page} | ({"nextToken": str(first + self.rows_a_page)} if more else {})

    def stop_query(self, *, queryId: str) -> None:  # noqa: N803 - boto3's name
        assert queryId in self._queries
        self.calls["StopQuery"] += 1

    def _count(self, call: str, start: datetime, end: datetime) -> None:
        with self._lock:
            self.calls[call] += 1
            self.asked.append((start, end))
        if self.refusal:
            raise ClientError({"Error": {"Code": self.refusal, "Message": "no"}}, call)

    def _between(self, start: datetime, end: datetime) -> Iterator[LogLine]:
        for time_of, text in self.lines:
            if start <= time_of <= end:
                yield LogLine(milliseconds=round(time_of.timestamp() * 1000), text=text)


def _matches(text: str, pattern: str) -> bool:
    """What CloudWatch's filter does with patterns of the form { $.a.b = "c*" || … }."""
    line = _json(text)
    for selector, value in re.findall(r'\$\.([\w.]+) = "([^"]*)"', pattern):
        found: Any = line
        for name in selector.split("."):
            found = found.get(name) if isinstance(found, Mapping) else None
        if isinstance(found, str) and fnmatchcase(found, value):
            return True
    return False


def _filter_of(query: str) -> Callable[[str], bool]:
    """What Logs Insights does with the two queries that are asked, read part by part; any other is refused.

    Ids are looked for where a word begins, which is where lines have them.
    """
    kinds = r'message in \[(?P<kinds>.+)\]|\(type = "platform\.report" or @message like /Task timed out/\)'
    parts = re.fullmatch(rf"fields @timestamp, @message \| filter (?:{kinds}) and @message like /(?P<ids>.+)/", query)
    assert parts, query
    wanted_kinds = json.loads(f"[{parts['kinds'] or ''}]")
    ids = {name.replace("\\", "") for name in parts["ids"].split("|")}

    def finds(text: str) -> bool:
        line = _json(text)
        if wanted_kinds:
            is_of_kind = line.get("message") in wanted_kinds
        else:
            is_of_kind = line.get("type") == "platform.report" or "Task timed out" in text
        return is_of_kind and not ids.isdisjoint(word[:13] for word in re.findall(r"[\w-]+", text))

    return finds


def _json(text: str) -> Mapping[str, Any]:
    try:
        line = json.loads(text)
    except ValueError:
        return {}
    return line if isinstance(line, Mapping) else {}


def _row(line: LogLine) -> list[dict[str, str]]:
    time_of = datetime.fromtimestamp(line.milliseconds / 1000, tz=UTC)
    values = {"@timestamp": f"{time_of:%Y-%m-%d %H:%M:%S.%f}"[:-3], "@message": line.text, "@ptr": "x"}
    return [{"field": name, "value": value} for name, value in values.items()]
