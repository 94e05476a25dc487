"""The function, its log group and its least-privilege role."""

from collections.abc import Mapping
from pathlib import Path
from typing import cast

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct, IDependable

from stacks.config.config import Config
from stacks.config.rules import Pollers
from stacks.suppressions import suppress, text_in_cdk_nag

HANDLER = "resize.handler.handler"

_QUEUE_CATCHES_FAILURES = (
    "Only the jobs queue invokes this function, and waits for its answer: what fails goes to the queue's own "
    "dead-letter queue. Destinations are for asynchronous callers and for streams."
)
_X_RAY_HAS_NO_RESOURCES = (
    "X-Ray's write actions know no resource to restrict them to: "
    "docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html"
)
_QUEUE_LIMITS_CONCURRENCY = (
    "The event source mapping limits it. Reserved concurrency would throttle, every throttled batch would count as a "
    "receive, and good jobs would end as dead letters: docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html"
)
_NEEDS_NO_VPC = (
    "It uses nothing of a VPC: it speaks to S3 and SQS alone, with TLS, by a role that knows two buckets and a queue."
)
_KEEPS_NO_SECRETS = "Lambda encrypts them with a key of its own, and they are names and limits: none is a secret."
_LOGS_ARE_ENCRYPTED = (
    "CloudWatch encrypts every log: docs.aws.amazon.com/AmazonCloudWatch/latest/logs/data-protection.html. A key of "
    "one's own costs, and guards keys and outcomes of jobs: no log line holds an image or a credential."
)
_ANY_KEY = "People choose the keys of their uploads, and the keys of what is derived follow from those."

_ARCHITECTURES = {"arm64": lambda_.Architecture.ARM_64, "x86_64": lambda_.Architecture.X86_64}


class ResizeFunction(Construct):
    """One function; what it reads, writes and takes jobs from is for the stack to say."""

    def __init__(
        self, scope: Construct, construct_id: str, *, config: Config, bundle: Path, environment: Mapping[str, str]
    ) -> None:
        super().__init__(scope, construct_id)
        self._config = config
        self._role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        self.log_group = self._make_log_group()
        self.function = self._make_function(bundle, environment)
        suppress(self._role, _X_RAY_HAS_NO_RESOURCES, "AwsSolutions-IAM5[Resource::*]")
        self._grant("WriteLog", ["logs:CreateLogStream", "logs:PutLogEvents"], self.log_group.log_group_arn)

    def take_jobs_from(self, queue: sqs.IQueue) -> IDependable:
        """Invoke the function with batches of the queue's messages; it tells which of them to retry, and when.

        Returns what does it: created last, after the function, its version and the queue.
        """
        self._grant("TakeJobs", ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], queue.queue_arn)
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
        suppress(mapping, _QUEUE_CATCHES_FAILURES, "Serverless-LambdaEventSourceMappingDestination")
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

    def keep(self, derived: s3.IBucket) -> None:
        """Allow to write, replace and remove what is made of uploads."""
        actions = ["s3:GetObject", "s3:PutObject", "s3:PutObjectTagging", "s3:DeleteObject"]
        self._grant_on_objects("KeepDerived", actions, derived, "*")
        self._grant("SeeGoneDerived", ["s3:ListBucket"], derived.bucket_arn)

    def send_events_to(self, queue: sqs.IQueue) -> None:
        """Allow to announce outcomes."""
        self._grant("AnnounceOutcomes", ["sqs:SendMessage"], queue.queue_arn)

    def _live(self) -> lambda_.Alias:
        """Name the newest version of the function, so that jobs meet versions whose numbers grow.

        By its number a version knows that what an older one, with an older configuration, has made of the same upload
        is out of date, and an older one that still runs knows that its own is.
        """
        return lambda_.Alias(self, "Live", alias_name="live", version=self.function.current_version)

    def _grant(self, sid: str, actions: list[str], resource: str) -> None:
        self._role.add_to_principal_policy(iam.PolicyStatement(sid=sid, actions=actions, resources=[resource]))

    def _grant_on_objects(self, sid: str, actions: list[str], bucket: s3.IBucket, keys: str) -> None:
        objects = bucket.arn_for_objects(keys)
        self._grant(sid, actions, objects)
        suppress(self._role, _ANY_KEY, f"AwsSolutions-IAM5[Resource::{text_in_cdk_nag(self, objects)}]")

    def _make_log_group(self) -> logs.LogGroup:
        removal = RemovalPolicy.RETAIN if self._config.retain_data else RemovalPolicy.DESTROY
        group = logs.LogGroup(self, "Log", removal_policy=removal)
        cast("logs.CfnLogGroup", group.node.default_child).retention_in_days = self._config.log_retention_days
        suppress(group, _LOGS_ARE_ENCRYPTED, "CKV_AWS_158")
        return group

    def _make_function(self, bundle: Path, environment: Mapping[str, str]) -> lambda_.Function:
        function = lambda_.Function(
            self,
            "Function",
            description="Darkroom: makes every configured size of an uploaded image",
            code=lambda_.Code.from_asset(str(bundle)),
            handler=HANDLER,
            runtime=lambda_.Runtime(f"python{self._config.python}", lambda_.RuntimeFamily.PYTHON),
            architecture=_ARCHITECTURES[self._config.architecture],
            memory_size=self._config.memory_mb,
            timeout=Duration.seconds(self._config.function_timeout_seconds),
            environment=environment,
            role=self._role,
            log_group=self.log_group,
            logging_format=lambda_.LoggingFormat.JSON,
            tracing=lambda_.Tracing.ACTIVE,
        )
        # The construct makes the function wait for its role, which naming the role has done already.
        resource = cast("lambda_.CfnFunction", function.node.default_child)
        resource.add_metadata("cfn-lint", {"config": {"ignore_checks": ["W3005"]}})
        suppress(function, _QUEUE_CATCHES_FAILURES, "Serverless-LambdaDLQ", "CKV_AWS_116")
        suppress(function, _QUEUE_LIMITS_CONCURRENCY, "CKV_AWS_115")
        suppress(function, _NEEDS_NO_VPC, "CKV_AWS_117")
        suppress(function, _KEEPS_NO_SECRETS, "CKV_AWS_173")
        return function


def _poller_config(pollers: Pollers | None) -> lambda_.ProvisionedPollerConfig | None:
    if pollers is None:
        return None
    return lambda_.ProvisionedPollerConfig(minimum_pollers=pollers.minimum, maximum_pollers=pollers.maximum)
