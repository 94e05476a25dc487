"""Stand in on this machine for a bucket that people have on AWS."""

from typing import TYPE_CHECKING

from darkroom.local.deploy import ensure_bucket
from darkroom.local.emulator import Emulator
from darkroom.pipeline.client import client_of
from stacks.config.config import Config

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def stand_in(config: Config, aws: Emulator) -> None:
    """Make the buckets that a configuration takes for there, without versions.

    Where EventBridge is to tell of uploads, their events go there. One that is there is left as it is.

    Raises:
        ClientError: the endpoint refuses.
    """
    session = aws.session()
    s3: S3Client = client_of(session, "s3", aws.endpoint_url)
    uploads, derived = config.uploads_bucket, config.derived_bucket
    if uploads and ensure_bucket(uploads.name, s3, session.region_name) and uploads.by_eventbridge:
        s3.put_bucket_notification_configuration(
            Bucket=uploads.name, NotificationConfiguration={"EventBridgeConfiguration": {}}
        )
    if derived:  # afterwards: it may be the same one
        ensure_bucket(derived.name, s3, session.region_name)
