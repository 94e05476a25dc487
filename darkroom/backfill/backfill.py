"""Send jobs for selected keys, page by page, in constant memory."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from darkroom.backfill.checkpoint import Checkpoint
from darkroom.backfill.jobs import PlannedKey, requested_now
from darkroom.backfill.listing import Listed, Page, list_bucket, read_inventory
from darkroom.backfill.selection import Decision
from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.sqs import RateLimiter, send_all

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient


class KeySource(Protocol):
    """What a backfill goes through.

    Every method raises DarkroomError where S3 does not answer.
    """

    @property
    def pipeline(self) -> Pipeline:
        """Whose keys they are."""

    def count(self, after: str | None = None) -> int:
        """Count the keys behind a position."""

    def pages(self, after: str | None = None) -> Iterator[Page]:
        """Go through the keys behind a position."""


class PagePlanner(Protocol):
    """What decides which keys are made jobs."""

    def plan(self, keys: Sequence[Listed], /) -> list[PlannedKey]:
        """Look at some keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedKeys:
    """Which uploads a backfill goes through.

    Those of the bucket, or of an inventory of it.
    """

    pipeline: Pipeline
    prefix: str
    inventory: Path | None = None

    def count(self, after: str | None = None) -> int:
        """Count the keys behind a position.

        Raises:
            DarkroomError: S3 does not answer, or the inventory cannot be read.
        """
        return self.count_renditions(lambda _: 0, after)[0]

    def count_renditions(self, of: Callable[[str], int], after: str | None = None) -> tuple[int, int]:
        """Count the keys behind a position, and the renditions of all of them.

        `of` says how many a key has.

        Raises:
            DarkroomError: S3 does not answer, or the inventory cannot be read.
        """
        keys = renditions = 0
        for page in self.pages(after):
            keys += len(page.keys)
            renditions += sum(of(listed.key) for listed in page.keys)
        return keys, renditions

    def pages(self, after: str | None = None) -> Iterator[Page]:
        """Go through the keys behind a position.

        Raises:
            DarkroomError: S3 does not answer, or the inventory cannot be read.
        """
        bucket = self.pipeline.uploads_bucket
        if self.inventory:
            return read_inventory(self.inventory, bucket, self.prefix, after)
        return list_bucket(self.pipeline.client("s3"), bucket, self.prefix, after)


def plan_pages(source: KeySource, planner: PagePlanner, after: str | None) -> Iterator[list[PlannedKey]]:
    """Look at every key, and send nothing: what a dry run shows.

    Raises:
        DarkroomError: S3 does not answer, or the inventory cannot be read.
    """
    for page in source.pages(after):
        yield planner.plan(page.keys)


def backfill(
    source: KeySource, planner: PagePlanner, checkpoint: Checkpoint, limiter: RateLimiter
) -> Iterator[Counter[Decision]]:
    """Send a job for every key that is selected.

    Yield what became of each page once its jobs are all sent. Cut off, it goes on behind the last page that was done:
    the jobs of one page may be sent twice, which is harmless.

    Raises:
        DarkroomError: AWS does not answer, or a file cannot be read or written.
    """
    sqs: SQSClient = source.pipeline.client("sqs")
    for page in source.pages(checkpoint.read()):
        planned = planner.plan(page.keys)
        bodies = (each.body for each in planned if each.body)
        for _ in send_all(sqs, source.pipeline.jobs_queue_url, bodies, limiter, stamp=requested_now):
            pass
        checkpoint.write(page.position)
        yield Counter(each.decision for each in planned) + Counter({Decision.HAS_SOURCE: page.passed})
    checkpoint.remove()
