"""Stand in on this machine for a bucket that people have on AWS."""

from typing import TYPE_CHECKING

from darkroom.local.deploy import ensure_bucket
from darkroom.local.emulator import Emulator
from darkroom.pipeline.client import client_of
from stacks.config.existing_bucket import ExistingBucket

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def stand_in(bucket: ExistingBucket, aws: Emulator) -> None:
    """Make the bucket, without versions.

    Where EventBridge is to tell of it, its events go there. One that is there is left as it is.

    Raises:
        ClientError: the endpoint refuses.
    """
    session = aws.session()
    s3: S3Client = client_of(session, "s3", aws.endpoint_url)
    if ensure_bucket(bucket.name, s3, session.region_name) and bucket.by_eventbridge:
        s3.put_bucket_notification_configuration(
            Bucket=bucket.name, NotificationConfiguration={"EventBridgeConfiguration": {}}
        )
