"""Events of a log group, all of them, on AWS and on an emulator."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import FilteredLogEventTypeDef

# What one answer has at most: docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
_MOST_EVENTS = 10_000


def filter_log_events(
    logs: "CloudWatchLogsClient", group: str, pattern: str, within: Mapping[str, int]
) -> Iterator["FilteredLogEventTypeDef"]:
    """Read what a log group has in a time, oldest first.

    MiniStack gives the first 10,000 and no token for what follows, so after a full answer without one it is asked from
    its last time on. `within` has `startTime` and `endTime`, in milliseconds, or neither.
    """
    asked: dict[str, Any] = {"logGroupName": group, "filterPattern": pattern, **within}
    read_before = 0
    while True:
        answer: Sequence[FilteredLogEventTypeDef] = ()
        for page in logs.get_paginator("filter_log_events").paginate(**asked):
            answer = page["events"]
            yield from answer[read_before:]
            read_before = max(0, read_before - len(answer))
        if len(answer) < _MOST_EVENTS or answer[-1]["timestamp"] == asked.get("startTime"):
            return
        asked["startTime"] = answer[-1]["timestamp"]
        read_before = sum(event["timestamp"] == asked["startTime"] for event in answer)
