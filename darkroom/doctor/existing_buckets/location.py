"""Check that buckets which are not the stack's own are there."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from contract.s3_errors import error_code
from darkroom.doctor.findings import Finding, fault, ok
from darkroom.errors import aws_errors
from stacks.config.config import Config

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# A HEAD request has no body, and with it no code of S3's: docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
_MISSING = {"404", "NoSuchBucket"}


def check_location(config: Config, s3: "S3Client", *, region: str) -> Iterator[Finding]:
    """Tell whether the buckets that settings name are there.

    The one of uploads has to be in this region. Without it CloudFormation makes a stack that nothing is ever sent to,
    and nobody says so.

    Raises:
        DarkroomError: S3 refuses, or does not answer.
    """
    if config.uploads_bucket:
        yield _look("uploads_bucket", config.uploads_bucket.name, s3, region)
    if config.derived_bucket:
        yield _look("derived_bucket", config.derived_bucket.name, s3, None)


def judge_region(bucket: str, found: str, wanted: str) -> Finding:
    """Tell whether the uploads bucket is where the stack is deployed to."""
    if found == wanted:
        return ok(f"{bucket} is in {wanted}, where you would deploy.")
    return fault(
        f"{bucket} is in {found}, and you would deploy to {wanted}: its events do not reach there.",
        f"Deploy to {found}: AWS_REGION={found}.",
    )


def _look(setting: str, bucket: str, s3: "S3Client", region: str | None) -> Finding:
    with aws_errors(f"Looking for the bucket {bucket!r}"):
        try:
            found = s3.head_bucket(Bucket=bucket).get("BucketRegion")
        except ClientError as error:
            if error_code(error) not in _MISSING:
                raise
            return fault(
                f"There is no bucket {bucket!r}, which {setting} names.", f"Check {setting}.name, or make that bucket."
            )
    return judge_region(bucket, found, region) if found and region else ok(f"{bucket} is there.")
