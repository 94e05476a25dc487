"""What the derived bucket's policy says of a distribution that reads it."""

from typing import Any

from contract.keys import MANIFESTS

SERVICE = "cloudfront.amazonaws.com"
_READS, _SEES, _NO_MANIFESTS = STATEMENTS = (
    "DistributionReads",
    "DistributionSeesWhatIsGone",
    "DistributionReadsNoManifests",
)


def reading_statements(
    distribution_arn: str, bucket_arn: str, *, prefix: str = "", manifests: bool
) -> list[dict[str, Any]]:
    """Let one distribution, and no other, read what is made.

    Its manifests only where they are asked for. Without `s3:ListBucket` a missing key is forbidden, not missing; S3
    asks for that right without a prefix, so that none can be a condition of it.
    """
    made = f"{bucket_arn}/{prefix}"
    return [
        _statement(_READS, "Allow", "s3:GetObject", f"{made}*", distribution_arn),
        _statement(_SEES, "Allow", "s3:ListBucket", bucket_arn, distribution_arn),
        *([] if manifests else [no_manifests(distribution_arn, bucket_arn, prefix=prefix)]),
    ]


def no_manifests(distribution_arn: str, bucket_arn: str, *, prefix: str = "") -> dict[str, Any]:
    """Keep manifests from a distribution that may read everything else."""
    resource = f"{bucket_arn}/{prefix}{MANIFESTS}/*"
    return _statement(_NO_MANIFESTS, "Deny", "s3:GetObject", resource, distribution_arn)


def _statement(sid: str, effect: str, action: str, resource: str, distribution_arn: str) -> dict[str, Any]:
    return {
        "Sid": sid,
        "Effect": effect,
        "Principal": {"Service": SERVICE},
        "Action": action,
        "Resource": resource,
        "Condition": {"StringEquals": {"AWS:SourceArn": distribution_arn}},
    }
