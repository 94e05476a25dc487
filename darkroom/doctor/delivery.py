"""Check the distribution that delivers variants."""

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from contract.keys import MANIFESTS
from darkroom.doctor.findings import Finding, fault, ok, warning
from darkroom.doctor.resource_policy import ServiceAccess, lets
from darkroom.errors import aws_errors
from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.deploy_advice import DEPLOY_ANEW, deploy_advice
from stacks.config.config import Config
from stacks.delivery.bucket_policy import SERVICE, STATEMENTS, reading_statements

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_READ: Final = "s3:GetObject"
_ANY: Final = "any"
# docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html
_POLICY_VERSION: Final = "2012-10-17"
_DEPLOYED: Final = "Deployed"


def check_delivery(pipeline: Pipeline, config: Config) -> Iterator[Finding]:
    """Tell whether the distribution answers, and may read the derived bucket.

    Of a bucket that was there, whose policy its owner writes, it tells what to add.

    Raises:
        DarkroomError: AWS refuses, or does not answer.
    """
    if pipeline.distribution_arn is None:
        return
    yield from _check_distribution(pipeline, pipeline.distribution_arn.rpartition("/")[2])
    with aws_errors("Reading the policy of the derived bucket"):
        statements = _statements(pipeline)
    access = partial(_access, pipeline, pipeline.distribution_arn)
    if config.derived_bucket:
        advice = _policy_command(pipeline, pipeline.distribution_arn, statements, manifests=_delivers_manifests(config))
    else:
        advice = deploy_advice(pipeline, DEPLOY_ANEW)
    if lets(statements, access(_READ, _ANY)):
        yield ok("The distribution may read the derived bucket.")
    else:
        yield fault(
            "The derived bucket's policy does not let the distribution read it: every URL is answered with 403.", advice
        )
        return
    if lets(statements, access(_READ, f"{MANIFESTS}/{_ANY}")) and not _delivers_manifests(config):
        yield fault(
            "The derived bucket's policy lets the distribution read manifests, which tell of uploads' keys, to whoever "
            "asks: delivery.manifests is false.",
            advice,
        )
    if not lets(statements, access("s3:ListBucket", None)):
        yield warning(
            "The derived bucket's policy does not let the distribution list it: what is missing is answered with 403, "
            "as if it were forbidden, and not with 404.",
            advice,
        )


def _access(pipeline: Pipeline, distribution_arn: str, action: str, key: str | None) -> ServiceAccess:
    bucket = f"arn:{distribution_arn.split(':')[1]}:s3:::{pipeline.derived_bucket}"
    resource = bucket if key is None else f"{bucket}/{pipeline.derived_prefix}{key}"
    return ServiceAccess(service=SERVICE, source_arn=distribution_arn, action=action, resource=resource)


def _delivers_manifests(config: Config) -> bool:
    return config.delivery is not None and config.delivery.manifests


def _policy_command(
    pipeline: Pipeline, distribution_arn: str, standing: Sequence[Mapping[str, Any]], *, manifests: bool
) -> str:
    """Write the command that adds what is missing, and keeps what others have stated."""
    bucket = f"arn:{distribution_arn.split(':')[1]}:s3:::{pipeline.derived_bucket}"
    ours = reading_statements(distribution_arn, bucket, prefix=pipeline.derived_prefix, manifests=manifests)
    kept = [each for each in standing if each.get("Sid") not in STATEMENTS]
    policy = shlex.quote(json.dumps({"Version": _POLICY_VERSION, "Statement": [*kept, *ours]}))
    return f"aws s3api put-bucket-policy --bucket {pipeline.derived_bucket} --policy {policy}"


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
