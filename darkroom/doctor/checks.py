"""The checks of a pipeline's health, in order."""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from darkroom.doctor.alarms import check_alarms
from darkroom.doctor.concurrency import check_concurrency
from darkroom.doctor.delivery import check_delivery
from darkroom.doctor.drift import compare_function, compare_templates, deployed_template, synthesized_template
from darkroom.doctor.events import check_events
from darkroom.doctor.existing_buckets.bucket_notifications import check_room
from darkroom.doctor.existing_buckets.derived_bucket import check_derived
from darkroom.doctor.findings import Check, Finding, ok, on_this_machine, warning
from darkroom.doctor.rollback import check_rollback
from darkroom.doctor.smoke_test import SMOKE_TEST_FOLDER, SmokeTest
from darkroom.doctor.stack_names import check_names, read_stack_names
from darkroom.doctor.wiring import (
    check_consumer,
    check_notification,
    check_queues,
    expected_prefixes,
)
from darkroom.errors import aws_errors
from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.deployed_config import Scope, known_settings
from darkroom.pipeline.sqs import queue_depth
from stacks.config.config import Config

if TYPE_CHECKING:
    from mypy_boto3_sts import STSClient


def checks(pipeline: Pipeline, config: Config, assembly: Path, *, idle_timeout: float | None) -> Iterator[Check]:
    """List what to look at.

    A test image is sent where there is `idle_timeout` for it, in seconds. `config` and `assembly` are what this folder
    would deploy.

    Raises:
        DarkroomError: the stack's template cannot be read: nothing else can be held against it then.
    """
    yield Check("Who you are", partial(_check_credentials, pipeline))
    yield Check("The names of the bucket and the queue", partial(_check_names, pipeline, config))
    deployed = deployed_template(pipeline)
    yield Check("Drift", lambda: compare_templates(synthesized_template(assembly, pipeline), deployed, pipeline))
    yield Check("The function", partial(compare_function, deployed, pipeline))
    yield Check("The function's versions", partial(check_rollback, pipeline))
    yield from _wiring(pipeline, deployed)
    if config.uploads_bucket and not config.uploads_bucket.by_eventbridge:
        yield Check("The bucket's other notifications", partial(_check_room, pipeline, config))
    if config.derived_bucket:
        yield Check("The derived bucket", partial(_check_derived, pipeline, config))
    yield Check("The dead letters", partial(_check_dead_letters, pipeline))
    yield Check("The events", partial(check_events, pipeline))
    yield Check("The distribution", partial(check_delivery, pipeline, config))
    yield Check("The alarms", partial(check_alarms, pipeline, deployed))
    if idle_timeout is not None:
        yield Check("A test image", partial(_send_image, pipeline, deployed, idle_timeout))


def _wiring(pipeline: Pipeline, deployed: Mapping[str, Any]) -> Iterator[Check]:
    yield Check("The bucket's notification", partial(check_notification, pipeline, deployed))
    yield Check("The queues", partial(check_queues, pipeline))
    yield Check("The event source mapping", partial(check_consumer, pipeline))
    yield Check("The account's limits", partial(check_concurrency, pipeline))


def _send_image(pipeline: Pipeline, deployed: Mapping[str, Any], idle_timeout: float) -> Iterator[Finding]:
    scope = Scope(prefixes=expected_prefixes(deployed), settings=known_settings(pipeline))
    return SmokeTest(pipeline, scope.start_of(f"{SMOKE_TEST_FOLDER}/"), idle_timeout).findings()


def _check_credentials(pipeline: Pipeline) -> Iterator[Finding]:
    sts: STSClient = pipeline.client("sts")
    with aws_errors("Asking who you are"):
        answer = sts.get_caller_identity()
    yield ok(f"You are {answer['Arn']}, in {pipeline.region}.")


def _check_names(pipeline: Pipeline, config: Config) -> Iterator[Finding]:
    found = check_names(config, read_stack_names(pipeline.stack_name, pipeline.client("cloudformation")))
    yield on_this_machine(found, pipeline)


def _check_room(pipeline: Pipeline, config: Config) -> Iterator[Finding]:
    yield check_room(config, pipeline.client("s3"), owner=pipeline.jobs_queue_url.rpartition("/")[2])


def _check_derived(pipeline: Pipeline, config: Config) -> Iterator[Finding]:
    yield from check_derived(config, pipeline.client("s3"), uploads=pipeline.uploads_bucket)


def _check_dead_letters(pipeline: Pipeline) -> Iterator[Finding]:
    messages = queue_depth(pipeline.client("sqs"), pipeline.dead_letter_queue_url).total
    if messages:
        yield warning(f"There are {messages:,} dead letters.", "See why: darkroom dlq list")
    else:
        yield ok("There are no dead letters.")
