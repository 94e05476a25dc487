"""Which objects a backfill makes jobs of: what a manifest tells, held against what was asked for."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from resize.manifest import Manifest, Outcome


class Verdict(StrEnum):
    """Why a key is made a job, or why not."""

    NEVER_DONE = "never_done"  # it has no manifest
    OVERTAKEN = "overtaken"  # its manifest is about a version that is not the current one
    OTHER_RECIPE = "other_recipe"  # its variants were made by another configuration
    VARIANT_MISSING = "variant_missing"
    OLD = "old"
    REJECTED = "rejected"
    ASKED_FOR = "asked_for"  # it is up to date, and all were asked for
    UP_TO_DATE = "up_to_date"
    LEFT_REJECTED = "left_rejected"
    GONE = "gone"  # it was listed, and is not there any more
    FOLDER = "folder"  # it marks a folder, and no image

    @property
    def is_job(self) -> bool:
        """Tell whether a job is made."""
        return self not in {Verdict.UP_TO_DATE, Verdict.LEFT_REJECTED, Verdict.GONE, Verdict.FOLDER}


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What was asked for: by default what has no outcome, or variants of another recipe than the deployed one."""

    recipe: str
    everything: bool = False
    rejected: bool = False
    missing: str | None = None
    finished_before: datetime | None = None


def judge(manifest: Manifest | None, selection: Selection, *, is_current: bool) -> Verdict:
    """Judge a key that is there by its manifest; `is_current` says that it is about the current version."""
    if manifest is None:
        return Verdict.NEVER_DONE
    if not is_current or manifest.outcome is Outcome.REMOVED:
        return Verdict.OVERTAKEN
    if manifest.outcome is Outcome.REJECTED:
        return Verdict.REJECTED if selection.rejected else Verdict.LEFT_REJECTED
    if selection.everything:
        return Verdict.ASKED_FOR
    return _judge_resized(manifest, selection)


def _judge_resized(manifest: Manifest, selection: Selection) -> Verdict:
    if selection.missing and selection.missing in {rendition.variant for rendition in manifest.renditions}:
        return Verdict.UP_TO_DATE
    before = selection.finished_before
    if before and datetime.fromisoformat(manifest.times.finished) >= before:
        return Verdict.UP_TO_DATE
    if selection.missing:
        return Verdict.VARIANT_MISSING
    if before:
        return Verdict.OLD
    return Verdict.OTHER_RECIPE if manifest.recipe != selection.recipe else Verdict.UP_TO_DATE
