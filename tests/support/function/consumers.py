"""The function's consumer on moto, with a real sandbox, and the invocations that it is given."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import StringIO
from typing import Any, cast
from unittest.mock import create_autospec

import boto3
import pytest
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.typing import LambdaContext

from contract.events import EventType, ObjectEvent
from resize.consumer import Consumer
from resize.jobs_queue import JobsQueue
from resize.sandbox.pool import Confinement, Sandbox
from support.function.buckets import Buckets
from support.function.events import s3_body, s3_record

CONFINEMENT = Confinement(memory_bytes=1024**3, answer_bytes=128 * 1024**2, processor_seconds=20, wall_seconds=60)


def context(seconds_left: float = 120) -> LambdaContext:
    """What Lambda tells of an invocation that has this much time left."""
    told = create_autospec(LambdaContext, instance=True, aws_request_id="r1")
    told.get_remaining_time_in_millis.return_value = seconds_left * 1000
    return cast("LambdaContext", told)


@contextmanager
def new_consumer(
    world: Buckets, log: StringIO, name: str, *, confinement: Confinement = CONFINEMENT, queue_url: str = ""
) -> Iterator[Consumer]:
    """A consumer of the world's jobs; its logger, which Python keeps by its name, writes to `log`."""
    with (
        Sandbox(world.settings.variants, world.settings.limits, confinement) as sandbox,
        ThreadPoolExecutor(4) as threads,
        ThreadPoolExecutor(8) as writers,
    ):
        yield Consumer(
            settings=world.settings,
            client=world.client,
            queue=JobsQueue(queue_url, lambda: boto3.client("sqs", region_name="eu-west-1")),
            sandbox=sandbox,
            threads=threads,
            writers=writers,
            logger=Logger(service=name, stream=log),
            metrics=Metrics(namespace="Darkroom", service="test"),
        )


def message(upload: ObjectEvent) -> str:
    """The body of the message that S3 sends about an upload."""
    names = {
        EventType.CREATED: "ObjectCreated:Put",
        EventType.DELETED: "ObjectRemoved:Delete",
        EventType.MARKED_DELETED: "ObjectRemoved:DeleteMarkerCreated",
        EventType.EXPIRED: "LifecycleExpiration:DeleteMarkerCreated",
    }
    return s3_body(
        s3_record(
            upload.key,
            event=names[upload.change],
            version_id=upload.version_id,
            sequencer=upload.sequencer,
            size=upload.size,
        )
    )


def failed_ids(answer: Any) -> list[str]:
    """The messages that are to be delivered again."""
    return [item["itemIdentifier"] for item in answer["batchItemFailures"]]


def counted(capsys: pytest.CaptureFixture[str]) -> dict[str, list[float]]:
    """The metrics that have been written since."""
    values: dict[str, list[float]] = {}
    for line in capsys.readouterr().out.splitlines():
        document = json.loads(line)
        for directive in document["_aws"]["CloudWatchMetrics"]:
            for metric in directive["Metrics"]:
                values.setdefault(metric["Name"], []).extend(document[metric["Name"]])
    return values
