"""Hold a stack's notifications against those of others on its bucket."""

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bucket_notification.entries import OverlapError, entries_for, with_entries, without
from darkroom.doctor.findings import Finding, fault, ok
from darkroom.errors import aws_errors
from stacks.config.config import Config

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def check_room(config: Config, s3: "S3Client", *, owner: str | None) -> Finding:
    """Tell whether others leave room for what a deployment would add.

    `owner` is with what the ids of a deployed stack's own entries begin, the name of its jobs queue.

    Raises:
        DarkroomError: S3 refuses, or does not answer.
    """
    bucket = config.uploads_bucket
    if bucket is None or bucket.by_eventbridge:
        return ok("The stack adds nothing to the notifications of others.")
    with aws_errors(f"Reading the notifications of {bucket.name}"):
        configured = s3.get_bucket_notification_configuration(Bucket=bucket.name)
    return room_among(configured, bucket.name, config.notified_prefixes, owner=owner)


def room_among(
    configured: Mapping[str, Any], bucket: str, prefixes: Sequence[str], *, owner: str | None = None
) -> Finding:
    """Tell whether notifications leave room for entries of these prefixes."""
    others = configured if owner is None else without(owner, configured)
    try:
        with_entries(bucket, others, entries_for("", "", prefixes))
    except OverlapError as error:
        return fault(error.what, error.advice)
    return ok(f"The notifications of others on {bucket} leave room for the stack's.")


def restore_command(bucket: str, configured: Mapping[str, Any], queue_arn: str, prefixes: Sequence[str]) -> str:
    """Write the command that puts a stack's entries back.

    Where there is no room for them, say what to do first. CloudFormation takes them for there until the stack says
    something else of them.
    """
    owner = queue_arn.rpartition(":")[2]
    try:
        whole = with_entries(bucket, without(owner, configured), entries_for(owner, queue_arn, prefixes))
    except OverlapError as error:
        return f"{error} Then run this again, for the command that puts it back."
    return put_command(bucket, whole)


def put_command(bucket: str, configuration: Mapping[str, Any]) -> str:
    """Write the command that sets a bucket's notifications, all of them at once.

    docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html
    """
    kept = {name: value for name, value in configuration.items() if name.endswith(("Configuration", "Configurations"))}
    command = f"aws s3api put-bucket-notification-configuration --bucket {bucket}"
    return f"{command} --notification-configuration {shlex.quote(json.dumps(kept))}"
