"""Read every manifest as the event that announces it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from contract.image_event import REVISION, ImageEvent, parse_revision
from contract.keys import MANIFESTS
from contract.manifest import Manifest
from contract.s3_errors import is_missing
from darkroom.backfill.listing import Page, list_bucket
from darkroom.errors import aws_errors
from darkroom.parallel import map_parallel
from darkroom.pipeline.client import Pipeline

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingManifests:
    """The manifests of keys that begin so.

    `source` is what their events say that they come from.
    """

    pipeline: Pipeline
    source: str
    prefix: str = ""

    def count(self) -> int:
        """Count them.

        Raises:
            DarkroomError: S3 refuses, or does not answer.
        """
        return sum(len(page.keys) for page in self._pages())

    def events(self) -> Iterator[list[ImageEvent | None]]:
        """Read them, page by page.

        None for what this version cannot read, which no version like it announces.

        Raises:
            DarkroomError: S3 refuses, or does not answer.
        """
        for page in self._pages():
            yield self._read_all([listed.key for listed in page.keys])

    def _pages(self) -> Iterator[Page]:
        client: S3Client = self.pipeline.client("s3")
        start = f"{self.pipeline.derived_prefix}{MANIFESTS}/{self.prefix}"
        yield from list_bucket(client, self.pipeline.derived_bucket, start, None, what="derived")

    def _read_all(self, keys: Sequence[str]) -> list[ImageEvent | None]:
        client: S3Client = self.pipeline.client("s3")

        def read(key: str) -> list[ImageEvent | None]:
            try:
                found = client.get_object(Bucket=self.pipeline.derived_bucket, Key=key)
            except client.exceptions.ClientError as error:
                if is_missing(error):  # it expired since it was listed
                    return []
                raise
            return [self._event(found["Body"].read(), found["Metadata"].get(REVISION, ""))]

        with aws_errors("Reading manifests"):
            return [event for found in map_parallel(read, keys) for event in found]

    def _event(self, text: bytes, revision: str) -> ImageEvent | None:
        try:
            manifest = Manifest.from_json(text)
        except ValueError:
            return None
        key = manifest.source.key
        return ImageEvent(source=self.source, key=key, revision=parse_revision(revision) or 0, manifest=text)
