"""Smoke test: resize a tiny image in the deployed pipeline."""

import base64
import time
import uuid
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from contract.manifest import Manifest, Outcome
from contract.s3_errors import is_missing
from darkroom.doctor.findings import Finding, fault, ok
from darkroom.errors import aws_errors
from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.deploy_advice import deploy_advice
from darkroom.pipeline.manifests import read_manifest

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SMOKE_TEST_FOLDER = "darkroom-doctor"

_LOOK_SECONDS = 0.5
# One red pixel, as PNG.
_IMAGE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
)
_LOOK_FOR_IT = "Look for its job: darkroom dlq list, darkroom status, and the function's log."


class SmokeTest:
    """One test image. Its key is new, so nobody's upload is touched."""

    def __init__(
        self,
        pipeline: Pipeline,
        prefix: str,
        idle_timeout: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._pipeline = pipeline
        self._s3: S3Client = pipeline.client("s3")
        self._key = f"{prefix}{SMOKE_TEST_FOLDER}/{uuid.uuid4()}.png"
        self._patience = idle_timeout
        self._clock = clock
        self._sleep = sleep

    def findings(self) -> Iterator[Finding]:
        """Send the image through.

        It is deleted again whatever happens, its version for good.

        Raises:
            DarkroomError: S3 refuses, or does not answer.
        """
        with aws_errors("Uploading the test image"):
            answer = self._s3.put_object(Bucket=self._pipeline.uploads_bucket, Key=self._key, Body=_IMAGE)
        version = answer.get("VersionId")
        manifest = None
        try:
            manifest = self._wait_for(lambda each: each.source.version_id == version)
            yield self._came_out(manifest)
        finally:
            with aws_errors("Deleting the test image"):
                self._s3.delete_object(Bucket=self._pipeline.uploads_bucket, Key=self._key, VersionId=version or "null")
        if manifest:
            yield self._is_gone(manifest)

    def _came_out(self, manifest: Manifest | None) -> Finding:
        if manifest is None:
            return fault(f"A test image has no outcome after {self._patience:.0f} s: {self._key}.", _LOOK_FOR_IT)
        if manifest.outcome is not Outcome.RESIZED:
            return fault(
                f"A test image was {manifest.outcome}: {manifest.reason}, {manifest.detail}.",
                deploy_advice(
                    self._pipeline,
                    "Its one pixel is a good image: look at the function's log, and deploy this version of Darkroom.",
                ),
            )
        bad = [each.key for each in manifest.renditions if self._length(each.key) != each.bytes]
        if bad:
            return fault(f"A test image's variants are missing or cut off: {', '.join(bad)}.", _LOOK_FOR_IT)
        names = ", ".join(each.label for each in manifest.renditions)
        return ok(f"A test image went through in {manifest.times.milliseconds} ms, and can be fetched as {names}.")

    def _is_gone(self, manifest: Manifest) -> Finding:
        removed = self._wait_for(lambda each: each.outcome is Outcome.REMOVED)
        left = [each.key for each in manifest.renditions if self._length(each.key) is not None]
        if removed is None or left:
            return fault(
                f"The test image is deleted, and its variants are not, after {self._patience:.0f} s: {self._key}.",
                _LOOK_FOR_IT,
            )
        return ok("Deleting it took its variants away.")

    def _wait_for(self, holds: Callable[[Manifest], bool]) -> Manifest | None:
        deadline = self._clock() + self._patience
        while True:
            manifest = self._manifest()
            if manifest and holds(manifest):
                return manifest
            if self._clock() > deadline:
                return None
            self._sleep(_LOOK_SECONDS)

    def _manifest(self) -> Manifest | None:
        with aws_errors("Reading the test image's manifest"):
            return read_manifest(self._s3, self._pipeline.derived_bucket, self._pipeline.manifest_key(self._key))

    def _length(self, key: str) -> int | None:
        """Fetch an object, and tell how long it is; None where there is none."""
        with aws_errors("Fetching a variant of the test image"):
            try:
                return len(self._s3.get_object(Bucket=self._pipeline.derived_bucket, Key=key)["Body"].read())
            except ClientError as error:
                if not is_missing(error):
                    raise
                return None
