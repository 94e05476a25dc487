"""What a person is told about a key, in every situation."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from contract.errors import Reason
from contract.focal_point import FocalPoint
from contract.manifest import Outcome
from darkroom.cli.output.lookup import NO_URL, describe_lookup, how_to_fetch, situation_of
from darkroom.cli.output.results import TIMES
from darkroom.pipeline.deployed_config import Scope
from darkroom.uploads.lookup import CurrentObject, Found
from resize.imaging.presets import Preset
from support.aws.deployments import deployed
from support.command.uploads import recorded
from support.function.buckets import settings

EVERYTHING = Scope(prefixes=("",))
STORED = CurrentObject(version_id="v1", size=2048, modified=datetime(2026, 11, 24, 12, 0, tzinfo=UTC))
WAITING = Found(key="photo.jpg", recorded=None, stored=STORED, deleted=False, scope=EVERYTHING, jobs=7)
NOTHING_OF_PHOTOS = Preset(prefix="photo", variants=())
UPLOADED = "'photo.jpg' was uploaded 2026-11-24 12:00:00 UTC (2.0 kB)"


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (WAITING, UPLOADED + ", and has no outcome yet (jobs that wait or run: 7)."),
        (replace(WAITING, jobs=0), UPLOADED + ", and has no outcome, though no job waits or runs."),
        (
            replace(WAITING, dead_letter=True),
            UPLOADED + ". But its job failed every time, and waits in the dead-letter",
        ),
        (
            replace(WAITING, scope=Scope(prefixes=("in/",))),
            UPLOADED + ", and is not resized: only keys that start with 'in/' are (the stack's key_prefix).",
        ),
        (
            replace(WAITING, scope=Scope(prefixes=("/in",))),
            UPLOADED
            + ", and is not resized: only keys that start with '/in' are (the stack's key_prefix, whose first /",
        ),
        (
            replace(WAITING, scope=Scope(prefixes=("",), settings=replace(settings(), presets=(NOTHING_OF_PHOTOS,)))),
            UPLOADED + ", and is not resized: the preset 'photo' has no variants.",
        ),
        (
            replace(WAITING, scope=Scope(prefixes=())),
            UPLOADED + ", and is not resized: the uploads bucket sends no jobs",
        ),
        (replace(WAITING, stored=None), "'photo.jpg' was never uploaded"),
        (replace(WAITING, stored=None, deleted=True), "'photo.jpg' was deleted, and its manifest is gone by now."),
        (replace(WAITING, recorded=recorded(version_id="v0")), UPLOADED + ", and has no outcome yet"),
    ],
)
def test_a_key_whose_newest_upload_has_no_outcome_is_told_why(found: Found, told: str) -> None:
    said = str(situation_of(found))
    assert said.startswith(told)
    assert ("Upload it with --prefix" in said) is ("only keys that start with" in said)


def test_what_is_delivered_is_told_with_urls_a_srcset_and_a_picture() -> None:
    made = recorded()
    found = replace(WAITING, recorded=made)
    delivered = replace(deployed(), delivery_url="https://images.example.com")

    lines = [*describe_lookup(found, delivered)]

    large, thumb = (f"https://images.example.com/{each.key}?v={each.etag}" for each in made.manifest.renditions)
    assert [f"large  {large}", f"thumb  {thumb}", "", f'srcset="{large} 1600w, {thumb} 320w"', ""] == lines[-8:-3]
    assert (lines[-3], lines[-1]) == ("<picture>", "</picture>")
    assert "https" not in "\n".join(describe_lookup(found, deployed()))


def test_where_no_browser_can_ask_for_a_key_that_is_told_in_place_of_urls() -> None:
    made = recorded()
    renditions = tuple(replace(each, key=f"{each.variant}/../photo.jpg.webp") for each in made.manifest.renditions)
    found = replace(WAITING, recorded=replace(made, manifest=replace(made.manifest, renditions=renditions)))

    lines = [*describe_lookup(found, replace(deployed(), delivery_url="https://images.example.com"))]

    assert lines[-2:] == ["", NO_URL]


@pytest.mark.parametrize("stored", [STORED, None])
def test_of_a_key_whose_newest_upload_has_its_outcome_nothing_more_is_told(stored: CurrentObject | None) -> None:
    assert situation_of(replace(WAITING, recorded=recorded(), stored=stored)) is None


def test_a_resized_upload_is_told_with_each_variant_and_how_to_fetch_it() -> None:
    lines = list(describe_lookup(replace(WAITING, recorded=recorded()), deployed()))

    assert lines == [
        "key       photo.jpg",
        "uploaded  2026-11-23 20:50:00 UTC, version v1",
        f"source    jpeg 640{TIMES}480, 1.0 kB",
        "outcome   resized, 2026-11-23 20:50:01 UTC, in 250 ms",
        "",
        f"large: 1600{TIMES}1200, 0.1 kB, image/webp",
        "  aws s3 cp s3://derived/large/photo.jpg.webp large-photo.jpg.webp",
        "",
        f"thumb: 320{TIMES}240, 0.1 kB, image/webp",
        "  aws s3 cp s3://derived/thumb/photo.jpg.webp thumb-photo.jpg.webp",
    ]


def test_a_rejected_upload_is_told_what_its_reason_means_and_what_to_do() -> None:
    lines = list(describe_lookup(replace(WAITING, recorded=recorded(reason=Reason.CORRUPT)), deployed()))

    assert lines[-1].strip() == "it is cut off or damaged: upload it again, from the original."


def test_what_is_shown_in_place_of_a_rejected_upload_is_told() -> None:
    rejected = recorded(reason=Reason.CORRUPT)
    older = replace(recorded().manifest.source, version_id="v0")
    instead = replace(rejected, manifest=replace(rejected.manifest, shown=older))

    lines = list(describe_lookup(replace(WAITING, recorded=instead), deployed()))

    assert (
        f"shown     version v0, jpeg 640{TIMES}480, 1.0 kB: the newest good upload before it is shown instead." in lines
    )


def test_that_the_source_has_expired_is_told() -> None:
    kept = recorded()
    expired = replace(kept, manifest=replace(kept.manifest, source_expired=True))

    assert "Its source has expired, and its variants are kept" in "\n".join(
        describe_lookup(replace(WAITING, recorded=expired, stored=None, deleted=True), deployed())
    )


def test_the_preset_whose_variants_were_made_is_told() -> None:
    made = recorded()
    small = replace(made, manifest=replace(made.manifest, preset="pets/\x1b[2J"))

    lines = list(describe_lookup(replace(WAITING, recorded=small), deployed()))

    assert lines[1] == r"preset    pets/\x1b[2J"


def test_variants_that_went_with_their_preset_are_not_told_as_a_deletion() -> None:
    made = recorded()
    gone = replace(made, manifest=replace(made.manifest, outcome=Outcome.REMOVED, renditions=(), preset="photo"))
    none = replace(settings(), presets=(NOTHING_OF_PHOTOS,))
    found = replace(WAITING, recorded=gone, scope=Scope(prefixes=("",), settings=none))

    lines = list(describe_lookup(found, deployed()))

    assert lines[-1].strip() == "No variants are configured for it: the preset 'photo' has no variants."
    assert not any(line.startswith("deleted") for line in lines)


def test_an_outcome_and_a_reason_of_a_later_version_are_told_as_they_are() -> None:
    known = recorded(reason="too_beautiful")
    later = replace(known, manifest=replace(known.manifest, outcome="postponed", detail="sigh"))

    lines = list(describe_lookup(replace(WAITING, recorded=later), deployed()))

    assert lines[-2].startswith("outcome   postponed, ")
    assert lines[-1] == "reason    too_beautiful: sigh"


def test_a_hostile_key_is_shown_as_text_and_fetched_as_it_is() -> None:
    key = "\x1b[2J\n'x.jpg"
    manifest = recorded(key)
    lines = list(describe_lookup(replace(WAITING, key=key, recorded=manifest, stored=None), deployed()))
    rendition = replace(manifest.manifest.renditions[0], key=f"large/{key}.webp")

    assert all(line.isprintable() for line in [*lines, str(situation_of(replace(WAITING, key=key)))])
    assert how_to_fetch(rendition, deployed()) == (
        r"aws s3 cp $'s3://derived/large/\033[2J\012\'x.jpg.webp' $'large-\033[2J\012\'x.jpg.webp'"
    )


def test_a_deletion_is_not_told_as_an_upload() -> None:
    found = recorded()
    removed = replace(found, manifest=replace(found.manifest, outcome=Outcome.REMOVED, renditions=()))

    lines = list(describe_lookup(replace(WAITING, recorded=removed, stored=None, deleted=True), deployed()))

    assert lines[1] == "deleted   2026-11-23 20:50:00 UTC"
    assert not any("version" in line or line.startswith(("uploaded", "source")) for line in lines)


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        ({"focus": FocalPoint(x=0.3, y=1)}, "focus     0.3,1: cuts keep what is around it"),
        ({"focus_error": "'\\x1b[2J' is no focal point"}, "focus     passed over: '\\x1b[2J' is no focal point"),
    ],
)
def test_the_focal_point_of_an_upload_is_told_or_why_it_was_passed_over(seen: dict[str, Any], told: str) -> None:
    found = recorded()
    known = replace(found, manifest=replace(found.manifest, source=replace(found.manifest.source, **seen)))

    assert told in list(describe_lookup(replace(WAITING, recorded=known), deployed()))
