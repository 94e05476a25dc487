"""Names of the uploads bucket and jobs queue, unique per stack.

A bucket that outlived an earlier stack of the same name still sends its events to that stack's queue. So no queue has
the name of an earlier one, and its policy names the one bucket that may send. Both names must be known before either
resource is there, or the two would wait for each other.
"""

import hashlib
from dataclasses import dataclass

from stacks.config.config import MAX_BUCKET_NAME, Config

# docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html
MAX_QUEUE_NAME = 80
_FIFO = ".fifo"
# docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-msk-serverlesscluster.html
MAX_CLUSTER_NAME = 64
_LOG = "-Log"
# docs.aws.amazon.com/cloudfront/latest/APIReference/API_FunctionSummary.html, and OriginAccessControlConfig
MAX_GLOBAL_NAME = 64
MAX_REGION = len("us-northwest-gov-1")
_HASH_LENGTH = 8
# Hexadecimal digits: the first and the last group of a UUID (RFC 9562), the one for its time, the other for its maker.
SUFFIX_LENGTH = 8 + 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What the uploads bucket and the jobs queue of one stack are called."""

    uploads_bucket: str
    jobs_queue: str


def names_for(config: Config, suffix: str) -> Names:
    """Name both for a stack whose id has this suffix.

    A stack's name that is too long is cut. A stack from before 0.1.0 keeps its names: a resource whose name changes is
    replaced by an empty one. A bucket that is there already has its own.
    """
    if config.legacy_uploads_bucket is not None:
        return Names(uploads_bucket=config.legacy_uploads_bucket, jobs_queue=legacy_queue(config.stack_name))
    existing = config.uploads_bucket
    return Names(
        uploads_bucket=existing.name
        if existing
        else _joined(config.stack_name.lower(), "uploads", suffix, MAX_BUCKET_NAME),
        jobs_queue=_joined(config.stack_name, "jobs", suffix, MAX_QUEUE_NAME),
    )


def events_queue(stack_name: str, suffix: str) -> str:
    """Name the events queue of a stack, which has none from before 0.1.0."""
    return _joined(stack_name, "events", suffix, MAX_QUEUE_NAME - len(_FIFO)) + _FIFO


def log_stack(stack_name: str) -> str:
    """Name the stack that has a pipeline's cluster."""
    return f"{stack_name}{_LOG}"


def log_cluster(stack_name: str) -> str:
    """Name a pipeline's cluster.

    The same each time, so that one that outlived its stack is not paid for twice.
    """
    return f"{stack_name[: MAX_CLUSTER_NAME - len(_LOG)].rstrip('-')}{_LOG}"


def global_name(stack_name: str, role: str, region: str) -> str:
    """Name what an account has one list of for all regions.

    It carries the region, which may be an expression. A stack's name that is too long is cut, and told apart by a hash.
    """
    room = MAX_GLOBAL_NAME - len(f"-{role}-") - MAX_REGION
    name = stack_name
    if len(name) > room:
        digest = hashlib.sha256(name.encode()).hexdigest()[:_HASH_LENGTH]
        name = f"{name[: room - len(digest) - 1].rstrip('-')}-{digest}"
    return f"{name}-{role}-{region}"


def legacy_queue(stack_name: str) -> str:
    """Name the jobs queue of a stack from before 0.1.0."""
    return f"{stack_name}-jobs"


def suffix_of(stack_id: str) -> str:
    """Read the suffix from a stack's id, `arn:…:stack/<name>/<uuid>`.

    `pipeline.py` has CloudFormation do the same.
    """
    groups = stack_id.split("/")[2].split("-")
    return groups[0] + groups[4]


def _joined(stack_name: str, role: str, suffix: str, longest: int) -> str:
    room = longest - len(f"-{role}-") - SUFFIX_LENGTH  # the suffix may be an expression that has no length yet
    return f"{stack_name[:room].rstrip('-')}-{role}-{suffix}"
