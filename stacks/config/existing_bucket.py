"""The setting `uploads_bucket`: a bucket that is there already."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from contract.errors import SettingsError
from stacks.config.members import KMS_KEY, check_members, matching

# docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html; EventBridge tells of no directory buckets. It is
# no IP address, and what is between its dots is as in DNS: the CDK refuses other names, and not in a sentence.
BUCKET_NAME = re.compile(
    r"(?!xn--|sthree-|amzn-s3-demo-)(?!(?:[0-9]{1,3}\.){3}[0-9]{1,3}\Z)(?!.*(?:\.\.|\.-|-\.))"
    r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?<!-s3alias)(?<!--ol-s3)(?<!--x-s3)(?<!--table-s3)(?<!\.mrap)"
)
BUCKET_NAME_MEANING = "the name of a general purpose bucket, without s3://"

# What CloudFormation calls the stack's entries among the notifications of such a bucket.
NOTIFICATION_TYPE = "Custom::BucketNotification"


class NotifiedBy(StrEnum):
    """Who tells the jobs queue what happens in the uploads bucket."""

    EVENTBRIDGE = "eventbridge"  # a rule of this stack, once the bucket sends its events to EventBridge
    NOTIFICATION = "notification"  # the bucket itself, beside what others have configured there


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingBucket:
    """A bucket of the user's own.

    The key is the one that its objects are encrypted with, None for SSE-S3.
    """

    name: str
    notified_by: NotifiedBy = NotifiedBy.EVENTBRIDGE
    kms_key_arn: str | None = None

    @property
    def by_eventbridge(self) -> bool:
        """Whether EventBridge tells of uploads, and not the bucket itself."""
        return self.notified_by is NotifiedBy.EVENTBRIDGE


def parse_existing_bucket(key: str, value: object) -> ExistingBucket:
    """Read which bucket it is.

    Raises:
        SettingsError: a member is missing, unknown or wrong.
    """
    if not isinstance(value, Mapping) or "name" not in value:
        raise SettingsError(key, value, 'null for a bucket of the stack\'s own, or {"name": "my-bucket"}')
    check_members(key, value, {"name", "notified_by", "kms_key_arn"})
    notified_by = value.get("notified_by", NotifiedBy.EVENTBRIDGE.value)
    if not isinstance(notified_by, str) or notified_by not in set(NotifiedBy):
        raise SettingsError(f"{key}.notified_by", notified_by, f"one of {', '.join(NotifiedBy)}")
    kms_key_arn = value.get("kms_key_arn")
    return ExistingBucket(
        name=matching(f"{key}.name", value["name"], BUCKET_NAME, BUCKET_NAME_MEANING),
        notified_by=NotifiedBy(notified_by),
        kms_key_arn=None
        if kms_key_arn is None
        else matching(
            f"{key}.kms_key_arn", kms_key_arn, KMS_KEY, "the ARN of a KMS key, arn:…:kms:…:key/<id>, or null"
        ),
    )
