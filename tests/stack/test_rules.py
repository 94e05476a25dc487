"""Rule packs look at the stack: none finds anything but what the stack explains, and each is seen to look."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import cfnlint.api  # type: ignore[import-untyped]  # cfn-lint says nothing of its types
import pytest

from support.aws.stack import (
    EVERYTHING,
    WITH_CONFLUENT,
    WITH_DELIVERY,
    WITH_DELIVERY_OF_THEIR_BUCKET,
    WITH_DOMAIN,
    WITH_EVENT_BRIDGE,
    WITH_LOG,
    WITH_LOG_IN_VPC,
    WITH_MSK,
    WITH_NOTIFICATION,
    WITH_SCRAM,
    WITH_SIGNED_URLS,
    WITH_THEIR_DISTRIBUTION,
    Template,
    make_app,
    synthesize_all,
)

from stacks.config.config import Config  # isort: skip

from aws_cdk import App, Stack, Validations
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from cdk_nag import AwsSolutionsChecks, ServerlessChecks
from constructs import Construct

# A rule, and the construct it does not like.
Finding: TypeAlias = tuple[str, str]

# What the packs would say without the stack's explanations: nine times, and not once more.
EXPLAINED: list[Finding] = [
    ("AwsSolutions-IAM5", "Darkroom/Consumer/Role/DefaultPolicy/Resource"),
    ("AwsSolutions-IAM5", "Darkroom/Consumer/Role/DefaultPolicy/Resource"),
    ("AwsSolutions-S1", "Darkroom/Storage/Derived/Resource"),
    ("AwsSolutions-S1", "Darkroom/Storage/Uploads/Resource"),
    ("Serverless-LambdaDLQ", "Darkroom/Consumer/Function/Resource"),
    ("Serverless-LambdaEventSourceMappingDestination", "Darkroom/Consumer/Jobs/Resource"),
    ("Serverless-LambdaTracing", "Darkroom/Consumer/Function/Resource"),
    ("Serverless-SNSRedrivePolicy", "Darkroom/Monitoring/Email/Address/Resource"),
    ("Serverless-SQSRedrivePolicy", "Darkroom/Queues/DeadLetters/Resource"),
]

# What events add to them, whatever the target.
EXPLAINED_OF_EVENTS: list[Finding] = [
    ("Serverless-LambdaDLQ", "Darkroom/EventLog/Announce/Function/Resource"),
    ("Serverless-LambdaEventSourceMappingDestination", "Darkroom/EventLog/Announce/Events/Resource"),
    ("Serverless-LambdaTracing", "Darkroom/EventLog/Announce/Function/Resource"),
    ("Serverless-SQSRedrivePolicy", "Darkroom/EventLog/Queues/DeadLetters/Resource"),
]
# In a VPC it may make network interfaces, which are of no resource.
EXPLAINED_OF_VPC: list[Finding] = [("AwsSolutions-IAM5", "Darkroom/EventLog/Announce/Role/DefaultPolicy/Resource")]
IN_VPC = [WITH_MSK, WITH_SCRAM]
TARGETS = [WITH_EVENT_BRIDGE, WITH_MSK, WITH_SCRAM, WITH_CONFLUENT]

# What a distribution adds to those of the stack without events, with CloudFront's own certificate or with one's own.
EXPLAINED_OF_DELIVERY: list[Finding] = [
    ("AwsSolutions-CFR1", "Darkroom/Delivery/Distribution/Resource"),
    ("AwsSolutions-CFR2", "Darkroom/Delivery/Distribution/Resource"),
    ("AwsSolutions-CFR3", "Darkroom/Delivery/Distribution/Resource"),
]
OF_CLOUDFRONTS_CERTIFICATE: list[Finding] = [("AwsSolutions-CFR4", "Darkroom/Delivery/Distribution/Resource")]
DELIVERIES = [WITH_DELIVERY, WITH_DELIVERY_OF_THEIR_BUCKET, WITH_DOMAIN, WITH_SIGNED_URLS, WITH_THEIR_DISTRIBUTION]

# And what the stack `Log` adds, whoever has made its network.
EXPLAINED_OF_LOG: list[Finding] = [
    *EXPLAINED_OF_VPC,
    ("Serverless-LambdaDLQ", "Darkroom-Log/Facts/Function/Resource"),
    ("Serverless-LambdaTracing", "Darkroom-Log/Facts/Function/Resource"),
]
LOGS = [WITH_LOG, WITH_LOG_IN_VPC]

# What differs with a bucket that is there, which tells of its uploads by itself.
EXPLAINED_OF_NOTIFICATION: list[Finding] = [
    ("Serverless-LambdaDLQ", "Darkroom/UploadsNotification/Function/Resource"),
    ("Serverless-LambdaTracing", "Darkroom/UploadsNotification/Function/Resource"),
]

# What checkov is told to skip; that it finds just these without being told is for `make checkov`, which has checkov.
EXPLAINED_TO_CHECKOV: list[Finding] = [
    ("CKV_AWS_115", "ConsumerFunction"),
    ("CKV_AWS_116", "ConsumerFunction"),
    ("CKV_AWS_117", "ConsumerFunction"),
    ("CKV_AWS_158", "ConsumerLog"),
    ("CKV_AWS_173", "ConsumerFunction"),
    ("CKV_AWS_18", "StorageDerived"),
    ("CKV_AWS_18", "StorageUploads"),
    ("CKV_AWS_21", "StorageDerived"),
    ("CKV_AWS_27", "QueuesDeadLetters"),
    ("CKV_AWS_27", "QueuesJobs"),
    ("CKV_AWS_50", "ConsumerFunction"),
]
# What is explained in place of the findings about X-Ray's absence where it is there: its actions know no resource.
TRACED = replace(EVERYTHING, tracing=True)


def findings_in(scope: Construct) -> list[Finding]:
    """What the AWS Solutions and the Serverless pack find."""
    reports = [pack(scope).validate_scope(scope) for pack in (AwsSolutionsChecks, ServerlessChecks)]
    return sorted(
        (violation.rule_name.partition("[")[0], str(resource.construct_path))
        for report in reports
        for violation in report.violations
        for resource in violation.violating_resources
    )


@pytest.mark.parametrize(
    "config",
    [
        *(Config(), EVERYTHING, replace(Config(), key_prefix="photos/", retain_data=False, monitoring=False)),
        replace(Config(), legacy_uploads_bucket="darkroom-storageuploads-1x2y3z"),
        TRACED,
        *TARGETS,
        *LOGS,
        *DELIVERIES,
        WITH_NOTIFICATION,
    ],
)
def test_the_packs_find_nothing_that_is_not_explained(tmp_path: Path, config: Config) -> None:
    assert findings_in(make_app(tmp_path, config)) == []


@pytest.mark.parametrize("config", [EVERYTHING, WITH_EVENT_BRIDGE, WITH_LOG, WITH_DELIVERY, WITH_NOTIFICATION])
def test_synthesis_succeeds_with_the_packs_as_plugins_of_the_app(tmp_path: Path, config: Config) -> None:
    app = make_app(tmp_path, config)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app), ServerlessChecks(app))

    app.synth()

    report = json.loads((tmp_path / "cdk.out" / "validation-report.json").read_text())
    assert [plugin for plugin in report["pluginReports"] if plugin["violations"]] == []


def skipped_by_checkov(template: Template) -> list[tuple[str, str, str]]:
    """Each rule that it is told to skip, the construct, and why."""
    return [
        (skip["id"], name.rstrip("0123456789ABCDEF"), skip["comment"])
        for name, resource in template.json["Resources"].items()
        for skip in resource.get("Metadata", {}).get("checkov", {"skip": []})["skip"]
    ]


def test_checkov_is_told_to_skip_eleven_findings_and_why(template: Template) -> None:
    told = skipped_by_checkov(template)

    assert sorted((rule, name) for rule, name, _ in told) == EXPLAINED_TO_CHECKOV
    assert [comment for *_, comment in told if len(comment.split()) < 8] == []


def test_of_events_checkov_is_told_to_skip_eight_more_and_in_a_vpc_another_of_them(
    with_event_bridge: Template, with_msk: Template
) -> None:
    outside, inside = ("CKV_AWS_117", "EventLogAnnounceFunction"), ("CKV_AWS_111", "EventLogAnnounceRoleDefaultPolicy")
    for template, more in ((with_event_bridge, [outside]), (with_msk, [inside])):
        told = skipped_by_checkov(template)

        of_events = [(rule, name) for rule, name, _ in told if name.startswith("EventLog")]
        assert sorted(of_events) == sorted(
            [
                ("CKV_AWS_115", "EventLogAnnounceFunction"),
                ("CKV_AWS_116", "EventLogAnnounceFunction"),
                ("CKV_AWS_158", "EventLogAnnounceLog"),
                ("CKV_AWS_173", "EventLogAnnounceFunction"),
                ("CKV_AWS_27", "EventLogQueuesDeadLetters"),
                ("CKV_AWS_27", "EventLogQueuesEvents"),
                ("CKV_AWS_50", "EventLogAnnounceFunction"),
                *more,
            ]
        )
        assert [comment for *_, comment in told if len(comment.split()) < 8] == []


def test_each_explanation_answers_a_finding_and_their_number_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Validations, "acknowledge", explain_nothing)

    assert findings_in(make_app(tmp_path, EVERYTHING)) == EXPLAINED


def test_what_is_traced_is_explained_by_what_x_ray_may_write_in_place_of_its_absence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Validations, "acknowledge", explain_nothing)

    found = findings_in(make_app(tmp_path, TRACED))

    untraced = [finding for finding in EXPLAINED if finding[0] != "Serverless-LambdaTracing"]
    assert found == sorted([*untraced, ("AwsSolutions-IAM5", "Darkroom/Consumer/Role/DefaultPolicy/Resource")])


@pytest.mark.parametrize("config", TARGETS)
def test_events_are_explained_four_times_and_in_a_vpc_five(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: Config
) -> None:
    monkeypatch.setattr(Validations, "acknowledge", explain_nothing)

    explained = EXPLAINED + EXPLAINED_OF_EVENTS + (EXPLAINED_OF_VPC if config in IN_VPC else [])
    assert findings_in(make_app(tmp_path, config)) == sorted(explained)


@pytest.mark.parametrize(
    ("config", "more"),
    [
        (WITH_DELIVERY, EXPLAINED_OF_DELIVERY + OF_CLOUDFRONTS_CERTIFICATE),
        (WITH_DOMAIN, EXPLAINED_OF_DELIVERY),
        (WITH_THEIR_DISTRIBUTION, []),
    ],
)
def test_a_distribution_is_explained_three_times_and_once_more_without_a_certificate_of_ones_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: Config, more: list[Finding]
) -> None:
    monkeypatch.setattr(Validations, "acknowledge", explain_nothing)

    assert findings_in(make_app(tmp_path, config)) == sorted(EXPLAINED + more)


@pytest.mark.parametrize("config", LOGS)
def test_the_stack_log_is_explained_twice_and_is_in_a_vpc(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: Config
) -> None:
    monkeypatch.setattr(Validations, "acknowledge", explain_nothing)

    assert findings_in(make_app(tmp_path, config)) == sorted(EXPLAINED + EXPLAINED_OF_EVENTS + EXPLAINED_OF_LOG)


def test_a_bucket_that_notifies_by_itself_is_explained_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Validations, "acknowledge", explain_nothing)
    of_own_bucket = ("AwsSolutions-S1", "Darkroom/Storage/Uploads/Resource")

    found = findings_in(make_app(tmp_path, WITH_NOTIFICATION))

    assert found == sorted([each for each in EXPLAINED if each != of_own_bucket] + EXPLAINED_OF_NOTIFICATION)


def test_of_such_a_bucket_checkov_is_told_to_skip_four_more_findings_and_why(tmp_path: Path) -> None:
    told = skipped_by_checkov(synthesize_all(tmp_path, WITH_NOTIFICATION)["Darkroom"])

    assert sorted((rule, name) for rule, name, _ in told if name.startswith("Uploads")) == [
        ("CKV_AWS_115", "UploadsNotificationFunction"),
        ("CKV_AWS_116", "UploadsNotificationFunction"),
        ("CKV_AWS_117", "UploadsNotificationFunction"),
        ("CKV_AWS_158", "UploadsNotificationLog"),
    ]
    assert [comment for *_, comment in told if len(comment.split()) < 8] == []


def test_of_the_stack_log_checkov_is_told_to_skip_five_findings_and_why(tmp_path: Path) -> None:
    told = skipped_by_checkov(synthesize_all(tmp_path, WITH_LOG)["Darkroom-Log"])

    assert sorted((rule, name) for rule, name, _ in told) == [
        ("CKV_AWS_115", "FactsFunction"),
        ("CKV_AWS_116", "FactsFunction"),
        ("CKV_AWS_117", "FactsFunction"),
        ("CKV_AWS_158", "FactsLog"),
        ("CKV_AWS_158", "NetworkTraffic"),
    ]
    assert [comment for *_, comment in told if len(comment.split()) < 8] == []


@pytest.mark.parametrize(
    ("config", "findings"),
    [
        (EVERYTHING, EXPLAINED),
        (WITH_LOG, EXPLAINED + EXPLAINED_OF_EVENTS + EXPLAINED_OF_LOG),
        (WITH_DELIVERY, EXPLAINED + EXPLAINED_OF_DELIVERY + OF_CLOUDFRONTS_CERTIFICATE),
    ],
)
def test_every_explanation_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: Config, findings: list[Finding]
) -> None:
    given: list[str] = []
    monkeypatch.setattr(Validations, "acknowledge", lambda _self, *rules: given.extend(rule.reason for rule in rules))

    make_app(tmp_path, config)

    assert len(given) >= len(set(findings))
    assert [reason for reason in given if len(reason.split()) < 8] == []


def test_both_packs_find_fault_with_a_careless_stack() -> None:
    stack = Stack(App(), "Careless")
    s3.CfnBucket(stack, "Bucket")
    sqs.CfnQueue(stack, "Queue")

    found = {rule for rule, _ in findings_in(stack)}

    assert {"AwsSolutions-S1", "AwsSolutions-S10", "AwsSolutions-SQS4", "Serverless-SQSRedrivePolicy"} <= found


@pytest.mark.parametrize(
    "config",
    [
        Config(),
        EVERYTHING,
        *(pytest.param(each, marks=pytest.mark.long) for each in (WITH_NOTIFICATION, *TARGETS, *LOGS, *DELIVERIES)),
        pytest.param(replace(Config(), legacy_uploads_bucket="its-bucket"), marks=pytest.mark.long),
    ],
)
def test_cfn_lint_finds_nothing_that_is_not_explained(tmp_path: Path, config: Config) -> None:
    templates = synthesize_all(tmp_path, config).values()

    assert [str(match) for each in templates for match in cfnlint.api.lint(each.text)] == []


def test_cfn_lint_is_told_to_overlook_one_finding_of_one_rule(template: Template) -> None:
    unexplained = template.json
    for resource in unexplained["Resources"].values():
        resource.pop("Metadata", None)

    assert [match.rule.id for match in cfnlint.api.lint(json.dumps(unexplained))] == ["W3005"]


@pytest.mark.long
def test_cfn_lint_finds_queues_that_keep_messages_longer_than_sqs_can(template: Template) -> None:
    careless = template.json
    for queue in careless["Resources"].values():
        if queue["Type"] == "AWS::SQS::Queue":
            queue["Properties"]["MessageRetentionPeriod"] = 15 * 86_400

    assert [match.rule.id for match in cfnlint.api.lint(json.dumps(careless))] == ["E3034", "E3034"]


def explain_nothing(_validations: Validations, *_rules: Any) -> None:
    pass
