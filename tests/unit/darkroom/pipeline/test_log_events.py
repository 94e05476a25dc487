"""Log groups that hold more than one answer does."""

from typing import Any

import pytest

from darkroom.pipeline.log_events import filter_log_events

MOST = 10_000


class FirstAnswerOnly:
    """Logs as MiniStack gives them: the first 10,000 from a time on, and never a token."""

    def __init__(self, times: list[int]) -> None:
        self.events: list[dict[str, Any]] = [
            {"timestamp": time, "message": f"{number}"} for number, time in enumerate(times)
        ]
        self.asked = 0

    def get_paginator(self, _operation: str) -> "FirstAnswerOnly":
        return self

    def paginate(self, *, startTime: int = 0, **_asked: object) -> list[dict[str, Any]]:  # noqa: N803 - AWS's name
        self.asked += 1
        return [{"events": [each for each in self.events if each["timestamp"] >= startTime][:MOST]}]


@pytest.mark.parametrize(
    "times",
    [
        pytest.param([], id="none"),
        pytest.param(list(range(MOST - 1)), id="fewer"),
        pytest.param(list(range(MOST)), id="exactly as many"),
        pytest.param(list(range(MOST * 5 // 2)), id="more"),
        pytest.param([number // 7 for number in range(MOST * 5 // 2)], id="with many of one time"),
    ],
)
def test_every_event_is_read_once_and_in_order(times: list[int]) -> None:
    logs = FirstAnswerOnly(times)

    read = [event["message"] for event in filter_log_events(logs, "group", "", {})]  # type: ignore[arg-type]

    assert read == [event["message"] for event in logs.events]


def test_a_log_that_fits_one_answer_is_asked_for_once() -> None:
    logs = FirstAnswerOnly([1, 2, 3])

    list(filter_log_events(logs, "group", "", {}))  # type: ignore[arg-type]

    assert logs.asked == 1
