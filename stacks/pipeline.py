"""The whole pipeline as one stack."""

from enum import StrEnum
from pathlib import Path

from aws_cdk import Aws, CfnOutput, CrossStackReferences, Fn, ReferenceStrength, Stack
from aws_cdk import aws_s3 as s3
from constructs import Construct, IDependable

from resize.settings import Events
from stacks.config.config import Config
from stacks.config.delivery import Delivery
from stacks.delivery.distribution import Distribution, let_read
from stacks.event_log import EventLog
from stacks.monitoring.metrics import AlarmMetrics, EventMetrics
from stacks.monitoring.monitoring import Monitoring
from stacks.names import events_queue, names_for
from stacks.outputs import DeliveryOutput, DerivedOutput, EventsOutput, Output, UploadsOutput
from stacks.queues import Queues
from stacks.resize_function import ResizeFunction
from stacks.storage import Storage
from stacks.uploads.notification import UploadsNotification
from stacks.uploads.rule import UploadsRule


class PipelineStack(Stack):
    """Bucket to queue to function to bucket, for any account and region.

    `announce_bundle` is what takes outcomes to the event log, and None where the configuration has no events;
    `notification_bundle` what has a bucket tell of uploads that others configure too, and None where none is to.
    """

    def __init__(  # noqa: PLR0913 - the configuration, and a bundle for each function
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: Config,
        bundle: Path,
        announce_bundle: Path | None = None,
        notification_bundle: Path | None = None,
    ) -> None:
        super().__init__(scope, construct_id, description="Darkroom: every upload becomes every configured size")
        # CloudFormation then refuses to delete a cluster of the stack `Log` that this one writes to.
        CrossStackReferences.of(self).consume(ReferenceStrength.STRONG)
        names = names_for(config, _suffix())
        # By its name: the bucket is created last, after the queue that lets it send and the function that reads it.
        uploads = s3.Bucket.from_bucket_name(self, "UploadsByName", names.uploads_bucket)
        is_named = config.legacy_uploads_bucket is None
        self.storage = Storage(self, "Storage", config=config, uploads_name=names.uploads_bucket if is_named else None)
        self.queues = Queues(self, "Queues", config=config, jobs_name=names.jobs_queue)
        self.event_log = self._event_log(config, announce_bundle)
        self._delivered = self._deliver(config.delivery, config) if config.delivery else {}
        self.consumer = self._consumer(config, bundle, uploads)
        consuming = self.consumer.take_jobs_from(self.queues.jobs)
        self._have_jobs_sent(config, uploads, notification_bundle, after=consuming)
        if config.monitoring:
            self._monitor(config)
        self._add_outputs(config, self.storage.uploads or uploads)

    def _have_jobs_sent(self, config: Config, uploads: s3.IBucket, bundle: Path | None, *, after: IDependable) -> None:
        existing, prefixes = config.uploads_bucket, config.notified_prefixes
        if existing and existing.by_eventbridge:
            UploadsRule(self, "UploadsRule", bucket=uploads, prefixes=prefixes, queues=self.queues)
            return
        allowed = self.queues.let_s3_send(uploads)
        if existing is None:
            self.storage.notify(self.queues.jobs, prefixes=prefixes, after=[allowed, after])
            return
        if bundle is None:
            raise ValueError(
                "the uploads bucket is to notify, and there is no bundle of the function that has it do so"
            )
        UploadsNotification(
            self,
            "UploadsNotification",
            config=config,
            bundle=bundle,
            bucket=uploads,
            queue=self.queues.jobs,
            owner=names_for(config, _suffix()).jobs_queue,
            prefixes=prefixes,
            after=[allowed, after],
        )

    def _event_log(self, config: Config, bundle: Path | None) -> EventLog | None:
        if config.events is None:
            return None
        if bundle is None:
            raise ValueError("events are on, and there is no bundle of the function that announces them")
        queue_name = events_queue(config.stack_name, _suffix())
        return EventLog(self, "EventLog", config=config, bundle=bundle, queue_name=queue_name)

    def _consumer(self, config: Config, bundle: Path, uploads: s3.IBucket) -> ResizeFunction:
        derived = self.storage.derived
        settings = config.settings(
            uploads_bucket=uploads.bucket_name,
            derived_bucket=derived.bucket_name,
            jobs_queue_url=self.queues.jobs.queue_url,
            events=self._events(config),
            delivery_url=self._delivered.get(DeliveryOutput.URL),
        )
        consumer = ResizeFunction(self, "Consumer", config=config, bundle=bundle, environment=settings.to_environment())
        consumer.read(uploads)
        consumer.keep(derived)
        if self.event_log:
            consumer.send_events_to(self.event_log.queues.events)
        return consumer

    def _events(self, config: Config) -> Events | None:
        if self.event_log is None:
            return None
        source = f"/darkroom/{Aws.ACCOUNT_ID}/{Aws.REGION}/{config.stack_name}"
        return Events(queue_url=self.event_log.queues.events.queue_url, source=source)

    def _deliver(self, delivery: Delivery, config: Config) -> dict[StrEnum, str]:
        """Let a distribution read the derived bucket, and say where it delivers.

        The policy of a bucket that was there is its owner's: `darkroom doctor` prints what to add.
        """
        host, made = "".join(delivery.domain_names[:1]), None
        if delivery.distribution_arn is None:
            made = Distribution(self, "Delivery", config=config, delivery=delivery, derived=self.storage.derived)
            host = host or made.resource.distribution_domain_name
        arn = made.arn if made else str(delivery.distribution_arn)
        if config.derived_bucket is None:
            let_read(arn, self.storage.derived, manifests=delivery.manifests, is_own=made is not None)
        return {
            DeliveryOutput.URL: f"https://{host}",
            DeliveryOutput.DISTRIBUTION_ARN: arn,
            **({DeliveryOutput.SIGNING_KEYS: made.signing_keys.ids} if made and made.signing_keys else {}),
        }

    def _monitor(self, config: Config) -> None:
        metrics = AlarmMetrics(
            stack_name=config.stack_name,
            jobs=self.queues.jobs,
            dead_letters=self.queues.dead_letters,
            function=self.consumer.function,
            events=_event_metrics(config.stack_name, self.event_log),
        )
        Monitoring(self, "Monitoring", config=config, metrics=metrics, log_group=self.consumer.log_group)

    def _add_outputs(self, config: Config, uploads: s3.IBucket) -> None:
        values: dict[StrEnum, str] = {
            Output.UPLOADS_BUCKET: uploads.bucket_name,
            Output.DERIVED_BUCKET: self.storage.derived.bucket_name,
            Output.JOBS_QUEUE_URL: self.queues.jobs.queue_url,
            Output.DEAD_LETTER_QUEUE_URL: self.queues.dead_letters.queue_url,
            Output.FUNCTION_NAME: self.consumer.function.function_name,
        }
        if config.derived_bucket and config.derived_bucket.prefix:
            values[DerivedOutput.PREFIX] = config.derived_bucket.prefix
        if config.uploads_bucket:
            values[UploadsOutput.NOTIFIED_BY] = config.uploads_bucket.notified_by.value
        if self.event_log:
            values |= _event_values(self.event_log)
        values |= self._delivered
        for name, value in values.items():
            CfnOutput(self, name.value, value=value)


def _event_metrics(stack_name: str, log: EventLog | None) -> EventMetrics | None:
    if log is None:
        return None
    return EventMetrics(stack_name=stack_name, events=log.queues.events, dead_letters=log.queues.dead_letters)


def _event_values(log: EventLog) -> dict[StrEnum, str]:
    bus: dict[StrEnum, str] = {EventsOutput.EVENT_BUS_NAME: log.bus.event_bus_name} if log.bus else {}
    return {
        EventsOutput.EVENTS_QUEUE_URL: log.queues.events.queue_url,
        EventsOutput.EVENT_DEAD_LETTER_QUEUE_URL: log.queues.dead_letters.queue_url,
        EventsOutput.ANNOUNCE_FUNCTION_NAME: log.announce.function.function_name,
        **bus,
    }


def _suffix() -> str:
    """Have CloudFormation read the suffix from the stack's id, as `names.suffix_of` does."""
    uuid = Fn.select(2, Fn.split("/", Aws.STACK_ID))
    return Fn.select(0, Fn.split("-", uuid)) + Fn.select(4, Fn.split("-", uuid))
