"""The uploads bucket and the derived bucket."""

from collections.abc import Sequence
from typing import cast

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct, IDependable

from contract.events import NOTIFIED_EVENTS
from contract.manifest import OUTCOME_TAG, Outcome
from stacks.config.config import Config
from stacks.suppressions import suppress

_NO_ACCESS_LOGS = (
    "Access logs belong in a bucket of the account, not of the application: who wants them records S3 data events with "
    "CloudTrail, for all buckets alike. Each job logs its key and version."
)
_IS_MADE_AGAIN = "All that is in it is made from the uploads, which have versions, and can be made from them again."


class Storage(Construct):
    """Two private, encrypted buckets; only the uploads have versions.

    `uploads_name` is None where CloudFormation has named that bucket, `uploads` where the bucket is not the stack's;
    `derived` is then the one that is there.
    """

    def __init__(self, scope: Construct, construct_id: str, *, config: Config, uploads_name: str | None) -> None:
        super().__init__(scope, construct_id)
        self._removal = RemovalPolicy.RETAIN if config.retain_data else RemovalPolicy.DESTROY
        abandoned = s3.LifecycleRule(
            id="AbandonedParts", abort_incomplete_multipart_upload_after=Duration.days(config.abort_upload_days)
        )
        overwritten = s3.LifecycleRule(
            id="OverwrittenAndDeleted",
            noncurrent_version_expiration=Duration.days(config.noncurrent_days),
            expired_object_delete_marker=True,
        )
        removed = s3.LifecycleRule(
            id="ManifestsOfRemovedUploads",
            tag_filters={OUTCOME_TAG: Outcome.REMOVED.value},
            expiration=Duration.days(config.removed_manifest_days),
        )
        self.uploads: s3.Bucket | None = None
        if config.uploads_bucket is None:
            rules = [abandoned, overwritten, *_rules_for_originals(config)]
            self.uploads = self._bucket("Uploads", name=uploads_name, versioned=True, rules=rules)
            if config.cors_origins:
                origins = [*config.cors_origins]
                self.uploads.add_cors_rule(allowed_methods=[s3.HttpMethods.POST], allowed_origins=origins)
        self.derived: s3.IBucket = self._derived(config, [abandoned, removed])

    def notify(self, queue: sqs.IQueue, *, prefixes: Sequence[str], after: Sequence[IDependable]) -> None:
        """Have S3 put a job on the queue for every change of a key.

        That is an upload, deletion or expiry of a key that starts with a prefix. S3 refuses prefixes of which one is
        the start of another.

        The notification stands on the bucket's own resource: `add_event_notification` would add a custom resource, and
        with it a function that no one asked for. S3 tries to send as soon as it is told of a queue, and a queue's
        policy may take a minute to hold: `after` is what allows it, and what takes that long to create.
        docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
        """
        if self.uploads is None:
            raise ValueError("the uploads bucket is not the stack's own: a rule tells of it")
        bucket = cast("s3.CfnBucket", self.uploads.node.default_child)
        bucket.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
            queue_configurations=[
                s3.CfnBucket.QueueConfigurationProperty(
                    event=event, queue=queue.queue_arn, filter=_prefix_filter(prefix)
                )
                for prefix in prefixes
                for event in NOTIFIED_EVENTS
            ]
        )
        bucket.node.add_dependency(*after)

    def _derived(self, config: Config, rules: list[s3.LifecycleRule]) -> s3.IBucket:
        """Make the bucket, or find the one that is there, whose rules are its owner's."""
        if config.derived_bucket:
            return s3.Bucket.from_bucket_name(self, "Derived", config.derived_bucket.name)
        return self._bucket("Derived", name=None, versioned=False, rules=rules)

    def _bucket(
        self, construct_id: str, *, name: str | None, versioned: bool, rules: list[s3.LifecycleRule]
    ) -> s3.Bucket:
        bucket = s3.Bucket(
            self,
            construct_id,
            bucket_name=name,
            versioned=versioned,
            lifecycle_rules=rules,
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            removal_policy=self._removal,
        )
        suppress(bucket, _NO_ACCESS_LOGS, "AwsSolutions-S1", "CKV_AWS_18")
        if not versioned:
            suppress(bucket, _IS_MADE_AGAIN, "CKV_AWS_21")
        return bucket


def _rules_for_originals(config: Config) -> list[s3.LifecycleRule]:
    """Archive and expire uploads that are current; S3 takes no days in a rule that removes delete markers.

    docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleExpiration.html
    """
    rules = []
    if config.archive_originals_days is not None:
        moved = s3.Transition(
            storage_class=s3.StorageClass.GLACIER_INSTANT_RETRIEVAL,
            transition_after=Duration.days(config.archive_originals_days),
        )
        rules.append(s3.LifecycleRule(id="ArchivedOriginals", prefix=config.key_prefix or None, transitions=[moved]))
    if config.expire_originals_days is not None:
        days = Duration.days(config.expire_originals_days)
        rules.append(s3.LifecycleRule(id="ExpiredOriginals", prefix=config.key_prefix or None, expiration=days))
    return rules


def _prefix_filter(prefix: str) -> s3.CfnBucket.NotificationFilterProperty | None:
    if not prefix:
        return None
    rule = s3.CfnBucket.FilterRuleProperty(name="prefix", value=prefix)
    return s3.CfnBucket.NotificationFilterProperty(s3_key=s3.CfnBucket.S3KeyFilterProperty(rules=[rule]))
