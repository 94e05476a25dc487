"""Entry of the announce function: one consumer, given every batch."""

import os
from collections.abc import Mapping
from functools import partial
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from announce.consumer import Consumer, Target
from announce.event_bus import EventBus
from announce.settings import KafkaSettings, Settings
from contract.metrics import NAMESPACE

_CLIENT = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3})


def make_consumer(environment: Mapping[str, str]) -> Consumer:
    """Make the consumer; it connects to nothing before its first batch.

    Raises:
        SettingsError: the environment cannot work.
    """
    settings = Settings.from_environment(environment)
    return Consumer(
        target=_target(settings),
        logger=Logger(service=settings.stack_name),
        metrics=Metrics(namespace=NAMESPACE, service=settings.stack_name),
    )


def _target(settings: Settings) -> Target:
    if not isinstance(settings.target, KafkaSettings):
        return EventBus(boto3.client("events", config=_CLIENT), settings.target.bus)
    from announce.credentials import security_settings  # noqa: PLC0415 - a bus needs no librdkafka
    from announce.kafka import KafkaTopic  # noqa: PLC0415
    from announce.topic import make_topic  # noqa: PLC0415

    target, region, new = settings.target, settings.region, settings.target.new_topic
    make = None
    if new:
        make = partial(make_topic, name=target.topic, partitions=new.partitions, retention_ms=new.retention_ms)
    return KafkaTopic(
        target.topic,
        lambda: {
            "bootstrap.servers": target.bootstrap_servers,
            **security_settings(target, region, lambda: boto3.client("secretsmanager", config=_CLIENT)),
        },
        prepare=make,
    )


_CONSUMER = make_consumer(os.environ)


def handler(event: dict[str, Any], context: LambdaContext) -> Mapping[str, Any]:
    """Publish a batch of events: AWS Lambda calls this."""
    return _CONSUMER.handle(event, context)
