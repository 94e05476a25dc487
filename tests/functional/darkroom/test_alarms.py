"""`darkroom doctor` tells of this stack's alarms, and of no other's."""

from typing import TYPE_CHECKING, Any

from darkroom.doctor.alarms import check_alarms
from darkroom.doctor.findings import Level
from darkroom.pipeline.client import Pipeline

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient


def template(*names: str) -> dict[str, Any]:
    """What CloudFormation has of a stack with these alarms."""
    alarms = {
        f"Alarm{number}": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"AlarmName": name}}
        for number, name in enumerate(names)
    }
    return {"Resources": alarms | {"Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "Darkroom-jobs"}}}}


def make_alarms(pipeline: Pipeline, **states: str) -> None:
    """Make alarms in the account, each in a state; `__` stands for a dash."""
    cloudwatch: CloudWatchClient = pipeline.client("cloudwatch")
    for name, state in states.items():
        alarm = name.replace("__", "-")
        cloudwatch.put_metric_alarm(
            AlarmName=alarm,
            Namespace="AWS/SQS",
            MetricName="Any",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=0,
            ComparisonOperator="GreaterThanThreshold",
        )
        cloudwatch.set_alarm_state(AlarmName=alarm, StateValue=state, StateReason="a test")  # type: ignore[arg-type]


def told(pipeline: Pipeline, deployed: dict[str, Any]) -> list[tuple[Level, str]]:
    return [(finding.level, finding.what) for finding in check_alarms(pipeline, deployed)]


def test_an_alarm_of_a_stack_whose_name_begins_in_the_same_way_is_not_told(pipeline: Pipeline) -> None:
    make_alarms(pipeline, Darkroom__throttles="OK", Darkroom__prod__throttles="ALARM", Darkroom2__throttles="ALARM")

    assert told(pipeline, template("Darkroom-throttles")) == [(Level.OK, "No alarm is on.")]


def test_every_alarm_of_the_stack_that_is_on_is_told(pipeline: Pipeline) -> None:
    make_alarms(pipeline, Darkroom__throttles="ALARM", Darkroom__no__jobs="OK", Darkroom__failed__jobs="ALARM")

    assert told(pipeline, template("Darkroom-throttles", "Darkroom-no-jobs", "Darkroom-failed-jobs")) == [
        (Level.WARNING, "The alarm Darkroom-throttles is on."),
        (Level.WARNING, "The alarm Darkroom-failed-jobs is on."),
    ]


def test_an_alarm_that_somebody_deleted_is_told(pipeline: Pipeline) -> None:
    make_alarms(pipeline, Darkroom__throttles="OK")

    assert (Level.WARNING, "The alarm Darkroom-no-jobs is not there.") in told(
        pipeline, template("Darkroom-throttles", "Darkroom-no-jobs")
    )


def test_a_stack_without_alarms_asks_for_none_and_not_for_all(pipeline: Pipeline) -> None:
    make_alarms(pipeline, Darkroom__throttles="ALARM")

    assert told(pipeline, template()) == [(Level.OK, "The stack has no alarms.")]
