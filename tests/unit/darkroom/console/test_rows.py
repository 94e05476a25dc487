"""What the page is told of an upload that has ended."""

from datetime import UTC, datetime

from darkroom.console.rows import begun, ended
from darkroom.uploads.outcomes import Result
from support.command.uploads import recorded, uploaded

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_an_outcome_and_a_reason_of_a_later_version_are_told_as_they_are() -> None:
    result = Result(upload=uploaded(), outcome="postponed", recorded=recorded(reason="too_beautiful"))

    row = ended(begun("1", "photo.jpg", 7, NOW), result, NOW)

    assert (row.stage, row.reason, row.meaning, row.is_on_its_way) == ("postponed", "too_beautiful", None, False)
