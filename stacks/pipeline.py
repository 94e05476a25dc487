"""The whole pipeline as one stack."""

from pathlib import Path

from aws_cdk import Aws, CfnOutput, Fn, Stack
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.config.config import Config
from stacks.monitoring.metrics import AlarmMetrics
from stacks.monitoring.monitoring import Monitoring
from stacks.names import names_for
from stacks.outputs import Output
from stacks.queues import Queues
from stacks.resize_function import ResizeFunction
from stacks.storage import Storage


class PipelineStack(Stack):
    """Bucket to queue to function to bucket, for whatever account and region it is deployed to."""

    def __init__(self, scope: Construct, construct_id: str, *, config: Config, bundle: Path) -> None:
        super().__init__(scope, construct_id, description="Darkroom: every upload becomes every configured size")
        names = names_for(config, _suffix())
        # By its name: the bucket is created last, after the queue that lets it send and the function that reads it.
        uploads = s3.Bucket.from_bucket_name(self, "UploadsByName", names.uploads_bucket)
        is_named = config.legacy_uploads_bucket is None
        self.storage = Storage(self, "Storage", config=config, uploads_name=names.uploads_bucket if is_named else None)
        self.queues = Queues(self, "Queues", config=config, jobs_name=names.jobs_queue)
        allowed = self.queues.let_s3_send(uploads)
        self.consumer = self._consumer(config, bundle, uploads)
        consuming = self.consumer.take_jobs_from(self.queues.jobs)
        self.storage.notify(self.queues.jobs, key_prefix=config.key_prefix, after=[allowed, consuming])
        if config.monitoring:
            self._monitor(config)
        self._add_outputs()

    def _consumer(self, config: Config, bundle: Path, uploads: s3.IBucket) -> ResizeFunction:
        derived = self.storage.derived
        settings = config.settings(
            uploads_bucket=uploads.bucket_name,
            derived_bucket=derived.bucket_name,
            jobs_queue_url=self.queues.jobs.queue_url,
        )
        consumer = ResizeFunction(self, "Consumer", config=config, bundle=bundle, environment=settings.to_environment())
        consumer.read(uploads)
        consumer.keep(derived)
        return consumer

    def _monitor(self, config: Config) -> None:
        metrics = AlarmMetrics(
            stack_name=config.stack_name,
            jobs=self.queues.jobs,
            dead_letters=self.queues.dead_letters,
            function=self.consumer.function,
        )
        Monitoring(self, "Monitoring", config=config, metrics=metrics, log_group=self.consumer.log_group)

    def _add_outputs(self) -> None:
        values = {
            Output.UPLOADS_BUCKET: self.storage.uploads.bucket_name,
            Output.DERIVED_BUCKET: self.storage.derived.bucket_name,
            Output.JOBS_QUEUE_URL: self.queues.jobs.queue_url,
            Output.DEAD_LETTER_QUEUE_URL: self.queues.dead_letters.queue_url,
            Output.FUNCTION_NAME: self.consumer.function.function_name,
        }
        for name, value in values.items():
            CfnOutput(self, name.value, value=value)


def _suffix() -> str:
    """Have CloudFormation read the suffix from the stack's id, as `names.suffix_of` does."""
    uuid = Fn.select(2, Fn.split("/", Aws.STACK_ID))
    return Fn.select(0, Fn.split("-", uuid)) + Fn.select(4, Fn.split("-", uuid))
