"""What watches the pipeline: each alarm and its threshold, whom it tells, the dashboard, and the saved queries."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from contract.metrics import AnnounceMetric, Metric
from darkroom.cli.main import app
from stacks.config.config import Config
from stacks.config.rules import Pollers
from stacks.outputs import EventsOutput, Output
from support.aws.alarm_evaluation import AlarmEvaluation, metric_math
from support.aws.stack import EVERYTHING, WITH_EVENT_BRIDGE, Json, Template, synthesize

ROOT = Path(__file__).parents[2]
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
COST = (ROOT / "docs" / "cost.md").read_text(encoding="utf-8")
MINUTE, HOUR = 60, 3600


def alarms_of(template: Template) -> dict[str, Json]:
    """The alarms by their names, without the stack's."""
    found = [resource["Properties"] for resource in template.all_of("AWS::CloudWatch::Alarm").values()]
    return {alarm["AlarmName"].removeprefix("Darkroom-"): alarm for alarm in found}


def watched_by(alarm: Json) -> list[tuple[str, str, str, Any, int]]:
    """Of each metric of an alarm: namespace, name, statistic, the value of its one dimension, and period."""
    if "MetricName" in alarm:
        metrics = [(alarm, alarm["Statistic"], alarm["Period"])]
    else:
        stats = [metric["MetricStat"] for metric in alarm["Metrics"] if "MetricStat" in metric]
        metrics = [(stat["Metric"], stat["Stat"], stat["Period"]) for stat in stats]
    return [
        (metric["Namespace"], metric["MetricName"], statistic, metric["Dimensions"][0]["Value"], period)
        for metric, statistic, period in metrics
    ]


def test_the_alarms_are_these_and_silence_is_none_unless_it_is_asked_for(
    template: Template, watched: Template, with_msk: Template
) -> None:
    default = {
        *("dead-letters", "oldest-message", "failing-job", "failed-jobs", "rejected-images"),
        *("function-crashes", "throttles", "concurrency-at-cap"),
    }

    assert set(alarms_of(template)) == default
    assert set(alarms_of(watched)) == default | {"no-jobs"}
    assert set(alarms_of(with_msk)) == default | {"no-jobs", "undelivered-events", "oldest-event", "announce-failures"}


def test_one_dead_letter_in_one_of_five_minutes_is_an_alarm_also_while_it_is_looked_at(watched: Template) -> None:
    alarm = alarms_of(watched)["dead-letters"]
    messages = {"Fn::GetAtt": [watched.id_of(Output.DEAD_LETTER_QUEUE_URL), "QueueName"]}

    assert watched_by(alarm) == [
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", messages, MINUTE),
        ("AWS/SQS", "ApproximateNumberOfMessagesNotVisible", "Maximum", messages, MINUTE),
    ]
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 0)
    assert (alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"]) == (5, 1)


def test_a_job_that_stays_older_than_one_and_a_half_visibility_timeouts_is_an_alarm(watched: Template) -> None:
    alarm = alarms_of(watched)["oldest-message"]
    jobs = {"Fn::GetAtt": [watched.id_of(Output.JOBS_QUEUE_URL), "QueueName"]}

    assert watched_by(alarm) == [("AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", jobs, MINUTE)]
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == (
        "GreaterThanThreshold",
        1.5 * EVERYTHING.visibility_seconds // 1,
    )
    assert alarm["EvaluationPeriods"] == 5


def test_a_job_that_comes_a_fourth_time_is_an_alarm(watched: Template) -> None:
    alarm = alarms_of(watched)["failing-job"]

    assert watched_by(alarm) == [("Darkroom", "Receives", "Maximum", "Darkroom", 5 * MINUTE)]
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 3)
    assert alarm["DatapointsToAlarm"] == 1


@pytest.mark.parametrize(
    ("name", "metric", "period", "percent"),
    [("failed-jobs", Metric.FAILED, 15 * MINUTE, 5), ("rejected-images", Metric.REJECTED, HOUR, 25)],
)
def test_failures_and_rejections_are_alarms_by_their_share_of_this_stacks_jobs(
    watched: Template, name: str, metric: Metric, period: int, percent: int
) -> None:
    alarm = alarms_of(watched)[name]

    assert watched_by(alarm) == [
        ("Darkroom", metric.value, "Sum", "Darkroom", period),
        ("Darkroom", metric.value, "SampleCount", "Darkroom", period),
    ]
    assert (alarm["Threshold"], alarm["EvaluationPeriods"]) == (percent, 1)


def test_crashes_are_an_alarm_by_their_share_of_the_functions_invocations(watched: Template) -> None:
    alarm = alarms_of(watched)["function-crashes"]
    function = {"Ref": watched.id_of(Output.FUNCTION_NAME)}

    assert watched_by(alarm) == [
        ("AWS/Lambda", "Errors", "Sum", function, 15 * MINUTE),
        ("AWS/Lambda", "Invocations", "Sum", function, 15 * MINUTE),
    ]


def test_throttles_that_go_on_for_a_quarter_of_an_hour_are_an_alarm(watched: Template) -> None:
    alarm = alarms_of(watched)["throttles"]
    function = {"Ref": watched.id_of(Output.FUNCTION_NAME)}

    assert watched_by(alarm) == [("AWS/Lambda", "Throttles", "Sum", function, 5 * MINUTE)]
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 0)
    assert alarm["EvaluationPeriods"] == 3


def test_half_an_hour_at_nine_tenths_of_the_maximum_concurrency_is_an_alarm(watched: Template) -> None:
    alarm = alarms_of(watched)["concurrency-at-cap"]
    function = {"Ref": watched.id_of(Output.FUNCTION_NAME)}

    assert watched_by(alarm) == [("AWS/Lambda", "ConcurrentExecutions", "Maximum", function, MINUTE)]
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 45)
    assert alarm["EvaluationPeriods"] == 30


def test_provisioned_pollers_have_no_cap_to_be_at(tmp_path: Path) -> None:
    pollers = Pollers(minimum=2, maximum=20)

    template = synthesize(tmp_path, replace(Config(), max_concurrency=None, provisioned_pollers=pollers))

    assert "concurrency-at-cap" not in alarms_of(template)


def test_a_day_without_a_job_is_an_alarm_where_some_are_expected_and_so_is_a_day_without_data(
    watched: Template,
) -> None:
    alarm = alarms_of(watched)["no-jobs"]
    jobs = {"Fn::GetAtt": [watched.id_of(Output.JOBS_QUEUE_URL), "QueueName"]}

    assert watched_by(alarm) == [("AWS/SQS", "NumberOfMessagesSent", "Sum", jobs, HOUR)]
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 1)
    assert (alarm["EvaluationPeriods"], alarm["TreatMissingData"]) == (24, "breaching")


def test_nothing_else_takes_silence_for_a_fault_and_letters_are_not_gone_because_of_it(watched: Template) -> None:
    others = {name: alarm["TreatMissingData"] for name, alarm in alarms_of(watched).items() if name != "no-jobs"}

    assert others.pop("dead-letters") == "ignore"
    assert set(others.values()) == {"notBreaching"}


def test_every_alarm_looks_back_no_further_than_cloudwatch_can(tmp_path: Path) -> None:
    # docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    longest = replace(EVERYTHING, alarm_at_cap_minutes=1440, alarm_no_jobs_hours=168, visibility_timeout_seconds=43_200)

    alarms = alarms_of(synthesize(tmp_path, longest))

    looks_back = {name: watched_by(alarm)[0][-1] * alarm["EvaluationPeriods"] for name, alarm in alarms.items()}
    assert (looks_back.pop("no-jobs"), looks_back["concurrency-at-cap"]) == (604_800, 86_400)
    assert max(looks_back.values()) <= 86_400


def test_thresholds_follow_the_settings(tmp_path: Path) -> None:
    config = replace(
        Config(),
        alarm_oldest_message_seconds=120,
        alarm_failed_percent=1,
        alarm_rejected_percent=2,
        alarm_minimum_jobs=1000,
        alarm_at_cap_minutes=7,
        max_concurrency=10,
        alarm_no_jobs_hours=3,
    )

    alarms = alarms_of(synthesize(tmp_path, config))

    assert alarms["oldest-message"]["Threshold"] == 120
    assert (alarms["failed-jobs"]["Threshold"], alarms["rejected-images"]["Threshold"]) == (1, 2)
    failed, rejected = (AlarmEvaluation.of(alarms[name]) for name in ("failed-jobs", "rejected-images"))
    assert metric_math(failed.expression, {"failed": 10, "all_failed": 10}) == 1
    assert metric_math(rejected.expression, {"rejected": 10, "all_rejected": 1000}) == 1
    assert (alarms["concurrency-at-cap"]["Threshold"], alarms["concurrency-at-cap"]["EvaluationPeriods"]) == (9, 7)
    assert alarms["no-jobs"]["EvaluationPeriods"] == 3


def test_one_event_that_nobody_took_is_an_alarm_also_while_it_is_looked_at(with_msk: Template) -> None:
    alarm = alarms_of(with_msk)["undelivered-events"]
    letters = {"Fn::GetAtt": [with_msk.id_of(EventsOutput.EVENT_DEAD_LETTER_QUEUE_URL), "QueueName"]}

    assert watched_by(alarm) == [
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", letters, MINUTE),
        ("AWS/SQS", "ApproximateNumberOfMessagesNotVisible", "Maximum", letters, MINUTE),
    ]
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 0)
    assert (alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"]) == (5, 1)


def test_an_event_that_was_tried_twice_is_an_alarm_before_sqs_counts_its_age_no_more(with_msk: Template) -> None:
    alarm = alarms_of(with_msk)["oldest-event"]
    queue = with_msk.behind(EventsOutput.EVENTS_QUEUE_URL)["Properties"]
    name = {"Fn::GetAtt": [with_msk.id_of(EventsOutput.EVENTS_QUEUE_URL), "QueueName"]}

    assert watched_by(alarm) == [("AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", name, MINUTE)]
    assert (alarm["Threshold"], alarm["EvaluationPeriods"]) == (390, 5)
    assert queue["VisibilityTimeout"] < 390 < 2 * queue["VisibilityTimeout"] - 5 * 60


@pytest.mark.parametrize(
    ("received", "deleted", "percent"), [(100, 100, 0), (100, 30, 70), (1, 0, 50), (2, 0, 100), (0, 0, 0)]
)
def test_tries_that_deliver_no_event_are_an_alarm_by_their_share(
    with_msk: Template, received: int, deleted: int, percent: int
) -> None:
    alarm = alarms_of(with_msk)["announce-failures"]
    expression = AlarmEvaluation.of(alarm).expression

    assert metric_math(expression, {"received": received, "deleted": deleted}) == percent
    assert (alarm["Threshold"], alarm["EvaluationPeriods"]) == (50, 2)


def test_the_dashboard_has_a_row_of_events_where_they_are_on(with_msk: Template) -> None:
    titles = [widget["properties"]["title"] for widget in widgets_of(with_msk)]

    assert titles[-4:] == [
        *("Events: come and delivered", "Events: announced, or not"),
        *("Oldest event, seconds", "Undelivered events"),
    ]
    assert {
        metric for metric in AnnounceMetric if f'"Darkroom", "{metric}"' not in json.dumps(widgets_of(with_msk))
    } == set()


def commands_below(group: TyperGroup) -> Iterator[str]:
    """What a person can type after `darkroom`."""
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from (f"{name} {below}" for below in commands_below(command))
        else:
            yield name


def test_every_alarm_says_what_it_means_and_the_first_command_to_run(with_msk: Template) -> None:
    commands = set(commands_below(cast("TyperGroup", get_command(app))))
    for name, alarm in alarms_of(with_msk).items():
        said = re.fullmatch(
            rf"(?P<means>.+\.) First: darkroom (?P<command>[a-z ]+) --stack Darkroom\. "
            rf"Then: docs/runbook\.md, section {name}\.",
            alarm["AlarmDescription"],
        )
        assert said, alarm["AlarmDescription"]
        assert len(said["means"].split()) >= 8
        assert said["command"] in commands
        assert len(alarm["AlarmDescription"]) <= 1024  # docs.aws.amazon.com: API_PutMetricAlarm


def test_every_alarm_has_its_section_in_the_runbook_with_the_same_first_command(with_msk: Template) -> None:
    sections = dict(re.findall(r"^### `([a-z-]+)`\n(.*?)(?=^##|\Z)", RUNBOOK, re.MULTILINE | re.DOTALL))
    alarms = alarms_of(with_msk)

    assert set(sections) == set(alarms)
    for name, section in sections.items():
        (command,) = re.findall(r"First: (darkroom [a-z ]+) --stack", alarms[name]["AlarmDescription"])
        assert command in section
        for part in ("**It means:**", "**Look at:**", "**Do:**", "**It is over when**"):
            assert part in section, f"{name} has no {part}"


def test_every_alarm_stands_in_the_runbook(with_msk: Template) -> None:
    table = RUNBOOK.partition("| alarm | goes off when |\n")[2].partition("\n\n")[0]

    assert set(re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE)) == set(alarms_of(with_msk))


def test_the_page_on_cost_counts_what_alarms_cost(template: Template, watched: Template, with_msk: Template) -> None:
    # aws.amazon.com/cloudwatch/pricing: each metric that an alarm looks at is billed.
    default, with_all, with_events = (
        sum(len(watched_by(alarm)) for alarm in alarms_of(made).values()) for made in (template, watched, with_msk)
    )

    assert f"{len(Metric)} metrics of its own at 0.30 USD" in COST
    assert f"alarms over {default}\nmetrics at 0.10 USD ({with_all} with `no-jobs`)" in COST
    of_events = len(AnnounceMetric) * 0.30 + (with_events - with_all) * 0.10
    assert f"{len(AnnounceMetric)} metrics and alarms over {with_events - with_all}, {of_events:.2f} USD" in COST
    assert f"about {len(Metric) * 0.30 + default * 0.10:.2f} USD a month" in COST


def test_every_saved_query_is_told_of_in_the_runbook(template: Template) -> None:
    names = {query["Properties"]["Name"] for query in template.all_of("AWS::Logs::QueryDefinition").values()}

    assert {name for name in names if f"`{name.removeprefix('Darkroom/')}`" not in RUNBOOK} == set()


def test_without_an_address_nobody_is_told_and_there_is_no_topic(template: Template) -> None:
    assert template.all_of("AWS::SNS::Topic") == template.all_of("AWS::KMS::Key") == {}
    assert [alarm for alarm in alarms_of(template).values() if "AlarmActions" in alarm or "OKActions" in alarm] == []


def test_every_alarm_tells_the_address_that_it_goes_off_and_that_it_is_over(watched: Template) -> None:
    (topic,) = watched.all_of("AWS::SNS::Topic")

    assert watched.only("AWS::SNS::Subscription")["Properties"] == {
        "Endpoint": "ops@example.com",
        "Protocol": "email",
        "TopicArn": {"Ref": topic},
    }
    for alarm in alarms_of(watched).values():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": topic}]


def widgets_of(template: Template) -> list[Json]:
    """The widgets of the dashboard, each reference written as `<resource>`, by its logical id."""

    def name_of(reference: Json) -> str:
        (target,) = reference.values()
        return f"<{target if isinstance(target, str) else target[0]}>"

    _, parts = template.only("AWS::CloudWatch::Dashboard")["Properties"]["DashboardBody"]["Fn::Join"]
    body = "".join(part if isinstance(part, str) else name_of(part) for part in parts)
    widgets: list[Json] = json.loads(body)["widgets"]
    return widgets


def test_the_dashboard_has_a_row_each_for_alarms_queues_function_and_outcomes(template: Template) -> None:
    rows: dict[int, list[str]] = {}
    for widget in widgets_of(template):
        rows.setdefault(widget["y"], []).append(widget["properties"]["title"])

    assert list(rows.values()) == [
        ["Alarms: docs/runbook.md"],
        ["Jobs: waiting, and being done", "Jobs: come and gone", "Oldest job, seconds", "Dead letters"],
        [
            *("Invocations at once", "Invocations"),
            *("Duration of a batch, milliseconds", "Crashes, throttles, and receives of one job"),
        ],
        ["Ends of jobs", "Failed and rejected, %", "A job, milliseconds", "Bytes in and out"],
    ]


def test_the_dashboard_shows_this_stacks_own_queues_function_alarms_and_counts(template: Template) -> None:
    outputs = (Output.JOBS_QUEUE_URL, Output.DEAD_LETTER_QUEUE_URL, Output.FUNCTION_NAME)
    own = {"Darkroom", *(f"<{template.id_of(output)}>" for output in outputs)}
    alarms, *graphs = [widget["properties"] for widget in widgets_of(template)]
    metrics = [metric for graph in graphs for metric in graph["metrics"] if isinstance(metric[0], str)]

    assert {metric[3] for metric in metrics} == own
    assert {metric[2] for metric in metrics} == {"QueueName", "FunctionName", "service"}
    assert alarms["alarms"] == [f"<{name}>" for name in template.all_of("AWS::CloudWatch::Alarm")]
    assert {graph["region"] for graph in graphs} == {"<AWS::Region>"}


def test_the_dashboard_shows_every_metric_that_the_function_counts(template: Template) -> None:
    text = json.dumps(widgets_of(template))

    assert {metric for metric in Metric if f'"Darkroom", "{metric}"' not in text} == set()


def test_the_queries_ask_the_functions_log_and_ask_the_person_for_what_their_text_leaves_open(
    template: Template,
) -> None:
    (log,) = template.all_of("AWS::Logs::LogGroup")
    queries = [query["Properties"] for query in template.all_of("AWS::Logs::QueryDefinition").values()]

    assert [query["LogGroupNames"] for query in queries] == [[{"Ref": log}]] * 6
    for query in queries:
        left_open = re.findall(r"{{(\w+)}}", query["QueryString"])
        assert [parameter["Name"] for parameter in query.get("Parameters", [])] == left_open


def test_no_alarm_of_a_stack_can_have_the_name_of_another_stacks_however_that_is_called(with_msk: Template) -> None:
    names = [*alarms_of(with_msk)]

    # `Darkroom` and `Darkroom-a` would share `Darkroom-a-b` if one alarm were called `a-b` and another `b`.
    assert [(one, other) for one in names for other in names if one.endswith(f"-{other}")] == []


def test_two_stacks_in_one_account_share_no_name(with_event_bridge: Template, tmp_path: Path) -> None:
    staging = synthesize(tmp_path, replace(WITH_EVENT_BRIDGE, stack_name="Staging"))

    assert names_of(with_event_bridge) & names_of(staging) == set()
    counted = [
        metric for alarm in alarms_of(staging).values() for metric in watched_by(alarm) if metric[0] == "Darkroom"
    ]
    assert {metric[3] for metric in counted} == {"Staging"}
    assert "Darkroom-" not in staging.text
    assert '"Value": "Darkroom"' not in staging.text


def names_of(template: Template) -> set[str]:
    """Every name that is written into the template, and not made by CloudFormation."""
    resources = [resource.get("Properties", {}) for resource in template.json["Resources"].values()]
    kinds = (
        "AlarmName",
        "DashboardName",
        "QueueName",
        "Name",
        "TopicName",
        "LogGroupName",
        "BucketName",
        "RegistryName",
    )
    named = [found[kind] for found in resources for kind in kinds if kind in found]
    names = {json.dumps(name) for name in named if "Fn::GetAtt" not in name}
    return names - {'"live"'}  # an alias belongs to its function


def test_without_monitoring_there_is_nothing_of_it(tmp_path: Path) -> None:
    template = synthesize(tmp_path, replace(Config(), monitoring=False))

    kinds = {resource["Type"] for resource in template.json["Resources"].values()}
    assert {kind for kind in kinds if "CloudWatch" in kind or "SNS" in kind or "Query" in kind} == set()
