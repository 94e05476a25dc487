"""What is asked of CloudWatch Logs Insights is what its API takes, and what it answers is read."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from darkroom.errors import DarkroomError
from darkroom.pipeline.log_insights import LogInsights

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

START, END = datetime(2026, 11, 24, 12, tzinfo=UTC), datetime(2026, 11, 24, 13, 0, 0, 1, tzinfo=UTC)


@pytest.fixture
def logs() -> "CloudWatchLogsClient":
    client: CloudWatchLogsClient = boto3.client(
        "logs", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    return client


def test_a_query_is_started_polled_and_read_page_by_page(logs: "CloudWatchLogsClient") -> None:
    asked = {"logGroupName": "group", "queryString": "fields x", "limit": 100_000}
    times = {"startTime": int(START.timestamp()), "endTime": int(END.timestamp()) + 1}  # in seconds, none left out
    with Stubber(logs) as answers:
        answers.add_response("start_query", {"queryId": "q"}, asked | times)
        answers.add_response("get_query_results", {"status": "Running", "results": []}, {"queryId": "q"})
        page = {"status": "Complete", "results": [[{"field": "x", "value": "1"}, {"field": "@ptr", "value": "p"}]]}
        answers.add_response("get_query_results", page | {"nextToken": "more"}, {"queryId": "q"})
        answers.add_response("get_query_results", page, {"queryId": "q", "nextToken": "more"})

        rows = list(LogInsights(logs, "group", sleep=lambda _: None).rows("fields x", START, END))

        answers.assert_no_pending_responses()
    assert rows == [{"x": "1", "@ptr": "p"}] * 2


def test_a_query_is_stopped_where_waiting_for_it_is_cut_off(logs: "CloudWatchLogsClient") -> None:
    def stop(_: float) -> None:
        raise KeyboardInterrupt

    with Stubber(logs) as answers:
        answers.add_response("start_query", {"queryId": "q"})
        answers.add_response("stop_query", {"success": True}, {"queryId": "q"})

        with pytest.raises(KeyboardInterrupt):
            list(LogInsights(logs, "group", sleep=stop).rows("fields x", START, END))

        answers.assert_no_pending_responses()


def test_a_time_that_the_log_does_not_keep_has_no_rows(logs: "CloudWatchLogsClient") -> None:
    said = (
        "Query's end date and time is either before the log groups creation time or exceeds the log groups log "
        "retention settings"
    )
    with Stubber(logs) as answers:
        answers.add_client_error("start_query", "MalformedQueryException", said)

        assert list(LogInsights(logs, "group").rows("fields x", START, END)) == []


def test_a_query_that_cannot_be_read_is_no_time_without_rows(logs: "CloudWatchLogsClient") -> None:
    with Stubber(logs) as answers:
        answers.add_client_error("start_query", "MalformedQueryException", "unexpected symbol found")

        with pytest.raises(ClientError, match="unexpected symbol"):
            list(LogInsights(logs, "group").rows("fields x", START, END))


def test_where_an_account_runs_too_many_queries_there_is_a_wait(logs: "CloudWatchLogsClient") -> None:
    slept: list[float] = []
    with Stubber(logs) as answers:
        for _ in range(2):
            answers.add_client_error("start_query", "LimitExceededException")
        answers.add_response("start_query", {"queryId": "q"})
        answers.add_response("get_query_results", {"status": "Complete", "results": []}, {"queryId": "q"})

        assert list(LogInsights(logs, "group", sleep=slept.append).rows("fields x", START, END)) == []

    assert slept == [1, 2, 0.5]


def test_where_they_do_not_end_that_is_said(logs: "CloudWatchLogsClient") -> None:
    with Stubber(logs) as answers:
        for _ in range(5):
            answers.add_client_error("start_query", "LimitExceededException")

        with pytest.raises(DarkroomError, match="as many queries of its logs as it may"):
            list(LogInsights(logs, "group", sleep=lambda _: None).rows("fields x", START, END))
