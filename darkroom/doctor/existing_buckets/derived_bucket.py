"""Check a derived bucket that is not the stack's own."""

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from contract.keys import MANIFESTS
from contract.manifest import OUTCOME_TAG, Outcome
from contract.s3_errors import error_code
from darkroom.doctor.findings import Finding, fault, ok, warning
from darkroom.errors import aws_errors
from stacks.config.config import Config
from stacks.config.derived_bucket import ExistingDerivedBucket

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_LONGEST_ID = 255  # docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRule.html
_TAG = {"Key": OUTCOME_TAG, "Value": Outcome.REMOVED.value}


def check_derived(config: Config, s3: "S3Client", *, uploads: str | None = None) -> Iterator[Finding]:
    """Tell whether what is made can be kept in a bucket that is there.

    Of a bucket of the stack's own there is nothing to tell. `uploads` is the uploads bucket of a deployed stack: the
    configuration does not know how one of the stack's own is called.

    Raises:
        DarkroomError: S3 refuses, or does not answer.
    """
    derived = config.derived_bucket
    if derived is None:
        return
    with aws_errors(f"Looking at the derived bucket {derived.name!r}"):
        encryption = _ask(s3.get_bucket_encryption, derived.name, "ServerSideEncryptionConfigurationNotFoundError")
        versioning = _ask(s3.get_bucket_versioning, derived.name, "")
        lifecycle = _ask(s3.get_bucket_lifecycle_configuration, derived.name, "NoSuchLifecycleConfiguration")
    if derived.overlaps(uploads, config.key_prefix):
        yield fault(
            f"{derived.name} has the uploads, too, and what is made there, below {derived.prefix!r}, would be taken "
            f"for uploads: key_prefix is {config.key_prefix!r}. It would be resized again and again.",
            "Set key_prefix and derived_bucket's prefix to folders of which none is in the other, or name another "
            "bucket.",
        )
    yield _judge_encryption(derived.name, encryption)
    if versioning.get("Status") == "Enabled":
        yield warning(
            f"{derived.name} keeps versions: whatever is replaced or removed stays, and is billed.",
            "Have a lifecycle rule expire noncurrent versions: all that is made can be made again.",
        )
    yield _judge_lifecycle(derived, config.removed_manifest_days, lifecycle.get("Rules", ()))


def _ask(request: Any, bucket: str, nothing: str) -> Mapping[str, Any]:
    """Ask S3; `nothing` is its error where nothing of the kind is configured."""
    try:
        answer: Mapping[str, Any] = request(Bucket=bucket)
    except ClientError as error:
        if error_code(error) != nothing:
            raise
        return {}
    return answer


def _judge_encryption(bucket: str, encryption: Mapping[str, Any]) -> Finding:
    rules = encryption.get("ServerSideEncryptionConfiguration", {}).get("Rules", ())
    algorithms = {str(rule.get("ApplyServerSideEncryptionByDefault", {}).get("SSEAlgorithm", "")) for rule in rules}
    if any(each.startswith("aws:kms") for each in algorithms):
        return fault(
            f"{bucket} encrypts with KMS by default, and cannot be the derived bucket: ETags are no MD5 there, and by "
            "that the function knows a variant of its own from one that another delivery has written meanwhile.",
            'Take one with SSE-S3, "SSEAlgorithm": "AES256", or make derived_bucket null.',
        )
    return ok(f"{bucket} encrypts with SSE-S3.")


def _judge_lifecycle(derived: ExistingDerivedBucket, days: int, rules: Sequence[Mapping[str, Any]]) -> Finding:
    manifests = f"{derived.prefix}{MANIFESTS}/"
    if any(_is_for_removed(rule, manifests) for rule in rules):
        return ok(f"A lifecycle rule of {derived.name} removes manifests of uploads that are gone.")
    rule = {
        # Another stack may have one for another prefix, and a bucket has each ID once.
        "ID": f"Manifests of removed uploads, {derived.prefix}"[:_LONGEST_ID],
        "Status": "Enabled",
        "Filter": {"And": {"Prefix": manifests, "Tags": [_TAG]}},
        "Expiration": {"Days": days},
    }
    kept = [each for each in rules if each.get("ID") != rule["ID"]]
    # A rule may have a date, which boto3 reads as such, and the command takes as text.
    whole = shlex.quote(json.dumps({"Rules": [*kept, rule]}, default=datetime.isoformat))
    return warning(
        f"No lifecycle rule of {derived.name} removes manifests of uploads that are gone: they stay for ever.",
        f"aws s3api put-bucket-lifecycle-configuration --bucket {derived.name} --lifecycle-configuration {whole}",
    )


def _is_for_removed(rule: Mapping[str, Any], manifests: str) -> bool:
    chosen = rule.get("Filter", {})
    tags = [chosen.get("Tag"), *chosen.get("And", {}).get("Tags", ())]
    prefix = str(chosen.get("And", {}).get("Prefix", chosen.get("Prefix", "")))
    is_on = rule.get("Status") == "Enabled" and "Days" in rule.get("Expiration", {})
    return is_on and _TAG in tags and manifests.startswith(prefix)
