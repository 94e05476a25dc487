"""What the page is told of an upload that has ended."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from contract.errors import Reason
from contract.manifest import Outcome
from darkroom.console.rows import begun, ended
from darkroom.uploads.outcomes import Result
from support.command.uploads import recorded, uploaded

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_an_outcome_and_a_reason_of_a_later_version_are_told_as_they_are() -> None:
    result = Result(upload=uploaded(), outcome="postponed", recorded=recorded(reason="too_beautiful"))

    row = ended(begun("1", "photo.jpg", 7, NOW), result, NOW)

    assert (row.stage, row.reason, row.meaning, row.is_on_its_way) == ("postponed", "too_beautiful", None, False)


@pytest.mark.parametrize(
    ("reason", "told"),
    [(Reason.CORRUPT, "it is cut off or damaged: upload it again, from the original. "), ("too_beautiful", "")],
)
def test_it_is_told_that_an_older_upload_is_shown_in_place_of_a_rejected_one(reason: str, told: str) -> None:
    rejected = recorded(reason=reason)
    older = recorded().manifest
    manifest = replace(rejected.manifest, shown=older.source, renditions=older.renditions)
    result = Result(upload=uploaded(), outcome=Outcome.REJECTED, recorded=replace(rejected, manifest=manifest))

    row = ended(begun("1", "photo.jpg", 7, NOW), result, NOW)

    assert row.meaning == f"{told}The newest good upload before it is shown instead."
    assert len(row.pictures) == len(older.renditions)


def test_the_preset_whose_variants_were_made_is_told() -> None:
    made = recorded()
    small = replace(made, manifest=replace(made.manifest, preset="avatars/"))
    result = Result(upload=uploaded(), outcome=Outcome.RESIZED, recorded=small)

    assert ended(begun("1", "photo.jpg", 7, NOW), result, NOW).preset == "avatars/"


def test_what_is_delivered_is_told_with_its_urls_and_a_picture_to_copy() -> None:
    made = recorded()
    result = Result(upload=uploaded(), outcome=Outcome.RESIZED, recorded=made)

    row = ended(begun("1", "photo.jpg", 7, NOW), result, NOW, "https://images.example.com")

    large, thumb = (f"https://images.example.com/{each.key}?v={each.etag}" for each in made.manifest.renditions)
    assert [picture.url for picture in row.pictures] == [large, thumb]
    assert row.srcset == f"{large} 1600w, {thumb} 320w"
    assert str(row.markup).startswith("<picture>")


def test_variants_are_told_with_their_keys_and_what_html_needs_of_them_and_no_address_of_s3() -> None:
    result = Result(upload=uploaded(), outcome=Outcome.RESIZED, recorded=recorded())

    row = ended(begun("1", "photo.jpg", 7, NOW), result, NOW)

    assert [picture.key for picture in row.pictures] == ["large/photo.jpg.webp", "thumb/photo.jpg.webp"]
    assert row.srcset == "large/photo.jpg.webp 1600w, thumb/photo.jpg.webp 320w"
    assert not re.search(r"https?:|amz|signature", row.to_json(), re.IGNORECASE)
