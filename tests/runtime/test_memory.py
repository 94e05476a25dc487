"""Memory as Lambda has it: a batch of the largest sources, and neither the function nor a sandbox beyond its share."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from resize.imaging.engine import Engine
from resize.settings import Settings
from stacks.config.config import Config
from support.command.memory_limit import MemoryLimit, memory_limit
from support.command.pipelines import manifest_of, upload
from support.function.jobs_queue import JobsQueue
from support.function.lambda_function import X86_64, BundleOf, LambdaFunction, lambda_function
from support.imaging.images import encoded
from support.imaging.likeness import natural

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# A busy machine takes many times what an idle one does, and the pipeline that the first test starts is in its time.
pytestmark = [pytest.mark.runtime, pytest.mark.timeout(900)]

SOURCE_BYTES, SOURCES = 99_000_000, 8
MEGABYTES = Config().memory_mb


@dataclass(frozen=True, kw_only=True)
class Confined:
    """A function that has as much memory as the stack gives it."""

    queue: JobsQueue
    function: LambdaFunction
    limit: MemoryLimit
    settings: Settings

    def deliver(self, source: bytes) -> int:
        """Upload one source eight times, and deliver the batch; the number of jobs that are handed back is returned."""
        upload(self.queue.pipeline, "largest-0", source)
        s3: S3Client = self.queue.pipeline.client("s3")
        bucket = self.queue.pipeline.uploads_bucket
        for number in range(1, SOURCES):
            s3.copy_object(Bucket=bucket, Key=f"largest-{number}", CopySource={"Bucket": bucket, "Key": "largest-0"})
        return len(self.queue.deliver(self.queue.receive(SOURCES), self.function))

    def outcomes(self) -> set[tuple[str, str | None]]:
        """How the jobs have ended."""
        manifests = [manifest_of(self.queue.pipeline, f"largest-{number}") for number in range(SOURCES)]
        return {(manifest["outcome"], manifest["reason"]) for manifest in manifests}

    def assert_within_shares(self) -> None:
        """No process has ever had more than its share, and the shares are all that there is."""
        share = self.settings.image_bytes(MEGABYTES)
        own, *sandboxes = map(peak_bytes, self.function.processes())
        assert len(sandboxes) == self.settings.images_at_once(MEGABYTES)
        assert all(sandbox <= share for sandbox in sandboxes)
        assert own <= MEGABYTES * 2**20 - len(sandboxes) * share
        assert self.limit.kills() == 0


def peak_bytes(process: int) -> int:
    """The most memory that a process has had resident: proc(5), VmHWM."""
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    kilobytes = re.search(r"VmHWM:\s+(\d+)", status)
    assert kilobytes is not None
    return int(kilobytes[1]) * 1024


def padded(start: bytes) -> bytes:
    """A source of 99 MB: what follows the end of a JPEG is not decoded."""
    return start + bytes(SOURCE_BYTES - len(start))


@pytest.fixture
def confined(queue: JobsQueue, engine: Engine, bundle_of: BundleOf, tmp_path: Path) -> Iterator[Confined]:
    environment, bundle = queue.environment(engine), bundle_of(X86_64, engine)
    settings = Settings.from_environment(environment)
    with (
        memory_limit(MEGABYTES) as limit,
        lambda_function(X86_64, bundle, environment, tmp_path, megabytes=MEGABYTES, through=limit.through) as function,
    ):
        yield Confined(queue=queue, function=function, limit=limit, settings=settings)


def test_eight_of_the_largest_sources_in_one_batch_are_resized_within_the_function_s_memory(
    confined: Confined,
) -> None:
    assert confined.deliver(padded(encoded(natural(1200, 900), "JPEG"))) == 0

    assert confined.outcomes() == {("resized", None)}
    confined.assert_within_shares()


def test_eight_of_the_largest_sources_that_are_rejected_do_not_add_up(confined: Confined) -> None:
    assert confined.deliver(padded(b"no image")) == 0

    assert confined.outcomes() == {("rejected", "unknown_format")}
    confined.assert_within_shares()
