"""Read how a bucket is configured, and change nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import boto3
from botocore.exceptions import ClientError

from contract.s3_errors import error_code
from darkroom.errors import DarkroomError, aws_errors
from darkroom.pipeline.client import client_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_Answer = TypeVar("_Answer")

# What S3 answers where nothing of the kind is configured: docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
_NOTHING = {
    "ServerSideEncryptionConfigurationNotFoundError",
    "OwnershipControlsNotFoundError",
    "NoSuchLifecycleConfiguration",
    "NoSuchConfiguration",
}
_DENIED = {"AccessDenied", "AllAccessDisabled", "403"}
# What GetBucketLocation says of the oldest region: docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html
_OLDEST_REGION = "us-east-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketConfiguration:
    """A bucket as S3 describes it.

    `unread` are the actions that were denied, and what they would tell is empty. `kms_key` is what the default
    encryption names: a key's ARN or id, an alias, empty for S3's own key in KMS, None for SSE-S3. `notifications` is
    the whole answer, as it has to be put back.
    """

    name: str
    region: str
    is_versioned: bool
    kms_key: str | None
    notifications: Mapping[str, Any]
    rules: tuple[Mapping[str, Any], ...]
    is_owner_enforced: bool
    has_inventory: bool
    unread: tuple[str, ...] = field(default=())


def read_bucket(name: str, endpoint_url: str | None, session: boto3.Session) -> BucketConfiguration:
    """Ask S3 for all that matters about a bucket.

    Raises:
        DarkroomError: there is no such bucket, it is not to be seen, or S3 does not answer.
    """
    s3: S3Client = client_of(session, "s3", endpoint_url)
    with aws_errors(f"Looking at the bucket {name!r}"):
        region = _region(s3, name, endpoint_url)
        unread: list[str] = []

        def ask(action: str, request: Callable[..., _Answer], absent: Any) -> "_Answer":
            try:
                return request(Bucket=name)
            except ClientError as error:
                if error_code(error) in _DENIED:
                    unread.append(action)
                elif error_code(error) not in _NOTHING:
                    raise
                return absent  # type: ignore[no-any-return]

        versioning = ask("s3:GetBucketVersioning", s3.get_bucket_versioning, {})
        encryption = ask("s3:GetEncryptionConfiguration", s3.get_bucket_encryption, {})
        notifications = ask("s3:GetBucketNotification", s3.get_bucket_notification_configuration, {})
        lifecycle = ask("s3:GetLifecycleConfiguration", s3.get_bucket_lifecycle_configuration, {})
        ownership = ask("s3:GetBucketOwnershipControls", s3.get_bucket_ownership_controls, {})
        inventory = ask("s3:GetInventoryConfiguration", s3.list_bucket_inventory_configurations, {})
    return BucketConfiguration(
        name=name,
        region=region,
        is_versioned=versioning.get("Status") == "Enabled",
        kms_key=_kms_key(encryption),
        notifications={key: value for key, value in notifications.items() if key != "ResponseMetadata"},
        rules=tuple(rule for rule in lifecycle.get("Rules", ()) if rule.get("Status") == "Enabled"),
        is_owner_enforced=_ownership(ownership) == "BucketOwnerEnforced",
        has_inventory=bool(inventory.get("InventoryConfigurationList")),
        unread=tuple(unread),
    )


def key_arn(kms_key: str, endpoint_url: str | None, session: boto3.Session) -> str | None:
    """Ask KMS for the ARN of a key by its id, its alias or its ARN.

    None for who may not ask.

    Raises:
        DarkroomError: KMS does not answer.
    """
    with aws_errors(f"Looking at the key {kms_key!r}"):
        try:
            arn: str = client_of(session, "kms", endpoint_url).describe_key(KeyId=kms_key)["KeyMetadata"]["Arn"]
        except ClientError as error:
            if "AccessDenied" in error_code(error):
                return None
            raise
    return arn


def _region(s3: "S3Client", name: str, endpoint_url: str | None) -> str:
    try:
        return s3.get_bucket_location(Bucket=name).get("LocationConstraint") or _OLDEST_REGION
    except ClientError as error:
        if error_code(error) == "NoSuchBucket":
            raise DarkroomError(_no_bucket(name, endpoint_url)) from error
        raise


def _no_bucket(name: str, endpoint_url: str | None) -> str:
    if endpoint_url:
        return f"There is no bucket {name!r} at {endpoint_url}. Check its name; for one on AWS add --aws."
    return f"There is no bucket {name!r} on AWS. Check its name, AWS_PROFILE and AWS_REGION."


def _kms_key(encryption: Mapping[str, Any]) -> str | None:
    rules = encryption.get("ServerSideEncryptionConfiguration", {}).get("Rules", ())
    default: Mapping[str, Any] = next((rule.get("ApplyServerSideEncryptionByDefault", {}) for rule in rules), {})
    is_kms = str(default.get("SSEAlgorithm", "")).startswith("aws:kms")
    return str(default.get("KMSMasterKeyID", "")) if is_kms else None


def _ownership(controls: Mapping[str, Any]) -> str:
    rules = controls.get("OwnershipControls", {}).get("Rules", ())
    return str(next((rule.get("ObjectOwnership") for rule in rules), ""))
