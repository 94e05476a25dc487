"""The stack as a whole: what is in it, what it tells, and that every setting arrives."""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from resize.imaging.engine import Engine
from resize.imaging.presets import Preset, decompress_presets
from resize.imaging.variants import Variant, variants_to_json
from stacks.config.config import Config
from stacks.outputs import Output
from support.aws.stack import Template, synthesize

# Every setting with a value that is not its default. Others are not here: events bring a second function, delivery a
# distribution, an uploads bucket of the user's takes the stack's away, provisioned pollers exclude a maximum
# concurrency, without monitoring there are no alarms, the bundle is made before the stack, and an old stack's bucket
# takes the names away; test_event_log, test_delivery, test_existing_bucket, test_consumer, test_monitoring, test_app
# and test_names have them.
CHANGED = Config(
    stack_name="Lightroom",
    key_prefix="in/",
    cors_origins=("https://www.example.com",),
    variants=(Variant(name="tiny", width=16),),
    presets=(Preset(prefix="in/raw/", variants=()),),
    retain_data=False,
    noncurrent_days=31,
    keep_variants_of_expired=True,
    archive_originals_days=7,
    expire_originals_days=400,
    fallback_versions=0,
    abort_upload_days=2,
    removed_manifest_days=33,
    queue_retention_days=3,
    dead_letter_retention_days=13,
    max_receive_count=7,
    function_timeout_seconds=90,
    render_seconds=20,
    visibility_timeout_seconds=91,
    batch_size=11,
    batch_window_seconds=5,
    max_concurrency=7,
    memory_mb=3008,
    python="3.13",
    architecture="x86_64",
    tracing=True,
    log_retention_days=90,
    cache_control="no-store",
    jobs_at_once=3,
    max_source_bytes=1001,
    max_frame_pixels=1002,
    max_frames=103,
    max_total_pixels=1004,
    alarm_email="ops@example.com",
    alarm_oldest_message_seconds=1005,
    alarm_failed_percent=6,
    alarm_rejected_percent=26,
    alarm_minimum_jobs=51,
    alarm_at_cap_minutes=31,
    alarm_no_jobs_hours=12,
    engine=Engine.VIPS,
)
LIMITS = {"source_bytes": 1001, "frame_pixels": 1002, "frames": 103, "total_pixels": 1004}


@pytest.fixture(scope="session")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """What a configuration of no default deploys."""
    return synthesize(tmp_path_factory.mktemp("changed"), CHANGED)


def test_nothing_is_in_the_stack_but_the_pipeline_and_what_watches_it(template: Template) -> None:
    kinds = sorted(resource["Type"] for resource in template.json["Resources"].values())

    assert kinds == [
        *["AWS::CloudWatch::Alarm"] * 8,
        "AWS::CloudWatch::Dashboard",
        "AWS::IAM::Policy",
        "AWS::IAM::Role",
        "AWS::Lambda::Alias",
        "AWS::Lambda::EventSourceMapping",
        "AWS::Lambda::Function",
        "AWS::Lambda::Version",
        "AWS::Logs::LogGroup",
        *["AWS::Logs::QueryDefinition"] * 6,
        "AWS::S3::Bucket",
        "AWS::S3::Bucket",
        "AWS::S3::BucketPolicy",
        "AWS::S3::BucketPolicy",
        "AWS::SQS::Queue",
        "AWS::SQS::Queue",
        "AWS::SQS::QueuePolicy",
        "AWS::SQS::QueuePolicy",
    ]


def test_the_stack_tells_its_buckets_queues_and_function(template: Template) -> None:
    kinds = {name: template.json["Resources"][value["Value"]["Ref"]]["Type"] for name, value in outputs_of(template)}

    assert kinds == {
        "UploadsBucket": "AWS::S3::Bucket",
        "DerivedBucket": "AWS::S3::Bucket",
        "JobsQueueUrl": "AWS::SQS::Queue",
        "DeadLetterQueueUrl": "AWS::SQS::Queue",
        "FunctionName": "AWS::Lambda::Function",
    }


def test_no_account_and_no_region_is_written_into_the_template(template: Template) -> None:
    assert "unknown-account" not in template.text
    assert "${Token[" not in template.text
    assert "arn:aws:" not in template.text


def test_every_setting_is_changed_somewhere_in_these_tests() -> None:
    same = {field.name for field in fields(Config) if getattr(CHANGED, field.name) == getattr(Config(), field.name)}

    assert same == {
        "provisioned_pollers",
        "monitoring",
        "bundle_for",
        "legacy_uploads_bucket",
        "uploads_bucket",
        "derived_bucket",
        "events",
        "delivery",
    }


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("AWS::Lambda::Function", "Timeout", 90),
        ("AWS::Lambda::Function", "MemorySize", 3008),
        ("AWS::Lambda::Function", "Runtime", "python3.13"),
        ("AWS::Lambda::Function", "Architectures.0", "x86_64"),
        ("AWS::Lambda::Function", "TracingConfig.Mode", "Active"),
        ("AWS::Lambda::Function", "Environment.Variables.DARKROOM_RENDER_SECONDS", "20"),
        ("AWS::Lambda::Function", "Environment.Variables.DARKROOM_ENGINE", "vips"),
        ("AWS::Lambda::Function", "Environment.Variables.DARKROOM_KEEP_VARIANTS_OF_EXPIRED", "true"),
        ("AWS::Lambda::Function", "Environment.Variables.DARKROOM_FALLBACK_VERSIONS", "0"),
        ("AWS::Lambda::Function", "Environment.Variables.DARKROOM_JOBS_AT_ONCE", "3"),
        ("AWS::Lambda::Function", "Environment.Variables.DARKROOM_CACHE_CONTROL", "no-store"),
        ("AWS::Lambda::Function", "Environment.Variables.POWERTOOLS_SERVICE_NAME", "Lightroom"),
        ("AWS::SNS::Subscription", "Endpoint", "ops@example.com"),
        ("AWS::Lambda::EventSourceMapping", "BatchSize", 11),
        ("AWS::Lambda::EventSourceMapping", "MaximumBatchingWindowInSeconds", 5),
        ("AWS::Lambda::EventSourceMapping", "ScalingConfig.MaximumConcurrency", 7),
        ("AWS::Logs::LogGroup", "RetentionInDays", 90),
        (Output.JOBS_QUEUE_URL, "MessageRetentionPeriod", 3 * 86_400),
        (Output.JOBS_QUEUE_URL, "VisibilityTimeout", 91),
        (Output.JOBS_QUEUE_URL, "RedrivePolicy.maxReceiveCount", 7),
        (Output.DEAD_LETTER_QUEUE_URL, "MessageRetentionPeriod", 13 * 86_400),
        (Output.UPLOADS_BUCKET, "NotificationConfiguration.QueueConfigurations.0.Filter.S3Key.Rules.0.Value", "in/"),
        (Output.UPLOADS_BUCKET, "CorsConfiguration.CorsRules.0.AllowedOrigins.0", "https://www.example.com"),
        (
            Output.UPLOADS_BUCKET,
            "LifecycleConfiguration.Rules.0.AbortIncompleteMultipartUpload.DaysAfterInitiation",
            2,
        ),
        (Output.UPLOADS_BUCKET, "LifecycleConfiguration.Rules.1.NoncurrentVersionExpiration.NoncurrentDays", 31),
        (Output.DERIVED_BUCKET, "LifecycleConfiguration.Rules.1.ExpirationInDays", 33),
    ],
)
def test_a_setting_arrives_at_its_property(changed: Template, kind: str, path: str, value: object) -> None:
    resource = changed.behind(kind) if isinstance(kind, Output) else changed.only(kind)

    assert at(resource["Properties"], path) == value


def test_variants_limits_and_the_pace_of_retries_arrive_in_the_functions_environment(changed: Template) -> None:
    variables = changed.only("AWS::Lambda::Function")["Properties"]["Environment"]["Variables"]

    assert json.loads(variables["DARKROOM_VARIANTS"]) == variants_to_json(CHANGED.variants)
    assert decompress_presets("DARKROOM_PRESETS", variables["DARKROOM_PRESETS"]) == CHANGED.presets
    assert json.loads(variables["DARKROOM_LIMITS"]) == LIMITS
    assert json.loads(variables["DARKROOM_BACKOFF"]) == {"visibility_seconds": 91, "max_receives": 7}


def test_two_syntheses_in_different_folders_give_the_same_bytes(template: Template, tmp_path: Path) -> None:
    assert synthesize(tmp_path, Config()).text == template.text


def at(value: Any, path: str) -> Any:
    """What stands at a dotted path of names and positions."""
    for step in path.split("."):
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value


def outputs_of(template: Template) -> list[tuple[str, dict[str, Any]]]:
    return list(template.json["Outputs"].items())
