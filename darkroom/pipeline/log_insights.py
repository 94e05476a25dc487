"""Run queries of CloudWatch Logs Insights."""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from math import ceil
from typing import TYPE_CHECKING, Final

from darkroom.errors import DarkroomError

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import GetQueryResultsResponseTypeDef

# docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartQuery.html: characters of a query, and rows that
# it finds at most.
MOST_CHARACTERS: Final = 10_000
MOST_ROWS: Final = 100_000

_UNDER_WAY = {"Scheduled", "Running"}
_FIRST_POLL_SECONDS = 0.5
_SLOWEST_POLL_SECONDS = 5.0
# What CloudWatch says of a time that ends before its log begins, be it that the log is younger or keeps less: a
# malformed query, as it also calls one that it cannot read.
_BEFORE_THE_LOG = "log retention settings"
# A hundred queries at once are an account's, also those of its dashboards.
_PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0)


class LogInsights:
    """One log group's queries.

    Every method raises what boto3 raises, or DarkroomError where a query fails.
    """

    def __init__(
        self, logs: "CloudWatchLogsClient", log_group: str, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._logs = logs
        self._log_group = log_group
        self._sleep = sleep

    def rows(self, query: str, start: datetime, end: datetime) -> Iterator[Mapping[str, str]]:
        """Run a query over a time; yield each row's values by their fields.

        Left early, the query is stopped. A time of which the log has nothing any more has no rows.
        """
        query_id = self._start(query, start, end)
        if query_id is None:
            return
        page = self._wait_for(query_id)
        while True:
            for row in page["results"]:
                yield {cell["field"]: cell["value"] for cell in row}
            if not (token := page.get("nextToken")):
                return
            page = self._logs.get_query_results(queryId=query_id, nextToken=token)

    def _start(self, query: str, start: datetime, end: datetime) -> str | None:
        """Start a query, once the account's others leave room for it; None where the log has nothing of that time."""
        for seconds in _PAUSES:
            try:
                return self._logs.start_query(
                    logGroupName=self._log_group,
                    startTime=int(start.timestamp()),
                    endTime=ceil(end.timestamp()),
                    queryString=query,
                    limit=MOST_ROWS,
                )["queryId"]
            except self._logs.exceptions.LimitExceededException:
                self._sleep(seconds)
            except self._logs.exceptions.MalformedQueryException as error:
                if _BEFORE_THE_LOG not in error.response["Error"]["Message"]:
                    raise
                return None
        raise DarkroomError("The account runs as many queries of its logs as it may. Run again when some have ended.")

    def _wait_for(self, query_id: str) -> "GetQueryResultsResponseTypeDef":
        status, seconds = "Scheduled", _FIRST_POLL_SECONDS
        try:
            while status in _UNDER_WAY:
                self._sleep(seconds)
                seconds = min(2 * seconds, _SLOWEST_POLL_SECONDS)
                page = self._logs.get_query_results(queryId=query_id)
                status = page["status"]
        finally:
            if status in _UNDER_WAY:
                self._logs.stop_query(queryId=query_id)
        if status != "Complete":
            raise DarkroomError(f"A query of the function's log ended as {status}. Run again.")
        return page
