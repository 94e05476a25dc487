"""Select the keys that a backfill sends jobs for, by manifest."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from contract.errors import Reason
from contract.manifest import Manifest, Outcome
from resize.imaging.formats.detect import SourceFormat


class Decision(StrEnum):
    """Why a key is made a job, or why not."""

    NEVER_DONE = "never_done"  # it has no manifest
    OVERTAKEN = "overtaken"  # its manifest is about a version that is not the current one
    NO_LONGER_CONFIGURED = "no_longer_configured"  # it has an outcome, and no variants are configured for it any more
    OTHER_RECIPE = "other_recipe"  # its variants were made by another configuration
    VARIANT_MISSING = "variant_missing"
    OLD = "old"
    NEWER_VERSION = "newer_version"  # a version of the function that was rolled back has done it: a job would give way
    REJECTED = "rejected"
    RESTORED = "restored"  # it was archived, and can be read now
    ASKED_FOR = "asked_for"  # it is up to date, and all were asked for, or all of its format
    UP_TO_DATE = "up_to_date"
    LEFT_REJECTED = "left_rejected"
    NO_VARIANTS = "no_variants"  # none are configured for it
    ARCHIVED = "archived"  # S3 does not hand it out before it is restored
    SOURCE_GONE = "source_gone"  # its manifest lists variants, and nobody knows that it was removed
    HAS_SOURCE = "has_source"
    REMOVED = "removed"
    KEPT = "kept"  # its source has expired, and its variants are to stay
    LATER_SCHEMA = "later_schema"  # its manifest is of a later version of Darkroom, and cannot be read here
    GONE = "gone"  # it was listed, and is not there any more
    FOLDER = "folder"  # it marks a folder, and no image

    @property
    def is_job(self) -> bool:
        """Tell whether a job is made."""
        return self not in _NO_JOB


_NO_JOB = frozenset(
    {
        *(Decision.UP_TO_DATE, Decision.NEWER_VERSION, Decision.LEFT_REJECTED, Decision.GONE, Decision.FOLDER),
        *(Decision.ARCHIVED, Decision.LATER_SCHEMA, Decision.NO_VARIANTS),
        *(Decision.HAS_SOURCE, Decision.REMOVED, Decision.KEPT),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What was asked for.

    By default what has no outcome, or variants of another recipe than the deployed one. `recipe` and the names of
    `variants` are what is configured for a key, None where some are. `function_version` is the number of the function's
    version that takes the jobs, None where that is not known. What has an outcome is made a job only where `formats`,
    `missing` and `finished_before` all hold, as far as they are given.
    """

    recipe: str
    variants: frozenset[str] | None = None
    function_version: int | None = None
    everything: bool = False
    rejected: bool = False
    missing: str | None = None
    formats: frozenset[SourceFormat] = frozenset()  # of the source; none is any
    finished_before: datetime | None = None

    @property
    def has_variants(self) -> bool:
        """Whether anything is to be made of the key."""
        return self.variants is None or bool(self.variants)

    @property
    def can_be_missing(self) -> bool:
        """Whether a job would make what is missing."""
        return self.missing is None or self.variants is None or self.missing in self.variants


def select(manifest: Manifest | None, selection: Filter, *, is_current: bool) -> Decision:
    """Judge a key that is there by its manifest.

    `is_current` says that it is about the current version.
    """
    if not selection.has_variants and (manifest is None or manifest.outcome is Outcome.REMOVED):
        return Decision.NO_VARIANTS
    if manifest is None:
        return Decision.NEVER_DONE
    if selection.has_variants and (not is_current or manifest.outcome is Outcome.REMOVED):
        return Decision.OVERTAKEN
    decision = _select_current(manifest, selection)
    if decision.is_job and selection.function_version is not None and manifest.generation > selection.function_version:
        return Decision.NEWER_VERSION
    return decision


def _select_current(manifest: Manifest, selection: Filter) -> Decision:
    if not selection.has_variants:
        return Decision.NO_LONGER_CONFIGURED
    if manifest.reason is Reason.ARCHIVED:
        return Decision.RESTORED  # unless it is archived still
    if manifest.outcome is Outcome.REJECTED and (manifest.shown is None or selection.rejected):
        return _select_rejected(manifest, selection)
    if selection.everything:
        return Decision.ASKED_FOR
    decision = _select_resized(manifest, selection)
    is_left = manifest.outcome is Outcome.REJECTED and decision is Decision.UP_TO_DATE
    return Decision.LEFT_REJECTED if is_left else decision


def _select_rejected(manifest: Manifest, selection: Filter) -> Decision:
    """Judge what was rejected: where not even its format is known, it may be of any."""
    known = manifest.source.format
    is_asked_for = selection.rejected and (known is None or _is_of(selection.formats, known))
    return Decision.REJECTED if is_asked_for else Decision.LEFT_REJECTED


def _is_of(formats: frozenset[SourceFormat], known: str | None) -> bool:
    return not formats or known in formats


def _select_resized(manifest: Manifest, selection: Filter) -> Decision:
    if not _is_within(manifest, selection):
        return Decision.UP_TO_DATE
    if selection.missing:
        return Decision.VARIANT_MISSING
    if selection.finished_before:
        return Decision.OLD
    if selection.formats:
        return Decision.ASKED_FOR
    return Decision.OTHER_RECIPE if manifest.recipe != selection.recipe else Decision.UP_TO_DATE


def _is_within(manifest: Manifest, selection: Filter) -> bool:
    before = selection.finished_before
    return (
        _is_of(selection.formats, (manifest.shown or manifest.source).format)
        and selection.can_be_missing
        and selection.missing not in {rendition.variant for rendition in manifest.renditions}
        and (before is None or datetime.fromisoformat(manifest.times.finished) < before)
    )
