"""The metrics of ours are found in a log among everything else, and added up."""

import json

import pytest

from darkroom.pipeline.metrics import ENDINGS, sums


def embedded(namespace: str = "Darkroom", **values: object) -> str:
    """A line as the function logs its metrics."""
    directive = {"Namespace": namespace, "Dimensions": [["service"]], "Metrics": [{"Name": name} for name in values]}
    return json.dumps({"_aws": {"Timestamp": 0, "CloudWatchMetrics": [directive]}, "service": "resize", **values})


def test_the_values_of_all_lines_are_added_up_and_what_is_not_there_is_zero() -> None:
    lines = [embedded(Resized=[1.0, 1.0], JobMillis=[20.0, 30.0]), embedded(Resized=[1.0], Failed=1.0)]

    assert sums(lines) == dict.fromkeys(ENDINGS, 0.0) | {"Resized": 3.0, "Failed": 1.0}


@pytest.mark.parametrize(
    "line",
    [
        "START RequestId: 1",
        '{"message": "job ended", "key": "CloudWatchMetrics", "Resized": [1.0]}',
        '{"_aws": 1, "Resized": [1.0]}',
        '{"_aws": {"CloudWatchMetrics": ["x"]}, "Resized": [1.0]}',
        "[]",
        embedded("Elsewhere", Resized=[1.0]),
    ],
)
def test_lines_about_something_else_count_nothing(line: str) -> None:
    assert set(sums([line]).values()) == {0.0}
