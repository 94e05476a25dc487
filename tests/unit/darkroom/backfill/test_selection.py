"""What a backfill makes jobs of."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from contract.errors import Reason
from contract.manifest import Manifest, Outcome
from darkroom.backfill.selection import Selection, Verdict, judge
from resize.imaging.formats.detect import SourceFormat
from support.command import manifests

RESIZED = manifests.manifest(manifests.rendition("large"), manifests.rendition("thumb"))
REJECTED = replace(RESIZED, outcome=Outcome.REJECTED, reason=Reason.CORRUPT, renditions=())
BY_DEFAULT = Selection(recipe=RESIZED.recipe)
TIFFS = replace(BY_DEFAULT, formats=frozenset({SourceFormat.TIFF, SourceFormat.BMP}))


def of_format(manifest: Manifest, name: str | None) -> Manifest:
    """The manifest, of an upload of this format."""
    return replace(manifest, source=replace(manifest.source, format=name))


@pytest.mark.parametrize(
    ("manifest", "selection", "verdict"),
    [
        (None, BY_DEFAULT, Verdict.NEVER_DONE),
        (RESIZED, BY_DEFAULT, Verdict.UP_TO_DATE),
        (RESIZED, Selection(recipe="another"), Verdict.OTHER_RECIPE),
        (RESIZED, replace(BY_DEFAULT, everything=True), Verdict.ASKED_FOR),
        (RESIZED, replace(BY_DEFAULT, missing="thumb"), Verdict.UP_TO_DATE),
        (RESIZED, replace(BY_DEFAULT, missing="medium"), Verdict.VARIANT_MISSING),
        (RESIZED, Selection(recipe="another", missing="thumb"), Verdict.UP_TO_DATE),
        (RESIZED, replace(BY_DEFAULT, finished_before=datetime(2026, 11, 24, tzinfo=UTC)), Verdict.OLD),
        (RESIZED, replace(BY_DEFAULT, finished_before=datetime(2026, 11, 23, tzinfo=UTC)), Verdict.UP_TO_DATE),
        (REJECTED, BY_DEFAULT, Verdict.LEFT_REJECTED),
        (REJECTED, Selection(recipe="another", everything=True), Verdict.LEFT_REJECTED),
        (REJECTED, replace(BY_DEFAULT, rejected=True), Verdict.REJECTED),
        (replace(RESIZED, outcome=Outcome.REMOVED), BY_DEFAULT, Verdict.OVERTAKEN),
        (replace(REJECTED, reason=Reason.ARCHIVED), BY_DEFAULT, Verdict.RESTORED),
    ],
)
def test_a_key_is_judged_by_its_manifest(manifest: Manifest | None, selection: Selection, verdict: Verdict) -> None:
    assert judge(manifest, selection, is_current=True) is verdict


@pytest.mark.parametrize(
    ("manifest", "selection", "verdict"),
    [
        (RESIZED, Selection(recipe="another", generation=2), Verdict.NEWER_VERSION),
        (RESIZED, Selection(recipe="another", generation=3), Verdict.OTHER_RECIPE),
        (RESIZED, Selection(recipe="another", generation=4), Verdict.OTHER_RECIPE),
        (RESIZED, replace(BY_DEFAULT, generation=2), Verdict.UP_TO_DATE),
        (RESIZED, replace(BY_DEFAULT, generation=2, everything=True), Verdict.NEWER_VERSION),
        (RESIZED, replace(BY_DEFAULT, generation=2, missing="medium"), Verdict.NEWER_VERSION),
        (REJECTED, replace(BY_DEFAULT, generation=2), Verdict.LEFT_REJECTED),
        (REJECTED, replace(BY_DEFAULT, generation=2, rejected=True), Verdict.NEWER_VERSION),
    ],
)
def test_what_a_version_that_was_rolled_back_has_done_is_told_and_no_job(
    manifest: Manifest, selection: Selection, verdict: Verdict
) -> None:
    assert judge(manifest, selection, is_current=True) is verdict
    assert judge(manifest, selection, is_current=False) is Verdict.OVERTAKEN


@pytest.mark.parametrize(
    ("manifest", "selection", "verdict"),
    [
        (of_format(RESIZED, "tiff"), TIFFS, Verdict.ASKED_FOR),
        (of_format(RESIZED, "bmp"), TIFFS, Verdict.ASKED_FOR),
        (of_format(RESIZED, "png"), TIFFS, Verdict.UP_TO_DATE),
        (of_format(RESIZED, None), TIFFS, Verdict.UP_TO_DATE),
        (of_format(RESIZED, "png"), replace(TIFFS, recipe="another"), Verdict.UP_TO_DATE),
        (of_format(RESIZED, "tiff"), replace(TIFFS, generation=2), Verdict.NEWER_VERSION),
        (of_format(RESIZED, "tiff"), replace(TIFFS, missing="thumb"), Verdict.UP_TO_DATE),
        (of_format(RESIZED, "tiff"), replace(TIFFS, missing="medium"), Verdict.VARIANT_MISSING),
        (of_format(RESIZED, "png"), replace(TIFFS, missing="medium"), Verdict.UP_TO_DATE),
        (
            of_format(RESIZED, "tiff"),
            replace(TIFFS, finished_before=datetime(2026, 11, 23, tzinfo=UTC)),
            Verdict.UP_TO_DATE,
        ),
        (of_format(RESIZED, "tiff"), replace(TIFFS, finished_before=datetime(2026, 11, 24, tzinfo=UTC)), Verdict.OLD),
        (of_format(REJECTED, "tiff"), TIFFS, Verdict.LEFT_REJECTED),
        (of_format(REJECTED, "tiff"), replace(TIFFS, rejected=True), Verdict.REJECTED),
        (of_format(REJECTED, None), replace(TIFFS, rejected=True), Verdict.REJECTED),
        (of_format(REJECTED, "png"), replace(TIFFS, rejected=True), Verdict.LEFT_REJECTED),
    ],
)
def test_of_what_has_an_outcome_only_the_formats_that_were_asked_for_are_done(
    manifest: Manifest, selection: Selection, verdict: Verdict
) -> None:
    assert judge(manifest, selection, is_current=True) is verdict


def test_what_has_no_outcome_is_done_whatever_format_was_asked_for() -> None:
    assert judge(None, TIFFS, is_current=True) is Verdict.NEVER_DONE
    assert judge(of_format(RESIZED, "png"), TIFFS, is_current=False) is Verdict.OVERTAKEN


def test_a_manifest_of_an_older_version_is_overtaken_whatever_it_says() -> None:
    assert judge(REJECTED, BY_DEFAULT, is_current=False) is Verdict.OVERTAKEN
