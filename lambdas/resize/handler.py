"""Lambda entry point: build the sandbox and consumer once."""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, cast

from resize.sandbox.pool import Confinement, Sandbox
from resize.settings import Settings

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sqs.client import SQSClient

    from resize.consumer import Consumer


def make_consumer(environment: Mapping[str, str]) -> "Consumer":
    """Make the consumer that an environment describes.

    Its sandbox starts while the rest is imported and made.
    """
    settings = Settings.from_environment(environment)
    return _consumer_with(settings, _start_sandbox(settings, int(environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"])))


def _start_sandbox(settings: Settings, megabytes: int) -> Sandbox:
    children = settings.images_at_once(megabytes)
    confinement = Confinement(
        memory_bytes=settings.image_bytes(megabytes),
        answer_bytes=settings.answer_bytes(megabytes),
        processor_seconds=settings.render_seconds,
        wall_seconds=settings.wall_seconds,
    )
    return Sandbox(settings.variants, settings.limits, confinement, children, settings.engine)


def _consumer_with(settings: Settings, sandbox: Sandbox) -> "Consumer":
    """Import what is slow to import only here: the sandbox's children, as slow, are under way by now."""
    from aws_lambda_powertools import Logger, Metrics  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415
    from botocore.session import get_session  # noqa: PLC0415

    from contract.metrics import NAMESPACE  # noqa: PLC0415
    from resize.consumer import Consumer  # noqa: PLC0415
    from resize.events_queue import EventsQueue  # noqa: PLC0415
    from resize.jobs_queue import CLIENT_CONFIG, JobsQueue  # noqa: PLC0415

    config = Config(
        connect_timeout=3,
        read_timeout=10,
        retries={"mode": "standard", "total_max_attempts": 4},
        max_pool_connections=64,
    )
    session = get_session()
    announce = None
    if settings.events:
        client = cast("SQSClient", session.create_client("sqs", config=config))
        announce = EventsQueue(client=client, url=settings.events.queue_url).send
    return Consumer(
        settings=settings,
        sandbox=sandbox,
        # The client that boto3 would give, without loading its transfers and resources: a tenth of a cold start.
        client=cast("S3Client", session.create_client("s3", config=config)),
        queue=JobsQueue(
            settings.jobs_queue_url, lambda: cast("SQSClient", session.create_client("sqs", config=CLIENT_CONFIG))
        ),
        threads=ThreadPoolExecutor(settings.jobs_at_once, thread_name_prefix="job"),
        writers=ThreadPoolExecutor(32, thread_name_prefix="write"),
        logger=Logger(service=settings.stack_name),
        metrics=Metrics(namespace=NAMESPACE, service=settings.stack_name),
        announce=announce,
    )


_CONSUMER = make_consumer(os.environ)


def handler(event: dict[str, Any], context: "LambdaContext") -> Mapping[str, Any]:
    """Do a batch of jobs: AWS Lambda calls this."""
    return _CONSUMER.handle(event, context)
