"""Check the distribution that delivers variants."""

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
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
    reader = _Reader(pipeline, pipeline.distribution_arn, config.delivery is not None and config.delivery.manifests)
    own = deploy_advice(pipeline, DEPLOY_ANEW)
    advice = reader.policy_command(statements) if config.derived_bucket else own
    yield from _check_policy(statements, reader, advice)


def _check_policy(statements: Sequence[Mapping[str, Any]], reader: "_Reader", advice: str) -> Iterator[Finding]:
    if not lets(statements, reader.access(_READ, _ANY)):
        yield fault(
            "The derived bucket's policy does not let the distribution read it: every URL is answered with 403.",
            advice,
        )
        return
    yield ok("The distribution may read the derived bucket.")
    if lets(statements, reader.access(_READ, f"{MANIFESTS}/{_ANY}")) and not reader.manifests:
        yield fault(
            "The derived bucket's policy lets the distribution read manifests, which tell of uploads' keys, to whoever "
            "asks: delivery.manifests is false.",
            advice,
        )
    if not lets(statements, reader.access("s3:ListBucket", None)):
        yield warning(
            "The derived bucket's policy does not let the distribution list it: what is missing is answered with 403, "
            "as if it were forbidden, and not with 404.",
            advice,
        )


@dataclass(frozen=True, slots=True)
class _Reader:
    """A distribution that reads what is made, its manifests only where they are delivered."""

    pipeline: Pipeline
    distribution_arn: str
    manifests: bool

    @property
    def bucket_arn(self) -> str:
        return f"arn:{self.distribution_arn.split(':')[1]}:s3:::{self.pipeline.derived_bucket}"

    def access(self, action: str, key: str | None) -> ServiceAccess:
        resource = self.bucket_arn if key is None else f"{self.bucket_arn}/{self.pipeline.derived_prefix}{key}"
        return ServiceAccess(service=SERVICE, source_arn=self.distribution_arn, action=action, resource=resource)

    def policy_command(self, standing: Sequence[Mapping[str, Any]]) -> str:
        """Write the command that adds what is missing, and keeps what others have stated.

        Other stacks' distributions may read the same bucket, and a policy has each `Sid` once.
        """
        whose = self.distribution_arn.rpartition("/")[2]
        ours = [
            each | {"Sid": f"{each['Sid']}{whose}"}
            for each in reading_statements(
                self.distribution_arn,
                self.bucket_arn,
                prefix=self.pipeline.derived_prefix,
                manifests=self.manifests,
            )
        ]
        earlier = {f"{name}{whose}" for name in STATEMENTS}
        kept = [each for each in standing if each.get("Sid") not in earlier]
        policy = shlex.quote(json.dumps({"Version": _POLICY_VERSION, "Statement": [*kept, *ours]}))
        return f"aws s3api put-bucket-policy --bucket {self.pipeline.derived_bucket} --policy {policy}"


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
