"""Values of options."""

from datetime import timedelta

import pytest

from darkroom.cli.options import duration, source_formats
from darkroom.errors import UsageError
from resize.imaging.formats.detect import SourceFormat

WEEK = timedelta(days=7)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("1s", timedelta(seconds=1)),
        ("15m", timedelta(minutes=15)),
        ("2h", timedelta(hours=2)),
        ("7d", WEEK),
        ("604800s", WEEK),
    ],
)
def test_a_duration_is_a_number_and_a_unit(text: str, length: timedelta) -> None:
    assert duration("--expires", WEEK)(text) == length


@pytest.mark.parametrize("text", ["", "0m", "15", "m", "1.5h", "-1h", "1w", "٣m", "8d", "9999999999s", "1h30m", "1h\n"])
def test_anything_else_is_refused_with_its_value_and_how_to_write_it(text: str) -> None:
    with pytest.raises(UsageError, match="Write it like 30s, 15m, 2h or 7d; 7d at most"):
        duration("--expires", WEEK)(text)


def test_formats_are_separated_by_commas() -> None:
    assert source_formats("tiff, GIF,tiff") == {SourceFormat.TIFF, SourceFormat.GIF}
