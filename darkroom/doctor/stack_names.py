"""Compare a stack's resource names with those of the next deployment."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from darkroom.doctor.findings import Finding, ok, warning
from darkroom.errors import aws_errors
from darkroom.pipeline.client import find_stack, outputs_of
from stacks.config.config import Config
from stacks.names import Names, legacy_queue, names_for, suffix_of
from stacks.outputs import Output, UploadsOutput

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

_SETTING = "legacy_uploads_bucket"


@dataclass(frozen=True, slots=True, kw_only=True)
class StackNames:
    """A deployed stack: its id, its uploads bucket and its jobs queue by name.

    `notified_by` is who tells of uploads, None where the bucket is the stack's own, and sends to the queue itself.
    """

    stack_id: str
    names: Names
    notified_by: str | None = None


def read_stack_names(stack_name: str, cloudformation: "CloudFormationClient") -> StackNames | None:
    """Read the names of a stack.

    None where there is none yet, or none that was ever created whole.

    Raises:
        DarkroomError: CloudFormation refuses, or does not answer.
    """
    with aws_errors(f"Finding the stack {stack_name!r}"):
        stack = find_stack(stack_name, cloudformation)
    outputs = outputs_of(stack) if stack else {}
    if stack is None or not outputs.keys() >= {Output.UPLOADS_BUCKET, Output.JOBS_QUEUE_URL}:
        return None
    names = Names(
        uploads_bucket=outputs[Output.UPLOADS_BUCKET], jobs_queue=outputs[Output.JOBS_QUEUE_URL].rpartition("/")[2]
    )
    return StackNames(stack_id=stack["StackId"], names=names, notified_by=outputs.get(UploadsOutput.NOTIFIED_BY))


def check_names(config: Config, deployed: StackNames | None) -> Finding:
    """Tell whether a deployment would keep both names.

    CloudFormation replaces what is called otherwise. The new uploads bucket would be empty, and jobs that wait in the
    old queue would be lost.
    """
    if deployed is None:
        return _check_new_stack(config)
    wanted = names_for(config, suffix_of(deployed.stack_id))
    if _notifier(config) != deployed.notified_by or (
        config.uploads_bucket and wanted.uploads_bucket != deployed.names.uploads_bucket
    ):
        return _check_other_bucket(config, deployed, wanted)
    if wanted == deployed.names:
        return ok("A deployment keeps the uploads bucket and the jobs queue.")
    return warning(
        f"A deployment would replace the uploads bucket {deployed.names.uploads_bucket} and the jobs queue "
        f"{deployed.names.jobs_queue} by new, empty ones, {wanted.uploads_bucket} and {wanted.jobs_queue}.",
        _advice(config, deployed),
    )


def _check_other_bucket(config: Config, deployed: StackNames, wanted: Names) -> Finding:
    """Warn of another bucket, or of another way to be told of it, beneath the same variants.

    A manifest's place in the order of events is a sequencer, and those of two buckets, or of S3's own messages and of
    EventBridge's, need not be comparable: a later upload could be taken for an earlier one, and never be resized.
    docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    """
    there = f"{deployed.names.uploads_bucket}, told of by {deployed.notified_by or 'the bucket itself'}"
    here = f"{wanted.uploads_bucket}, told of by {_notifier(config) or 'the bucket itself'}"
    return warning(
        f"The stack resizes uploads of {there}; a deployment would have it resize those of {here}. The order of their "
        "events cannot be compared, so later uploads could be taken for earlier ones.",
        "Deploy a stack of another stack_name beside it, whose derived bucket is new, and remove this one afterwards; "
        "or put uploads_bucket back.",
    )


def _notifier(config: Config) -> str | None:
    return config.uploads_bucket.notified_by.value if config.uploads_bucket else None


def _check_new_stack(config: Config) -> Finding:
    if config.uploads_bucket is not None:
        return ok(f"A new stack takes uploads from {config.uploads_bucket.name}, and gets a jobs queue of its own.")
    if config.legacy_uploads_bucket is None:
        return ok("A new stack gets an uploads bucket and a jobs queue of its own.")
    return warning(
        f"There is no stack {config.stack_name!r} whose uploads bucket {_SETTING} could name: it is "
        f"{config.legacy_uploads_bucket!r}.",
        f"Take {_SETTING} out for a new stack, or check stack_name, the profile and the region.",
    )


def _advice(config: Config, deployed: StackNames) -> str:
    bucket = deployed.names.uploads_bucket
    if deployed.names.jobs_queue == legacy_queue(config.stack_name):
        return (
            f'Keep them: put "{_SETTING}": "{bucket}" into cdk.json under "context", or add -c {_SETTING}={bucket} to '
            "each deployment. CHANGELOG.md says why."
        )
    if config.legacy_uploads_bucket is not None:
        return f"Keep them: take {_SETTING} out. This stack is of 0.1.0 or newer."
    return "Keep them: deploy the version of Darkroom that this stack was deployed with."
