"""The function: its platform, its log, what feeds it, and a role with exactly the permissions that it uses."""

import json
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from resize.settings import Settings
from stacks.config.config import Config
from stacks.config.rules import Pollers
from stacks.outputs import Output
from support.aws.stack import Template, arn_of, in_cloudformation, joined, synthesize


def properties_of(template: Template) -> dict[str, Any]:
    properties: dict[str, Any] = template.behind(Output.FUNCTION_NAME)["Properties"]
    return properties


def test_the_function_runs_on_the_newest_python_on_arm_with_one_full_processor(template: Template) -> None:
    function = properties_of(template)

    assert function["Runtime"] == "python3.14"
    assert function["Architectures"] == ["arm64"]
    assert function["MemorySize"] == 1769


def test_the_handler_is_where_the_package_has_it(template: Template) -> None:
    package, module, name = properties_of(template)["Handler"].split(".")
    source = Path(__file__).parents[2] / "lambdas" / package / f"{module}.py"

    assert f"def {name}(event" in source.read_text()


def test_the_function_reads_back_from_its_environment_what_was_configured(template: Template) -> None:
    uploads = in_cloudformation(template.behind(Output.UPLOADS_BUCKET)["Properties"]["BucketName"])
    derived = f"<{template.id_of(Output.DERIVED_BUCKET)}>"
    jobs = f"<{template.id_of(Output.JOBS_QUEUE_URL)}>"
    variables = properties_of(template)["Environment"]["Variables"]
    environment = {name: in_cloudformation(value) for name, value in variables.items()}

    settings = Settings.from_environment(environment)

    assert settings == Config().settings(uploads_bucket=uploads, derived_bucket=derived, jobs_queue_url=jobs)
    assert environment == settings.to_environment()


def test_the_function_logs_json_to_a_log_group_that_forgets_after_30_days(template: Template) -> None:
    ((name, group),) = template.all_of("AWS::Logs::LogGroup").items()

    assert properties_of(template)["LoggingConfig"] == {"LogFormat": "JSON", "LogGroup": {"Ref": name}}
    assert group["Properties"] == {"RetentionInDays": 30}


def test_the_function_is_not_traced_and_may_not_be(template: Template) -> None:
    assert "TracingConfig" not in properties_of(template)
    assert [right for right in rights_of(template) if "xray" in str(right)] == []


def test_a_stack_with_tracing_has_it_traced_and_nothing_else_is_changed(template: Template, tmp_path: Path) -> None:
    traced = synthesize(tmp_path, replace(Config(), tracing=True))

    assert properties_of(traced)["TracingConfig"] == {"Mode": "Active"}
    assert rights_of(traced) - rights_of(template) == as_text(
        ("xray:PutTraceSegments", "*"), ("xray:PutTelemetryRecords", "*")
    )
    kinds = [sorted(resource["Type"] for resource in each.json["Resources"].values()) for each in (traced, template)]
    assert kinds[0] == kinds[1]


def test_no_concurrency_is_reserved_as_a_throttled_invocation_would_count_as_a_receive(template: Template) -> None:
    assert "ReservedConcurrentExecutions" not in properties_of(template)


def test_the_queue_feeds_the_function_in_batches_of_ten_that_may_fail_in_part(template: Template) -> None:
    mapping = template.only("AWS::Lambda::EventSourceMapping")["Properties"]
    assert {name: value for name, value in mapping.items() if name != "FunctionName"} == {
        "EventSourceArn": arn_of(template.id_of(Output.JOBS_QUEUE_URL)),
        "BatchSize": 10,
        "MaximumBatchingWindowInSeconds": 0,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "ScalingConfig": {"MaximumConcurrency": 50},
    }


def test_jobs_meet_the_newest_version_of_the_function_so_that_it_knows_its_number(template: Template) -> None:
    ((version, _),) = template.all_of("AWS::Lambda::Version").items()
    ((alias, _),) = template.all_of("AWS::Lambda::Alias").items()

    assert template.only("AWS::Lambda::Alias")["Properties"] == {
        "FunctionName": {"Ref": template.id_of(Output.FUNCTION_NAME)},
        "FunctionVersion": {"Fn::GetAtt": [version, "Version"]},
        "Name": "live",
    }
    target = json.dumps(template.only("AWS::Lambda::EventSourceMapping")["Properties"]["FunctionName"])
    assert alias in target
    assert ":live" in target


def test_provisioned_pollers_take_the_place_of_a_maximum_concurrency(tmp_path: Path) -> None:
    pollers = Pollers(minimum=3, maximum=30)

    template = synthesize(tmp_path, replace(Config(), max_concurrency=None, provisioned_pollers=pollers))

    mapping = template.only("AWS::Lambda::EventSourceMapping")["Properties"]
    assert mapping["ProvisionedPollerConfig"] == {"MinimumPollers": 3, "MaximumPollers": 30}
    assert "ScalingConfig" not in mapping


def test_only_lambda_may_take_the_role(template: Template) -> None:
    (statement,) = template.only("AWS::IAM::Role")["Properties"]["AssumeRolePolicyDocument"]["Statement"]

    assert statement == {
        "Action": "sts:AssumeRole",
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
    }


def test_the_role_has_no_policy_but_its_own(template: Template) -> None:
    ((name, role),) = template.all_of("AWS::IAM::Role").items()

    assert set(role["Properties"]) == {"AssumeRolePolicyDocument"}
    assert template.only("AWS::IAM::Policy")["Properties"]["Roles"] == [{"Ref": name}]
    assert template.all_of("AWS::IAM::ManagedPolicy") == {}


def test_the_role_allows_exactly_what_the_function_does(template: Template) -> None:
    (log_group,) = template.all_of("AWS::Logs::LogGroup")
    name = in_cloudformation(template.behind(Output.UPLOADS_BUCKET)["Properties"]["BucketName"])
    uploads, derived = f"arn:aws:s3:::{name}", arn_of(template.id_of(Output.DERIVED_BUCKET))
    jobs = arn_of(template.id_of(Output.JOBS_QUEUE_URL))

    assert rights_of(template) == as_text(
        ("logs:CreateLogStream", arn_of(log_group)),
        ("logs:PutLogEvents", arn_of(log_group)),
        ("sqs:ReceiveMessage", jobs),
        ("sqs:DeleteMessage", jobs),
        ("sqs:GetQueueAttributes", jobs),
        ("sqs:ChangeMessageVisibility", jobs),
        ("s3:GetObject", f"{uploads}/*"),
        ("s3:GetObjectVersion", f"{uploads}/*"),
        ("s3:ListBucket", uploads),
        ("s3:ListBucketVersions", uploads),
        ("s3:GetObject", joined(derived, "/*")),
        ("s3:PutObject", joined(derived, "/*")),
        ("s3:PutObjectTagging", joined(derived, "/*")),
        ("s3:DeleteObject", joined(derived, "/*")),
        ("s3:ListBucket", derived),
    )


@pytest.mark.parametrize("config", [Config(), Config(fallback_versions=0, keep_variants_of_expired=True)])
def test_the_role_may_see_and_read_old_versions_only_where_one_may_be_shown(config: Config, tmp_path: Path) -> None:
    """In place of a rejected one, or after it has expired."""
    folders = [tmp_path / name for name in ("reading", "current")]
    for folder in folders:
        folder.mkdir()
    reading = synthesize(folders[0], config)
    current_alone = synthesize(folders[1], Config(fallback_versions=0))
    uploads = f"arn:aws:s3:::{in_cloudformation(reading.behind(Output.UPLOADS_BUCKET)['Properties']['BucketName'])}"

    assert rights_of(reading) - rights_of(current_alone) == as_text(
        ("s3:GetObjectVersion", f"{uploads}/*"), ("s3:ListBucketVersions", uploads)
    )


def test_the_role_has_its_rights_before_the_function_is_made(template: Template) -> None:
    (policy,) = template.all_of("AWS::IAM::Policy")

    assert policy in template.behind(Output.FUNCTION_NAME)["DependsOn"]


def rights_of(template: Template) -> set[tuple[str, str]]:
    """Every action with every resource that the role's policy allows."""
    statements = template.only("AWS::IAM::Policy")["Properties"]["PolicyDocument"]["Statement"]
    assert {statement["Effect"] for statement in statements} == {"Allow"}
    assert not [statement for statement in statements if "NotAction" in statement or "NotResource" in statement]
    pairs = (product(as_list(statement["Action"]), as_list(statement["Resource"])) for statement in statements)
    return as_text(*(right for rights in pairs for right in rights))


def as_text(*rights: tuple[str, object]) -> set[tuple[str, str]]:
    return {(action, in_cloudformation(resource)) for action, resource in rights}


def as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]
