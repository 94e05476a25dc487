"""Check the distribution that delivers variants."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from darkroom.doctor.findings import Finding, fault, ok, warning
from darkroom.doctor.queue_policy import allows
from darkroom.errors import aws_errors
from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.deploy_advice import DEPLOY_ANEW, deploy_advice

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_SERVICE: Final = "cloudfront.amazonaws.com"
_DEPLOYED: Final = "Deployed"


def check_delivery(pipeline: Pipeline) -> Iterator[Finding]:
    """Tell whether the distribution answers, and may read the derived bucket.

    Raises:
        DarkroomError: AWS refuses, or does not answer.
    """
    if pipeline.distribution_arn is None:
        return
    yield from _check_distribution(pipeline, pipeline.distribution_arn.rpartition("/")[2])
    with aws_errors("Reading the policy of the derived bucket"):
        statements = _statements(pipeline)
    if any(allows(each, _SERVICE, pipeline.distribution_arn, {"s3:getobject", "s3:*"}) for each in statements):
        yield ok("The distribution may read the derived bucket.")
    else:
        yield fault(
            "The derived bucket's policy does not let the distribution read it: every URL is answered with 403.",
            deploy_advice(pipeline, DEPLOY_ANEW),
        )


def _check_distribution(pipeline: Pipeline, distribution_id: str) -> Iterator[Finding]:
    with aws_errors("Reading the distribution"):
        try:
            found = pipeline.client("cloudfront").get_distribution(Id=distribution_id)["Distribution"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchDistribution":
                raise
            yield fault(f"There is no distribution {distribution_id}.", deploy_advice(pipeline, DEPLOY_ANEW))
            return
    if not found["DistributionConfig"]["Enabled"]:
        yield fault(
            f"The distribution {distribution_id} is disabled: it answers nobody.",
            deploy_advice(pipeline, "Enable it: CloudFront's console, or `aws cloudfront update-distribution`."),
        )
    elif found["Status"] != _DEPLOYED:
        yield warning(
            f"The distribution {distribution_id} is on its way to CloudFront's places: {found['Status']}.",
            "Wait some minutes.",
        )
    else:
        yield ok(f"The distribution {distribution_id} delivers at {pipeline.delivery_url}.")


def _statements(pipeline: Pipeline) -> list[dict[str, Any]]:
    s3: S3Client = pipeline.client("s3")
    try:
        policy = json.loads(s3.get_bucket_policy(Bucket=pipeline.derived_bucket)["Policy"])
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchBucketPolicy":
            raise
        return []
    statements: list[dict[str, Any]] = policy["Statement"]
    return statements
