"""Evaluates an alarm of the template over samples of its metrics, as CloudWatch documents that it does.

Only what the stack's alarms use is known; anything else is refused, so that no alarm is tested by a rule that is not
CloudWatch's. Sources, under docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring:
alarm-evaluation.html, alarms-and-missing-data.html, using-metric-math.html
"""

import ast
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

# What was put into a metric: of its name, the values of each second that has some.
Samples: TypeAlias = Mapping[str, Mapping[int, Sequence[float]]]
Point: TypeAlias = float | None

OK, ALARM = "OK", "ALARM"
MINUTE = 60

# CloudWatch looks at more periods than it evaluates; its page's example of three looks at five.
_MORE_PERIODS = 2
_STATISTICS: dict[str, Callable[[Sequence[float]], float]] = {"Sum": sum, "Maximum": max, "SampleCount": len}
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
}
_OPERATORS: dict[type[ast.operator] | type[ast.cmpop], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Gt: operator.gt,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmEvaluation:
    """One alarm of the template."""

    threshold: float
    comparison: str
    periods: int
    to_alarm: int
    missing: str
    period: int
    metrics: Mapping[str, tuple[str, str]]  # the id of each: its name and statistic
    expression: str

    @classmethod
    def of(cls, alarm: Mapping[str, Any]) -> "AlarmEvaluation":
        """Read the properties of an `AWS::CloudWatch::Alarm`."""
        queries = alarm.get("Metrics") or [_as_query(alarm)]
        stats = {query["Id"]: query["MetricStat"] for query in queries if "MetricStat" in query}
        returned = [query for query in queries if query.get("ReturnData", True)]
        assert len(returned) == 1, "an alarm watches one series"
        periods = {stat["Period"] for stat in stats.values()} | {returned[0].get("Period", stats and _period(stats))}
        assert len(periods) == 1, f"an alarm has one period: {periods}"
        return cls(
            threshold=alarm["Threshold"],
            comparison=alarm["ComparisonOperator"],
            periods=alarm["EvaluationPeriods"],
            to_alarm=alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"]),
            missing=alarm["TreatMissingData"],
            period=periods.pop(),
            metrics={name: (stat["Metric"]["MetricName"], stat["Stat"]) for name, stat in stats.items()},
            expression=returned[0].get("Expression", returned[0]["Id"]),
        )

    def states(self, samples: Samples, *, minutes: int, late: int = 0, before: str = OK) -> list[str]:
        """Tell the state at the end of each minute, of samples that come in `late` minutes after they were taken."""
        unknown = samples.keys() - {name for name, _ in self.metrics.values()}
        assert not unknown, f"the alarm does not watch {unknown}"
        states, state = [], before
        for minute in range(1, minutes + 1):
            known = {
                name: {second: values for second, values in series.items() if second < (minute - late) * MINUTE}
                for name, series in samples.items()
            }
            state = self.state_of([*self._points(known, minute * MINUTE)], state)
            states.append(state)
        return states

    def state_of(self, points: Sequence[Point], before: str) -> str:
        """Tell the state that data points lead to, the newest last."""
        if self.missing not in {"breaching", "notBreaching", "ignore"}:
            raise NotImplementedError(f"missing data is treated as {self.missing}")
        looked_at = points[-self.periods - _MORE_PERIODS :]
        real = [point for point in looked_at if point is not None][-self.periods :]
        breaching = sum(self._breaches(point) for point in real)
        absent = self.periods - len(real)
        if self.missing == "breaching":
            breaching += absent
        if breaching >= self.to_alarm:
            return ALARM
        if self.missing == "ignore" and absent and breaching == len(real):
            return before
        return OK

    def _breaches(self, point: float) -> bool:
        return _COMPARISONS[self.comparison](point, self.threshold)

    def _points(self, samples: Samples, end: int) -> Iterator[Point]:
        """Give the data points of the periods before a second, which slide along minute by minute."""
        for back in range(self.periods + _MORE_PERIODS, 0, -1):
            first = end - back * self.period
            values = {
                name: _aggregate(samples.get(metric, {}), statistic, first, first + self.period)
                for name, (metric, statistic) in self.metrics.items()
            }
            yield metric_math(self.expression, values)


def metric_math(expression: str, values: Mapping[str, Point]) -> Point:
    """Evaluate an expression at one time; None is no data point, and so is a division by zero."""
    try:
        return _evaluate(ast.parse(expression, mode="eval").body, values)
    except ZeroDivisionError:
        return None


def changes(states: Sequence[str], before: str = OK) -> list[tuple[int, str]]:
    """List the mails that are written: the minute at whose end the state changes, and the new one."""
    previous = [before, *states]
    return [(minute, new) for minute, (old, new) in enumerate(zip(previous, states, strict=False), 1) if new != old]


def _evaluate(node: ast.expr, values: Mapping[str, Point]) -> Point:
    match node:
        case ast.Constant(value=int() | float() as number):
            return number
        case ast.Name(id=name):
            return values[name]
        case ast.BinOp(left=left, op=sign, right=right) | ast.Compare(left=left, ops=[sign], comparators=[right]):
            operate = _OPERATORS[type(sign)]
            one, other = _evaluate(left, values), _evaluate(right, values)
            return None if one is None or other is None else operate(one, other)
        case ast.Call(func=ast.Name(id="IF"), args=[condition, true, false], keywords=[]):
            holds = _evaluate(condition, values)
            return None if holds is None else _evaluate(true if holds else false, values)
        case ast.Call(func=ast.Name(id="FILL"), args=[series, filler], keywords=[]):
            value = _evaluate(series, values)
            return _evaluate(filler, values) if value is None else value
        case _:
            raise NotImplementedError(f"metric math: {ast.unparse(node)}")


def _aggregate(series: Mapping[int, Sequence[float]], statistic: str, first: int, end: int) -> Point:
    values = [value for second, some in series.items() if first <= second < end for value in some]
    return _STATISTICS[statistic](values) if values else None


def _as_query(alarm: Mapping[str, Any]) -> Mapping[str, Any]:
    """Write an alarm on one metric as the query that it stands for."""
    stat = {"Metric": alarm, "Stat": alarm["Statistic"], "Period": alarm["Period"]}
    return {"Id": "the_metric", "MetricStat": stat}


def _period(stats: Mapping[str, Mapping[str, Any]]) -> int:
    return int(next(iter(stats.values()))["Period"])
