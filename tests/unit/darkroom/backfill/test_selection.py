"""What a backfill makes jobs of."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from contract.errors import Reason
from contract.manifest import Manifest, Outcome
from darkroom.backfill.selection import Decision, Filter, select
from resize.imaging.formats.detect import SourceFormat
from support.command import manifests

RESIZED = manifests.manifest(manifests.rendition("large"), manifests.rendition("thumb"))
REJECTED = replace(RESIZED, outcome=Outcome.REJECTED, reason=Reason.CORRUPT, renditions=())
INSTEAD = replace(REJECTED, shown=RESIZED.source, renditions=RESIZED.renditions)
BY_DEFAULT = Filter(recipe=RESIZED.recipe)
TIFFS = replace(BY_DEFAULT, formats=frozenset({SourceFormat.TIFF, SourceFormat.BMP}))


def of_format(manifest: Manifest, name: str | None) -> Manifest:
    """The manifest, of an upload of this format."""
    return replace(manifest, source=replace(manifest.source, format=name))


@pytest.mark.parametrize(
    ("manifest", "selection", "decision"),
    [
        (None, BY_DEFAULT, Decision.NEVER_DONE),
        (RESIZED, BY_DEFAULT, Decision.UP_TO_DATE),
        (RESIZED, Filter(recipe="another"), Decision.OTHER_RECIPE),
        (RESIZED, replace(BY_DEFAULT, everything=True), Decision.ASKED_FOR),
        (RESIZED, replace(BY_DEFAULT, missing="thumb"), Decision.UP_TO_DATE),
        (RESIZED, replace(BY_DEFAULT, missing="medium"), Decision.VARIANT_MISSING),
        (RESIZED, Filter(recipe="another", missing="thumb"), Decision.UP_TO_DATE),
        (RESIZED, replace(BY_DEFAULT, finished_before=datetime(2026, 11, 24, tzinfo=UTC)), Decision.OLD),
        (RESIZED, replace(BY_DEFAULT, finished_before=datetime(2026, 11, 23, tzinfo=UTC)), Decision.UP_TO_DATE),
        (REJECTED, BY_DEFAULT, Decision.LEFT_REJECTED),
        (REJECTED, Filter(recipe="another", everything=True), Decision.LEFT_REJECTED),
        (REJECTED, replace(BY_DEFAULT, rejected=True), Decision.REJECTED),
        (INSTEAD, BY_DEFAULT, Decision.LEFT_REJECTED),
        (INSTEAD, replace(BY_DEFAULT, rejected=True), Decision.REJECTED),
        (INSTEAD, Filter(recipe="another"), Decision.OTHER_RECIPE),
        (INSTEAD, replace(BY_DEFAULT, missing="medium"), Decision.VARIANT_MISSING),
        (INSTEAD, replace(BY_DEFAULT, missing="thumb"), Decision.LEFT_REJECTED),
        (INSTEAD, replace(BY_DEFAULT, everything=True), Decision.ASKED_FOR),
        (replace(RESIZED, outcome=Outcome.REMOVED), BY_DEFAULT, Decision.OVERTAKEN),
        (replace(REJECTED, reason=Reason.ARCHIVED), BY_DEFAULT, Decision.RESTORED),
    ],
)
def test_a_key_is_judged_by_its_manifest(manifest: Manifest | None, selection: Filter, decision: Decision) -> None:
    assert select(manifest, selection, is_current=True) is decision


@pytest.mark.parametrize(
    ("manifest", "selection", "decision"),
    [
        (RESIZED, Filter(recipe="another", function_version=2), Decision.NEWER_VERSION),
        (RESIZED, Filter(recipe="another", function_version=3), Decision.OTHER_RECIPE),
        (RESIZED, Filter(recipe="another", function_version=4), Decision.OTHER_RECIPE),
        (RESIZED, replace(BY_DEFAULT, function_version=2), Decision.UP_TO_DATE),
        (RESIZED, replace(BY_DEFAULT, function_version=2, everything=True), Decision.NEWER_VERSION),
        (RESIZED, replace(BY_DEFAULT, function_version=2, missing="medium"), Decision.NEWER_VERSION),
        (REJECTED, replace(BY_DEFAULT, function_version=2), Decision.LEFT_REJECTED),
        (REJECTED, replace(BY_DEFAULT, function_version=2, rejected=True), Decision.NEWER_VERSION),
    ],
)
def test_what_a_version_that_was_rolled_back_has_done_is_told_and_no_job(
    manifest: Manifest, selection: Filter, decision: Decision
) -> None:
    assert select(manifest, selection, is_current=True) is decision
    assert select(manifest, selection, is_current=False) is Decision.OVERTAKEN


@pytest.mark.parametrize(
    ("manifest", "selection", "decision"),
    [
        (of_format(RESIZED, "tiff"), TIFFS, Decision.ASKED_FOR),
        (of_format(RESIZED, "bmp"), TIFFS, Decision.ASKED_FOR),
        (of_format(RESIZED, "png"), TIFFS, Decision.UP_TO_DATE),
        (of_format(RESIZED, None), TIFFS, Decision.UP_TO_DATE),
        (of_format(RESIZED, "png"), replace(TIFFS, recipe="another"), Decision.UP_TO_DATE),
        (of_format(RESIZED, "tiff"), replace(TIFFS, function_version=2), Decision.NEWER_VERSION),
        (of_format(RESIZED, "tiff"), replace(TIFFS, missing="thumb"), Decision.UP_TO_DATE),
        (of_format(RESIZED, "tiff"), replace(TIFFS, missing="medium"), Decision.VARIANT_MISSING),
        (of_format(RESIZED, "png"), replace(TIFFS, missing="medium"), Decision.UP_TO_DATE),
        (
            of_format(RESIZED, "tiff"),
            replace(TIFFS, finished_before=datetime(2026, 11, 23, tzinfo=UTC)),
            Decision.UP_TO_DATE,
        ),
        (of_format(RESIZED, "tiff"), replace(TIFFS, finished_before=datetime(2026, 11, 24, tzinfo=UTC)), Decision.OLD),
        (of_format(REJECTED, "tiff"), TIFFS, Decision.LEFT_REJECTED),
        (of_format(REJECTED, "tiff"), replace(TIFFS, rejected=True), Decision.REJECTED),
        (of_format(REJECTED, None), replace(TIFFS, rejected=True), Decision.REJECTED),
        (of_format(REJECTED, "png"), replace(TIFFS, rejected=True), Decision.LEFT_REJECTED),
    ],
)
def test_of_what_has_an_outcome_only_the_formats_that_were_asked_for_are_done(
    manifest: Manifest, selection: Filter, decision: Decision
) -> None:
    assert select(manifest, selection, is_current=True) is decision


def test_what_has_no_outcome_is_done_whatever_format_was_asked_for() -> None:
    assert select(None, TIFFS, is_current=True) is Decision.NEVER_DONE
    assert select(of_format(RESIZED, "png"), TIFFS, is_current=False) is Decision.OVERTAKEN


def test_a_manifest_of_an_older_version_is_overtaken_whatever_it_says() -> None:
    assert select(REJECTED, BY_DEFAULT, is_current=False) is Decision.OVERTAKEN
