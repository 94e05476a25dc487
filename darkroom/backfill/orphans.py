"""Find manifests whose source is gone, and write their removal jobs."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from contract.keys import MANIFESTS, MAX_KEY_BYTES
from contract.manifest import LaterSchemaError, Manifest, Outcome
from darkroom.backfill.jobs import PlannedKey, current_version, removal, rendition_keys, sequencer_for, written_at
from darkroom.backfill.listing import Listed, Page, list_bucket
from darkroom.backfill.selection import Decision
from darkroom.errors import aws_errors
from darkroom.parallel import map_parallel
from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.manifests import read_manifest
from resize.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_FOLDER = f"{MANIFESTS}/"
_EXTENSION = ".json"
_SHORTENED = re.compile(r"~[0-9a-f]{64}\Z")
# A name that is shortened has at least so much of its key, less the derived bucket's prefix: contract/keys.py.
_SURE_BYTES = MAX_KEY_BYTES - len(f"{_FOLDER}~{'f' * 64}{_EXTENSION}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifests:
    """The manifests whose keys start so, for a sweep.

    Each page has those that may have lost their source.
    """

    pipeline: Pipeline
    prefix: str

    def count(self, after: str | None = None) -> int:
        """Count the manifests behind a position.

        Raises:
            DarkroomError: S3 does not answer.
        """
        return sum(len(page.keys) for page in self._listing(after))

    def pages(self, after: str | None = None) -> Iterator[Page]:
        """Go through the manifests behind a position, less those whose source is listed.

        A position is the last one. Both listings are sorted, and each is read once. Their orders differ where one key
        is the beginning of another (`a!.json` comes before `a.json`, and `a!` after `a`): such a source is passed over,
        and a manifest too many is looked at. So what is on a page is no proof that its source is gone.

        Raises:
            DarkroomError: S3 does not answer.
        """
        sources = self._sources(self._source_of(after) if after else None)
        source = next(sources, None)
        for page in self._listing(after):
            suspects = []
            for listed in page.keys:
                key = self._source_of(listed.key)
                while source is not None and source < key:
                    source = next(sources, None)
                if source != key or _SHORTENED.search(key):
                    suspects.append(listed)
            yield Page(tuple(suspects), page.position, passed=len(page.keys) - len(suspects))

    def _listing(self, after: str | None) -> Iterator[Page]:
        s3: S3Client = self.pipeline.client("s3")
        above = self.pipeline.derived_prefix
        start = self.prefix.encode()[: _SURE_BYTES - len(above)].decode(errors="ignore")
        return list_bucket(s3, self.pipeline.derived_bucket, f"{above}{_FOLDER}{start}", after, what="derived")

    def _source_of(self, name: str) -> str:
        return _source_of(name, self.pipeline.derived_prefix)

    def _sources(self, after: str | None) -> Iterator[str]:
        s3: S3Client = self.pipeline.client("s3")
        for page in list_bucket(s3, self.pipeline.uploads_bucket, self.prefix, after):
            yield from (listed.key for listed in page.keys)


class OrphanPlanner:
    """Looks at manifests.

    One request each, and for an orphan one for its source and one a variant.
    """

    def __init__(self, pipeline: Pipeline, prefix: str, settings: Settings) -> None:
        self._s3: S3Client = pipeline.client("s3")
        self._pipeline = pipeline
        self._prefix = prefix
        self._settings = settings

    def plan(self, manifests: Sequence[Listed]) -> list[PlannedKey]:
        """Look at some manifests, several at once.

        Raises:
            DarkroomError: S3 refuses, or does not answer.
        """
        with aws_errors("Reading manifests"):
            found = [each for each in map_parallel(self._plan, manifests) if each]
        return sorted(found, key=lambda planned: planned.key)

    def _plan(self, listed: Listed) -> PlannedKey | None:
        try:
            manifest = self._manifest(listed.key)
        except LaterSchemaError:
            return PlannedKey(key=_source_of(listed.key, self._pipeline.derived_prefix), decision=Decision.LATER_SCHEMA)
        if manifest is None or not manifest.source.key.startswith(self._prefix):
            return None
        key, decision = manifest.source.key, self._decide(manifest)
        if not decision.is_job:
            return PlannedKey(key=key, decision=decision)
        sequencer = sequencer_for(manifest, is_current=False, written=self._written(manifest))
        body = removal(self._pipeline.uploads_bucket, key, sequencer, datetime.now(UTC))
        return PlannedKey(key=key, decision=decision, body=body)

    def _decide(self, manifest: Manifest) -> Decision:
        if manifest.outcome is Outcome.REMOVED:
            return Decision.REMOVED
        if manifest.source_expired:
            return Decision.KEPT
        is_there = current_version(self._s3, self._pipeline.uploads_bucket, manifest.source.key) is not None
        return Decision.HAS_SOURCE if is_there else Decision.SOURCE_GONE

    def _manifest(self, name: str) -> Manifest | None:
        """Read a manifest; None where it is gone meanwhile, or is not the one of that name."""
        manifest = read_manifest(self._s3, self._pipeline.derived_bucket, name)
        is_its_own = manifest and self._pipeline.manifest_key(manifest.source.key) == name
        return manifest if is_its_own else None

    def _written(self, manifest: Manifest) -> Iterator[str]:
        key = manifest.source.key
        variants = self._settings.variants_for(key)
        keys = manifest.etags.keys() | rendition_keys(key, variants, self._pipeline.derived_prefix)
        return written_at(self._s3, self._pipeline.derived_bucket, keys)


def _source_of(name: str, prefix: str) -> str:
    """Tell the key whose manifest has this name, where that is not shortened."""
    return name.removeprefix(f"{prefix}{_FOLDER}").removesuffix(_EXTENSION)
