"""A function that is given batches.

`python -m benchmarks.function.batch_worker ENGINE FORMAT PROCESSORS`. The function's own handler, wired by its own
entry, but for S3, which is in memory and at a distance.
"""

import importlib
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from benchmarks.engines import choosing, versions_of
from benchmarks.function.distant_s3 import DistantS3
from benchmarks.machine import use_processors
from benchmarks.peers.serving import serve
from resize.imaging.variants import Format
from resize.sandbox.pool import Confinement, Sandbox
from resize.settings import Settings
from stacks.config.config import Config
from support.function.events import s3_body, s3_record, sqs_event

MEGABYTES = 1769  # of memory for each processor
_SECONDS_LEFT = 280


class Function:
    """One function instance, and the same work as a person would write it.

    One request after another.
    """

    def __init__(self, engine: str, output: str, processors: int) -> None:
        variants = tuple(replace(one, format=Format(output)) for one in Config().variants)
        self._settings = Settings(
            uploads_bucket="uploads", derived_bucket="derived", variants=variants, **choosing(engine)
        )
        megabytes = str(MEGABYTES * processors)
        environment = self._settings.to_environment() | {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": megabytes}
        self._s3 = DistantS3()
        with (
            patch.dict(os.environ, environment),
            patch("botocore.session.Session.create_client", lambda *_, **__: self._s3),
        ):
            self._handle = importlib.import_module("resize.handler").handler
        confinement = Confinement(
            memory_bytes=self._settings.image_bytes(MEGABYTES),
            answer_bytes=self._settings.answer_bytes(MEGABYTES),
            processor_seconds=self._settings.render_seconds,
            wall_seconds=self._settings.wall_seconds,
        )
        self._sandbox = Sandbox(variants, self._settings.limits, confinement, **choosing(engine))
        self._round = 0

    def answer(self, question: Mapping[str, Any]) -> Mapping[str, Any]:
        """Do a batch of jobs of a source, `together` or one after another."""
        source, self._round = Path(question["source"]).read_bytes(), self._round + 1
        keys = [f"{self._round}/{number}.jpg" for number in range(question["jobs"])]
        versions = [self._s3.put_at_once(key, source) for key in keys]
        before, start = self._s3.requests, time.perf_counter()
        if question["together"]:
            self._together(keys, versions, len(source))
        else:
            for key in keys:
                self._one_after_another(key)
        return {"seconds": time.perf_counter() - start, "requests": (self._s3.requests - before) / len(keys)}

    def _together(self, keys: list[str], versions: list[str], size: int) -> None:
        bodies = [
            s3_body(s3_record(key, version_id=version, size=size)) for key, version in zip(keys, versions, strict=True)
        ]
        context = SimpleNamespace(
            get_remaining_time_in_millis=lambda: _SECONDS_LEFT * 1000, aws_request_id="batch", function_name="resize"
        )
        failed = self._handle(_sent_now(sqs_event(*bodies)), context)["batchItemFailures"]
        if failed:
            raise RuntimeError(f"{len(failed)} of {len(keys)} jobs failed")

    def _one_after_another(self, key: str) -> None:
        manifest = f"manifests/{key}.json"
        try:
            self._s3.get_object(Bucket="derived", Key=manifest)
        except self._s3.exceptions.NoSuchKey:
            source = self._s3.get_object(Bucket="uploads", Key=key)["Body"].read()
        rendered = self._sandbox.render(source, time.monotonic() + _SECONDS_LEFT)
        for made in rendered.renditions:
            self._s3.put_object(Bucket="derived", Key=f"{made.variant}/{key}", Body=made.body)
        self._s3.put_object(Bucket="derived", Key=manifest, Body=b"{}")


def _sent_now(event: dict[str, Any]) -> dict[str, Any]:
    """Let no job look as if it had waited, and had been tried before."""
    for record in event["Records"]:
        record["attributes"]["SentTimestamp"] = "0"
    return event


def main() -> None:
    """Serve until nobody asks any more."""
    engine, output, processors = sys.argv[1:]
    use_processors(int(processors))
    serve(Function(engine, output, int(processors)).answer, versions_of(engine))


if __name__ == "__main__":
    main()
