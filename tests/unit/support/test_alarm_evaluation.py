"""The evaluation of alarms, which tests rest on, does what CloudWatch's own tables say, and refuses the rest."""

import pytest

from support.aws.alarm_evaluation import ALARM, OK, AlarmEvaluation, changes, metric_math

RETAINED = "as before"


def evaluation(missing: str, to_alarm: int, periods: int = 3) -> AlarmEvaluation:
    return AlarmEvaluation.of(
        {
            "MetricName": "Any",
            "Statistic": "Maximum",
            "Period": 60,
            "Threshold": 0,
            "ComparisonOperator": "GreaterThanThreshold",
            "EvaluationPeriods": periods,
            "DatapointsToAlarm": to_alarm,
            "TreatMissingData": missing,
        }
    )


@pytest.mark.parametrize(
    ("points", "to_alarm", "ignore", "breaching", "not_breaching"),
    [
        # docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html, its two tables
        ("0 - X - X", 3, OK, OK, OK),
        ("0 - - - -", 3, OK, OK, OK),
        ("- - - - -", 3, RETAINED, ALARM, OK),
        ("0 X X - X", 3, ALARM, ALARM, ALARM),
        ("- - X - -", 3, RETAINED, ALARM, OK),
        ("0 - X - X", 2, ALARM, ALARM, ALARM),
        ("0 0 X 0 X", 2, ALARM, ALARM, ALARM),
        ("0 - X - -", 2, OK, ALARM, OK),
        ("- - - - 0", 2, OK, ALARM, OK),
        ("- - - X -", 2, RETAINED, ALARM, OK),
    ],
)
def test_missing_data_leads_to_the_states_of_cloudwatchs_own_tables(
    points: str, to_alarm: int, ignore: str, breaching: str, not_breaching: str
) -> None:
    series = [{"0": 0.0, "X": 1.0, "-": None}[point] for point in points.split()]

    states = [
        evaluation(missing, to_alarm).state_of(series, RETAINED) for missing in ("ignore", "breaching", "notBreaching")
    ]

    assert states == [ignore, breaching, not_breaching]


@pytest.mark.parametrize(
    ("expression", "values", "point"),
    [
        ("100 * a / IF(b > 50, b, 50)", {"a": 3.0, "b": 20.0}, 6.0),
        ("100 * a / IF(b > 50, b, 50)", {"a": 3.0, "b": 100.0}, 3.0),
        ("100 * a / IF(b > 50, b, 50)", {"a": None, "b": 100.0}, None),
        ("a / b", {"a": 1.0, "b": 0.0}, None),
        ("a + b", {"a": 1.0, "b": None}, None),
        ("a + FILL(b, 0)", {"a": 1.0, "b": None}, 1.0),
        ("a + FILL(b, 0)", {"a": None, "b": 1.0}, None),
    ],
)
def test_metric_math_has_no_point_where_a_part_has_none(
    expression: str, values: dict[str, float | None], point: float | None
) -> None:
    assert metric_math(expression, values) == point


@pytest.mark.parametrize("expression", ["RATE(a)", "FILL(a, REPEAT)", "SUM([a, b])", "a ** 2", "a if b else 1", "'a'"])
def test_metric_math_that_is_not_known_is_refused(expression: str) -> None:
    with pytest.raises((NotImplementedError, KeyError)):
        metric_math(expression, {"a": None, "b": None})


def test_missing_data_that_is_treated_in_another_way_is_refused() -> None:
    with pytest.raises(NotImplementedError, match="missing"):
        evaluation("missing", 1).state_of([None], OK)


def test_a_window_slides_by_minutes_and_late_samples_are_seen_late() -> None:
    one = {"Any": {130: [5.0]}}
    alarm = evaluation("notBreaching", 1, periods=1)

    assert changes(alarm.states(one, minutes=8)) == [(3, ALARM), (6, OK)]
    assert changes(alarm.states(one, minutes=8, late=2)) == [(5, ALARM), (6, OK)]


def test_samples_of_a_metric_that_the_alarm_does_not_watch_are_refused() -> None:
    with pytest.raises(AssertionError, match="does not watch"):
        evaluation("ignore", 1).states({"Other": {}}, minutes=1)
