"""The function, its log group and its least-privilege role."""

from collections.abc import Mapping
from pathlib import Path

from aws_cdk import Aws, Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct, IDependable

from stacks.config.config import Config
from stacks.config.rules import Pollers
from stacks.queue_function import Program, QueueFunction
from stacks.suppressions import suppress, text_in_cdk_nag

HANDLER = "resize.handler.handler"

_NEEDS_NO_VPC = (
    "It uses nothing of a VPC: it speaks to S3 and SQS alone, with TLS, by a role that knows two buckets and a queue."
)
_KEEPS_NO_SECRETS = "Lambda encrypts them with a key of its own, and they are names and limits: none is a secret."
_LOGGED = "A key of one's own costs, and guards keys and outcomes of jobs: no log line holds an image or a credential."
_ANY_KEY = "People choose the keys of their uploads, and the keys of what is derived follow from those."


class ResizeFunction(QueueFunction):
    """One function; what it reads, writes and takes jobs from is for the stack to say."""

    def __init__(
        self, scope: Construct, construct_id: str, *, config: Config, bundle: Path, environment: Mapping[str, str]
    ) -> None:
        program = Program(
            handler=HANDLER,
            description="Darkroom: makes every configured size of an uploaded image",
            bundle=bundle,
            memory_mb=config.memory_mb,
            timeout_seconds=config.function_timeout_seconds,
            environment=environment,
            jobs="jobs",
            logged=_LOGGED,
            variables=_KEEPS_NO_SECRETS,
            no_vpc=_NEEDS_NO_VPC,
        )
        super().__init__(scope, construct_id, config=config, program=program)

    def take_jobs_from(self, queue: sqs.IQueue) -> IDependable:
        """Invoke the function with batches of the queue's messages.

        It tells which of them to retry, and when. Returns what does it: created last, after the function, its version
        and the queue.
        """
        self._grant_receive("TakeJobs", queue)
        self._grant("RetryJobs", ["sqs:ChangeMessageVisibility"], queue.queue_arn)
        mapping = lambda_.EventSourceMapping(
            self,
            "Jobs",
            target=self._live(),
            event_source_arn=queue.queue_arn,
            batch_size=self._config.batch_size,
            max_batching_window=Duration.seconds(self._config.batch_window_seconds),
            report_batch_item_failures=True,
            max_concurrency=self._config.max_concurrency,
            provisioned_poller_config=_poller_config(self._config.provisioned_pollers),
        )
        self._suppress_destination(mapping)
        return mapping

    def read(self, uploads: s3.IBucket) -> None:
        """Allow to read the current version of what is resized, and to see what is gone.

        Without `s3:ListBucket` a missing key looks like a forbidden one, 403 instead of 404:
        docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html. Where an older upload is shown in place of a
        rejected one, it must find and read that. So it must where variants outlive an upload that expires: it sees
        which version that was, and reads it once more if some of them were just being replaced.
        """
        keeps = self._config.keep_variants_of_expired or self._config.fallback_versions > 0
        reads = ["s3:GetObject", *(["s3:GetObjectVersion"] if keeps else [])]
        sees = ["s3:ListBucket", *(["s3:ListBucketVersions"] if keeps else [])]
        self._grant_on_objects("ReadUploads", reads, uploads, f"{self._config.key_prefix}*")
        self._grant("SeeGoneUploads", sees, uploads.bucket_arn)
        existing = self._config.uploads_bucket
        if existing and existing.kms_key_arn:
            self._let_decrypt(existing.kms_key_arn)

    def keep(self, derived: s3.IBucket) -> None:
        """Allow to write, replace and remove what is made of uploads.

        In a bucket of others it may do that below the prefix alone. It sees there which keys there are all the same:
        without `s3:ListBucket` a missing key looks forbidden.
        """
        actions = ["s3:GetObject", "s3:PutObject", "s3:PutObjectTagging", "s3:DeleteObject"]
        existing = self._config.derived_bucket
        self._grant_on_objects("KeepDerived", actions, derived, f"{existing.prefix if existing else ''}*")
        self._grant("SeeGoneDerived", ["s3:ListBucket"], derived.bucket_arn)

    def send_events_to(self, queue: sqs.IQueue) -> None:
        """Allow to announce outcomes."""
        self._grant("AnnounceOutcomes", ["sqs:SendMessage"], queue.queue_arn)

    def _let_decrypt(self, key_arn: str) -> None:
        """Allow S3 to decrypt uploads for the function; the key's own policy must allow it as well.

        docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
        """
        through_s3 = {"StringEquals": {"kms:ViaService": f"s3.{Aws.REGION}.{Aws.URL_SUFFIX}"}}
        self._role.add_to_principal_policy(
            iam.PolicyStatement(
                sid="DecryptUploads", actions=["kms:Decrypt"], resources=[key_arn], conditions=through_s3
            )
        )

    def _live(self) -> lambda_.Alias:
        """Name the newest version of the function, so that jobs meet versions whose numbers grow.

        By its number a version knows that what an older one, with an older configuration, has made of the same upload
        is out of date, and an older one that still runs knows that its own is.
        """
        return lambda_.Alias(self, "Live", alias_name="live", version=self.function.current_version)

    def _grant_on_objects(self, sid: str, actions: list[str], bucket: s3.IBucket, keys: str) -> None:
        objects = bucket.arn_for_objects(keys)
        self._grant(sid, actions, objects)
        suppress(self._role, _ANY_KEY, f"AwsSolutions-IAM5[Resource::{text_in_cdk_nag(self, objects)}]")


def _poller_config(pollers: Pollers | None) -> lambda_.ProvisionedPollerConfig | None:
    if pollers is None:
        return None
    return lambda_.ProvisionedPollerConfig(minimum_pollers=pollers.minimum, maximum_pollers=pollers.maximum)
