"""The buckets: private, encrypted, over TLS alone, cleaned up by themselves, and the uploads speak to the queue."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contract.events import NOTIFIED_EVENTS
from contract.manifest import REMOVED_TAG
from resize.imaging.presets import Preset
from resize.imaging.variants import Variant
from stacks.config.config import Config
from stacks.outputs import Output
from support.aws.stack import Template, arn_of, in_cloudformation, joined, synthesize

BUCKETS = (Output.UPLOADS_BUCKET, Output.DERIVED_BUCKET)


@pytest.mark.parametrize("bucket", BUCKETS)
def test_a_bucket_blocks_all_public_access(template: Template, bucket: Output) -> None:
    assert template.behind(bucket)["Properties"]["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": True,
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": True,
    }


@pytest.mark.parametrize("bucket", BUCKETS)
def test_a_bucket_denies_everyone_without_tls_and_allows_no_one(template: Template, bucket: Output) -> None:
    arn = arn_of(template.id_of(bucket))

    assert template.policies_of(bucket, "AWS::S3::BucketPolicy") == [
        {
            "Action": "s3:*",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            "Effect": "Deny",
            "Principal": {"AWS": "*"},
            "Resource": [arn, joined(arn, "/*")],
        }
    ]


@pytest.mark.parametrize("bucket", BUCKETS)
def test_a_bucket_is_encrypted_and_all_in_it_belongs_to_its_owner(template: Template, bucket: Output) -> None:
    properties = template.behind(bucket)["Properties"]

    (encryption,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    assert properties["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}


def test_the_derived_bucket_is_named_by_cloudformation(template: Template) -> None:
    assert "BucketName" not in template.behind(Output.DERIVED_BUCKET)["Properties"]


def test_only_the_uploads_have_versions(template: Template) -> None:
    uploads, derived = (template.behind(bucket)["Properties"] for bucket in BUCKETS)

    assert uploads["VersioningConfiguration"] == {"Status": "Enabled"}
    assert "VersioningConfiguration" not in derived


def test_pages_may_see_how_a_form_ended_and_nothing_else(template: Template) -> None:
    uploads, derived = (template.behind(bucket)["Properties"] for bucket in BUCKETS)

    assert uploads["CorsConfiguration"] == {"CorsRules": [{"AllowedMethods": ["POST"], "AllowedOrigins": ["*"]}]}
    assert "CorsConfiguration" not in derived


def test_without_origins_there_is_no_cors_rule(tmp_path: Path) -> None:
    template = synthesize(tmp_path, replace(Config(), cors_origins=()))

    assert "CorsConfiguration" not in template.behind(Output.UPLOADS_BUCKET)["Properties"]


@pytest.mark.parametrize("bucket", BUCKETS)
def test_an_abandoned_multipart_upload_is_aborted_after_a_day(template: Template, bucket: Output) -> None:
    rules = template.behind(bucket)["Properties"]["LifecycleConfiguration"]["Rules"]

    assert {
        "Id": "AbandonedParts",
        "Status": "Enabled",
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
    } in rules


def test_an_old_version_of_an_upload_goes_after_30_days_and_its_delete_marker_with_it(template: Template) -> None:
    rules = template.behind(Output.UPLOADS_BUCKET)["Properties"]["LifecycleConfiguration"]["Rules"]

    assert {
        "Id": "OverwrittenAndDeleted",
        "Status": "Enabled",
        "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
        "ExpiredObjectDeleteMarker": True,
    } in rules


def test_originals_are_archived_and_expire_after_the_days_that_are_set(tmp_path: Path) -> None:
    config = replace(Config(), archive_originals_days=7, expire_originals_days=400, key_prefix="shop/")

    uploads = synthesize(tmp_path, config).behind(Output.UPLOADS_BUCKET)

    rules = {rule["Id"]: rule for rule in uploads["Properties"]["LifecycleConfiguration"]["Rules"]}

    assert rules["ArchivedOriginals"] == {
        "Id": "ArchivedOriginals",
        "Prefix": "shop/",
        "Status": "Enabled",
        "Transitions": [{"StorageClass": "GLACIER_IR", "TransitionInDays": 7}],
    }
    assert rules["ExpiredOriginals"] == {
        "Id": "ExpiredOriginals",
        "Prefix": "shop/",
        "Status": "Enabled",
        "ExpirationInDays": 400,
    }
    assert rules["OverwrittenAndDeleted"]["ExpiredObjectDeleteMarker"] is True


def test_the_current_version_of_an_upload_never_expires(template: Template) -> None:
    rules = template.behind(Output.UPLOADS_BUCKET)["Properties"]["LifecycleConfiguration"]["Rules"]

    assert not [rule for rule in rules if "ExpirationInDays" in rule or "ExpirationDate" in rule]


def test_only_what_the_function_tags_as_removed_expires_from_the_derived_bucket(template: Template) -> None:
    key, value = REMOVED_TAG.split("=")
    rules = template.behind(Output.DERIVED_BUCKET)["Properties"]["LifecycleConfiguration"]["Rules"]

    assert [rule for rule in rules if "ExpirationInDays" in rule] == [
        {
            "Id": "ManifestsOfRemovedUploads",
            "Status": "Enabled",
            "ExpirationInDays": 30,
            "TagFilters": [{"Key": key, "Value": value}],
        }
    ]


def test_s3_puts_every_upload_every_deletion_and_every_expiry_on_the_jobs_queue(template: Template) -> None:
    jobs = arn_of(template.id_of(Output.JOBS_QUEUE_URL))

    assert template.behind(Output.UPLOADS_BUCKET)["Properties"]["NotificationConfiguration"] == {
        "QueueConfigurations": [
            {"Event": "s3:ObjectCreated:*", "Queue": jobs},
            {"Event": "s3:ObjectRemoved:*", "Queue": jobs},
            {"Event": "s3:LifecycleExpiration:DeleteMarkerCreated", "Queue": jobs},
        ]
    }


def test_what_is_derived_notifies_no_one_so_that_no_loop_can_be(template: Template) -> None:
    assert "NotificationConfiguration" not in template.behind(Output.DERIVED_BUCKET)["Properties"]


def test_the_queue_lets_s3_send_before_the_bucket_is_told_of_the_queue(template: Template) -> None:
    jobs = {"Ref": template.id_of(Output.JOBS_QUEUE_URL)}
    policies = template.all_of("AWS::SQS::QueuePolicy")
    (policy,) = [name for name, found in policies.items() if jobs in found["Properties"]["Queues"]]

    assert policy in template.behind(Output.UPLOADS_BUCKET)["DependsOn"]


def test_a_policy_that_takes_a_minute_to_hold_has_it_while_the_function_and_its_consumption_are_made(
    template: Template,
) -> None:
    (mapping,) = template.all_of("AWS::Lambda::EventSourceMapping")

    assert mapping in template.behind(Output.UPLOADS_BUCKET)["DependsOn"]
    assert template.id_of(Output.FUNCTION_NAME) in needed_for(template, mapping)
    assert template.id_of(Output.JOBS_QUEUE_URL) in needed_for(template, template.id_of(Output.FUNCTION_NAME))


def test_a_key_prefix_limits_what_is_notified_and_what_can_be_read(tmp_path: Path) -> None:
    template = synthesize(tmp_path, replace(Config(), key_prefix="photos/"))

    (configurations,) = template.behind(Output.UPLOADS_BUCKET)["Properties"]["NotificationConfiguration"].values()
    prefix = {"S3Key": {"Rules": [{"Name": "prefix", "Value": "photos/"}]}}
    assert [configuration["Filter"] for configuration in configurations] == [prefix] * 3
    statements = template.only("AWS::IAM::Policy")["Properties"]["PolicyDocument"]["Statement"]
    (read,) = [statement for statement in statements if statement.get("Sid") == "ReadUploads"]
    assert in_cloudformation(read["Resource"]).endswith("/photos/*")


def test_where_only_presets_have_variants_s3_tells_of_their_keys_alone_and_no_two_filters_overlap(
    tmp_path: Path,
) -> None:
    """S3 refuses a filter for the same event that is the start of another."""
    tiny = (Variant(name="tiny", width=16),)
    presets = [Preset(prefix=prefix, variants=tiny) for prefix in ("pets/cats/", "avatars/", "pets/")]
    config = replace(Config(), variants=(), presets=(*presets, Preset(prefix="raw/", variants=())))

    template = synthesize(tmp_path, config)

    (configurations,) = template.behind(Output.UPLOADS_BUCKET)["Properties"]["NotificationConfiguration"].values()
    told = [(each["Filter"]["S3Key"]["Rules"][0]["Value"], each["Event"]) for each in configurations]
    assert told == [(prefix, event) for prefix in ("avatars/", "pets/") for event in NOTIFIED_EVENTS]


@pytest.mark.parametrize("bucket", BUCKETS)
def test_destroying_the_stack_leaves_the_data(template: Template, bucket: Output) -> None:
    resource = template.behind(bucket)

    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_destroying_a_throw_away_stack_leaves_nothing(tmp_path: Path) -> None:
    template = synthesize(tmp_path, replace(Config(), retain_data=False))

    resources = template.json["Resources"].values()
    assert [resource["Type"] for resource in resources if resource.get("DeletionPolicy", "Delete") != "Delete"] == []


def needed_for(template: Template, name: str) -> set[str]:
    """Every resource that CloudFormation makes before this one."""
    resources = template.json["Resources"]
    found: set[str] = set()
    waiting = [name]
    while waiting:
        resource = resources[waiting.pop()]
        named = {*resource.get("DependsOn", ()), *references_in(resource.get("Properties"))}
        new = (named & resources.keys()) - found
        found |= new
        waiting += new
    return found


def references_in(value: Any) -> Iterator[str]:
    match value:
        case {"Ref": name} | {"Fn::GetAtt": [name, _]}:
            yield name
        case dict():
            for inner in value.values():
                yield from references_in(inner)
        case list():
            for inner in value:
                yield from references_in(inner)
