"""The bundles for x86_64 under AWS's runtime interface: real events of S3 in, real variants in S3 out."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from resize.imaging.engine import Engine
from resize.imaging.limits import Limits
from resize.imaging.render import render
from resize.settings import STORAGE_SECONDS, WALL_FACTOR
from stacks.config.config import Config
from support.command.pipelines import manifest_of, upload
from support.function.jobs_queue import JobsQueue
from support.function.lambda_function import X86_64, BundleOf, LambdaFunction, lambda_function
from support.imaging.formats import pictures
from support.imaging.images import crashing_heic, encoded, opened
from support.imaging.likeness import natural
from support.imaging.pictures import jpeg

# A busy machine takes many times what an idle one does, and the pipeline that the first test starts is in its time.
pytestmark = [pytest.mark.runtime, pytest.mark.timeout(900)]


@pytest.fixture
def function(queue: JobsQueue, engine: Engine, bundle_of: BundleOf, tmp_path: Path) -> Iterator[LambdaFunction]:
    """A fresh function with an engine, beside the pipeline's S3."""
    with lambda_function(X86_64, bundle_of(X86_64, engine), queue.environment(engine), tmp_path) as running:
        yield running


def outcomes(queue: JobsQueue, keys: list[str]) -> dict[str, tuple[str, str | None]]:
    """How each upload ended, and why."""
    manifests = {key: manifest_of(queue.pipeline, key) for key in keys}
    return {key: (manifest["outcome"], manifest["reason"]) for key, manifest in manifests.items()}


def pixels_of(queue: JobsQueue, key: str) -> list[bytes]:
    """The pixels of what the pipeline made of an upload."""
    s3, manifest = queue.pipeline.client("s3"), manifest_of(queue.pipeline, key)
    bodies = [
        s3.get_object(Bucket=queue.pipeline.derived_bucket, Key=made["key"])["Body"].read()
        for made in manifest["renditions"]
    ]
    return [opened(body).tobytes() for body in bodies]


def logged(function: LambdaFunction, message: str) -> list[dict[str, Any]]:
    return [line for line in function.log_lines() if line.get("message") == message]


def test_real_events_of_real_images_become_the_variants_that_this_machine_makes(
    queue: JobsQueue, engine: Engine, function: LambdaFunction
) -> None:
    formats = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF", "HEIC", "animated WEBP")
    sources = {f"{engine} {name}+ü": pictures()[name] for name in formats}
    for key, source in sources.items():
        upload(queue.pipeline, key, source)

    assert queue.deliver(queue.receive(len(sources)), function) == []

    assert outcomes(queue, list(sources)) == dict.fromkeys(sources, ("resized", None))
    made = {key: pixels_of(queue, key) for key in sources}
    expected = {key: render(source, Config().variants, Limits(), None, engine) for key, source in sources.items()}
    assert made == {key: [opened(one.body).tobytes() for one in all_.renditions] for key, all_ in expected.items()}


def test_the_log_is_json_and_has_each_end_and_the_metrics(
    queue: JobsQueue, engine: Engine, function: LambdaFunction
) -> None:
    key = f"{engine} logged.jpg"
    upload(queue.pipeline, key, jpeg())

    assert queue.deliver(queue.receive(1), function) == []

    [ended], counted = logged(function, "job ended"), [line for line in function.log_lines() if "_aws" in line]
    assert (ended["key"], ended["outcome"], ended["service"]) == (key, "resized", queue.pipeline.stack_name)
    assert [(line["Resized"], line["Failed"]) for line in counted] == [([1.0], [0.0])]


def test_a_decoder_that_crashes_costs_its_own_image_only(
    queue: JobsQueue, engine: Engine, function: LambdaFunction
) -> None:
    good = [f"{engine} beside a crash {number}.jpg" for number in range(8)]
    for key in good:
        upload(queue.pipeline, key, jpeg())
    bad = f"{engine} crash.heic"
    upload(queue.pipeline, bad, crashing_heic())

    assert queue.deliver(queue.receive(9), function) == []

    assert outcomes(queue, [*good, bad]) == {**dict.fromkeys(good, ("resized", None)), bad: ("rejected", "crashed")}
    assert "SIGSEGV" in manifest_of(queue.pipeline, bad)["detail"]


def test_a_batch_that_runs_out_of_time_hands_back_what_another_invocation_does(
    queue: JobsQueue, engine: Engine, bundle_of: BundleOf, tmp_path: Path
) -> None:
    """One second is left to begin in, and all of them take several."""
    keys = [f"{engine} late {number}.jpg" for number in range(6)]
    for key in keys:
        upload(queue.pipeline, key, encoded(natural(3000, 2000), "JPEG"))
    settings = queue.environment(engine) | {"DARKROOM_RENDER_SECONDS": str(60 // WALL_FACTOR)}
    bundle, messages = bundle_of(X86_64, engine), queue.receive(len(keys))

    with lambda_function(X86_64, bundle, settings, tmp_path, seconds=60 + STORAGE_SECONDS + 1) as function:
        handed_back = queue.deliver(messages, function)

        assert len(logged(function, "job handed back")) == len(handed_back) > 0
        assert logged(function, "job failed") == []
    with lambda_function(X86_64, bundle, settings, tmp_path) as function:
        assert queue.deliver(handed_back, function) == []

    assert outcomes(queue, keys) == dict.fromkeys(keys, ("resized", None))
