"""Adds a stack's entries to a bucket's notifications, and takes them away.

CloudFormation asks for that. S3 replaces all of a bucket's notifications at once and has no conditional write for them:
what somebody else writes between the reading and the writing here is lost.
docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requesttypes.html
"""

import json
import urllib.request
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from bucket_notification.entries import OverlapError, entries_for, with_entries, without

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_CLIENT = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 4})
# The physical id of a resource whose creation was refused, so that its deletion has nothing to do. No bucket has it.
NEVER_MADE = "(none)"
# CloudFormation takes an answer of 4,096 bytes:
# docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
_REASON_CHARACTERS = 1500
_SERVER_ERROR = 500


def handler(event: dict[str, Any], context: Any) -> None:
    """Answer a request of CloudFormation's: always, and with why where it failed."""
    answer: dict[str, object] = {name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
    wanted = event["ResourceProperties"]["Bucket"]
    try:
        _apply(event)
        answer |= {"Status": "SUCCESS", "PhysicalResourceId": wanted}
        if event["RequestType"] == "Delete":
            answer["PhysicalResourceId"] = event["PhysicalResourceId"]
    except (BotoCoreError, ClientError, OverlapError) as error:
        made = event.get("PhysicalResourceId", NEVER_MADE if _is_refusal(error) else wanted)
        reason = f"{error} Log stream: {context.log_stream_name}"[:_REASON_CHARACTERS]
        answer |= {"Status": "FAILED", "PhysicalResourceId": made, "Reason": reason}
    _put_answer(event["ResponseURL"], json.dumps(answer).encode())


def _apply(event: dict[str, Any]) -> None:
    """Leave the bucket's notifications as they are to be; a bucket that was named before is deleted from afterwards."""
    s3: S3Client = boto3.client("s3", config=_CLIENT)
    wanted = event["ResourceProperties"]
    if event["RequestType"] != "Delete":
        _replace(s3, wanted["Bucket"], wanted, entries_for(wanted["Owner"], wanted["QueueArn"], wanted["Prefixes"]))
    elif event["PhysicalResourceId"] != NEVER_MADE:
        try:
            _replace(s3, event["PhysicalResourceId"], wanted, [])
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchBucket":
                raise


def _replace(s3: "S3Client", bucket: str, wanted: dict[str, Any], ours: list[dict[str, Any]]) -> None:
    """Write what of the notifications is to change; a dead queue of somebody else's is no obstacle."""
    account = wanted["QueueArn"].split(":")[4]
    answer: Any = s3.get_bucket_notification_configuration(Bucket=bucket, ExpectedBucketOwner=account)
    others = without(wanted["Owner"], answer)
    changed = with_entries(bucket, others, ours) if ours else others
    if changed != {name: value for name, value in answer.items() if name != "ResponseMetadata"}:
        s3.put_bucket_notification_configuration(
            Bucket=bucket,
            NotificationConfiguration=changed,  # type: ignore[arg-type]  # as S3 told it
            ExpectedBucketOwner=account,
            SkipDestinationValidation=True,
        )


def _is_refusal(error: BotoCoreError | ClientError | OverlapError) -> bool:
    """Tell whether it is certain that nothing was written."""
    if isinstance(error, ClientError):
        return bool(error.response["ResponseMetadata"]["HTTPStatusCode"] < _SERVER_ERROR)
    return isinstance(error, OverlapError)


def _put_answer(url: str, answer: bytes) -> None:
    """Put the answer where CloudFormation waits for it.

    A signed address of S3's that wants no content type.
    """
    request = urllib.request.Request(url, data=answer, method="PUT", headers={"Content-Type": ""})  # noqa: S310 - https
    with urllib.request.urlopen(request, timeout=10):  # noqa: S310  # nosec B310
        pass
