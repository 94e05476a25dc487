"""A stack whose uploads bucket is there already: told of by EventBridge, and not touched, or by its notifications."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from resize.imaging.presets import parse_presets
from stacks.config.config import Config
from stacks.config.existing_bucket import NOTIFICATION_TYPE, ExistingBucket
from stacks.outputs import Output, UploadsOutput
from stacks.pipeline import PipelineStack
from support.aws.stack import WITH_NOTIFICATION, Template, arn_of, in_cloudformation, joined, synthesize

from aws_cdk import App  # isort: skip  # after stacks, which chooses its Node

KEY_ARN = "arn:aws:kms:eu-west-1:123456789012:key/12345678-1234-1234-1234-123456789012"
CONFIG = Config(uploads_bucket=ExistingBucket(name="photos", kms_key_arn=KEY_ARN), key_prefix="shop/")


@pytest.fixture(scope="module")
def adopted(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return synthesize(tmp_path_factory.mktemp("adopted"), CONFIG)


def rule_of(template: Template) -> dict[str, Any]:
    properties: dict[str, Any] = template.only("AWS::Events::Rule")["Properties"]
    return properties


def statements_of_the_function(template: Template) -> dict[str, dict[str, Any]]:
    """What the function's role allows, by its name."""
    policy = template.only("AWS::IAM::Policy")["Properties"]["PolicyDocument"]
    return {each["Sid"]: each for each in policy["Statement"] if "Sid" in each}


def test_the_stack_makes_no_bucket_but_the_derived_one(adopted: Template) -> None:
    assert set(adopted.all_of("AWS::S3::Bucket")) == {adopted.id_of(Output.DERIVED_BUCKET)}
    (policy,) = adopted.all_of("AWS::S3::BucketPolicy").values()
    assert policy["Properties"]["Bucket"] == {"Ref": adopted.id_of(Output.DERIVED_BUCKET)}


def test_no_resource_of_the_stack_is_about_the_uploads_bucket_s_own_configuration(adopted: Template) -> None:
    kinds = {resource["Type"] for resource in adopted.json["Resources"].values()}

    assert not {kind for kind in kinds if kind.startswith("Custom::") or kind == "AWS::CloudFormation::CustomResource"}


def test_a_rule_sends_what_happens_to_keys_with_the_prefix_to_the_jobs_queue(adopted: Template) -> None:
    rule = rule_of(adopted)

    assert rule["EventPattern"] == {
        "source": ["aws.s3"],
        "detail-type": ["Object Created", "Object Deleted"],
        "detail": {"bucket": {"name": ["photos"]}, "object": {"key": [{"prefix": "shop/"}]}},
    }
    assert rule["State"] == "ENABLED"
    (target,) = rule["Targets"]
    assert target["Arn"] == arn_of(adopted.id_of(Output.JOBS_QUEUE_URL))
    assert target["DeadLetterConfig"] == {"Arn": arn_of(adopted.id_of(Output.DEAD_LETTER_QUEUE_URL))}


@pytest.mark.parametrize("queue", [Output.JOBS_QUEUE_URL, Output.DEAD_LETTER_QUEUE_URL])
def test_only_the_rule_may_send_to_a_queue(adopted: Template, queue: Output) -> None:
    (rule,) = adopted.all_of("AWS::Events::Rule")
    statements = adopted.policies_of(queue, "AWS::SQS::QueuePolicy")

    (allowed,) = [statement for statement in statements if statement["Effect"] == "Allow"]

    assert allowed["Principal"] == {"Service": "events.amazonaws.com"}
    assert allowed["Condition"] == {"ArnEquals": {"aws:SourceArn": arn_of(rule)}}
    assert "sqs:SendMessage" in allowed["Action"]


def test_the_function_reads_the_bucket_and_decrypts_through_s3_alone(adopted: Template) -> None:
    statements = statements_of_the_function(adopted)

    assert in_cloudformation(statements["ReadUploads"]["Resource"]) == "arn:aws:s3:::photos/shop/*"
    assert in_cloudformation(statements["SeeGoneUploads"]["Resource"]) == "arn:aws:s3:::photos"
    decrypt = statements["DecryptUploads"]
    assert (decrypt["Action"], decrypt["Resource"]) == ("kms:Decrypt", KEY_ARN)
    assert in_cloudformation(decrypt["Condition"]["StringEquals"]["kms:ViaService"]).startswith("s3.eu-west-1.")


def test_the_outputs_name_the_bucket_and_who_tells_of_it(adopted: Template) -> None:
    outputs = adopted.json["Outputs"]

    assert outputs[Output.UPLOADS_BUCKET]["Value"] == "photos"
    assert outputs[UploadsOutput.NOTIFIED_BY]["Value"] == "eventbridge"


def test_without_a_prefix_every_key_is_told_of_and_without_a_key_nothing_is_decrypted(tmp_path: Path) -> None:
    template = synthesize(tmp_path, replace(CONFIG, uploads_bucket=ExistingBucket(name="photos"), key_prefix=""))

    assert rule_of(template)["EventPattern"]["detail"] == {"bucket": {"name": ["photos"]}}
    assert "DecryptUploads" not in statements_of_the_function(template)


def test_prefixes_of_several_presets_are_in_the_same_rule(tmp_path: Path) -> None:
    presets = parse_presets([{"prefix": each, "variants": {"tiny": {"width": 16}}} for each in ("b/", "a/", "a/b/")])

    template = synthesize(tmp_path, replace(CONFIG, key_prefix="", variants=(), presets=presets))

    assert rule_of(template)["EventPattern"]["detail"]["object"] == {"key": [{"prefix": "a/"}, {"prefix": "b/"}]}


@pytest.fixture(scope="module")
def notified(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return synthesize(tmp_path_factory.mktemp("notified"), WITH_NOTIFICATION)


def test_a_bucket_that_notifies_by_itself_has_the_stack_s_entries_by_a_resource_of_its_own(notified: Template) -> None:
    entries = notified.only(NOTIFICATION_TYPE)
    queue = notified.behind(Output.JOBS_QUEUE_URL)["Properties"]["QueueName"]

    assert not notified.all_of("AWS::Events::Rule")
    assert {name: entries["Properties"][name] for name in ("Bucket", "QueueArn", "Prefixes", "Owner")} == {
        "Bucket": "photos",
        "QueueArn": arn_of(notified.id_of(Output.JOBS_QUEUE_URL)),
        "Prefixes": ["shop/"],
        "Owner": queue,
    }
    assert entries["Properties"]["ServiceTimeout"] == "120"
    assert notified.json["Outputs"][UploadsOutput.NOTIFIED_BY]["Value"] == "notification"


def test_they_come_after_what_lets_the_bucket_send_and_the_mapping_that_takes_what_it_sends(notified: Template) -> None:
    (mapping,) = notified.all_of("AWS::Lambda::EventSourceMapping")
    jobs = {"Ref": notified.id_of(Output.JOBS_QUEUE_URL)}
    policies = notified.all_of("AWS::SQS::QueuePolicy")
    (policy,) = [name for name, each in policies.items() if jobs in each["Properties"]["Queues"]]

    assert {mapping, policy} <= set(notified.only(NOTIFICATION_TYPE)["DependsOn"])


def test_only_that_bucket_of_this_account_may_send(notified: Template) -> None:
    statements = notified.policies_of(Output.JOBS_QUEUE_URL, "AWS::SQS::QueuePolicy")

    (allowed,) = [statement for statement in statements if statement["Effect"] == "Allow"]

    assert allowed["Principal"] == {"Service": "s3.amazonaws.com"}
    assert allowed["Condition"] == {
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
        "ArnEquals": {"aws:SourceArn": joined("arn:", {"Ref": "AWS::Partition"}, ":s3:::photos")},
    }


def test_its_function_may_do_nothing_but_configure_that_bucket_s_notifications(notified: Template) -> None:
    name = notified.only(NOTIFICATION_TYPE)["Properties"]["ServiceToken"]["Fn::GetAtt"][0]
    function = notified.json["Resources"][name]
    role = {"Ref": function["Properties"]["Role"]["Fn::GetAtt"][0]}
    policies = [each["Properties"] for each in notified.all_of("AWS::IAM::Policy").values()]
    (statements,) = [each["PolicyDocument"]["Statement"] for each in policies if each["Roles"] == [role]]
    by_name = {each["Sid"]: each for each in statements}

    configure = by_name.pop("ConfigureNotifications")

    assert by_name.keys() == {"WriteLog"}
    assert configure["Action"] == ["s3:GetBucketNotification", "s3:PutBucketNotification"]
    assert in_cloudformation(configure["Resource"]) == "arn:aws:s3:::photos"
    assert configure["Condition"] == {"StringEquals": {"aws:ResourceAccount": {"Ref": "AWS::AccountId"}}}
    assert (function["Properties"]["Handler"], "Environment" in function["Properties"]) == (
        "bucket_notification.handler.handler",
        False,
    )


def test_without_its_bundle_the_stack_is_refused(tmp_path: Path) -> None:
    app = App(outdir=str(tmp_path / "cdk.out"))
    (tmp_path / "bundle").mkdir()

    with pytest.raises(ValueError, match="no bundle of the function that has it do so"):
        PipelineStack(app, "Darkroom", config=WITH_NOTIFICATION, bundle=tmp_path / "bundle")
