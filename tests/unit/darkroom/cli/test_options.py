"""Values of options."""

from datetime import timedelta

import pytest

from darkroom.cli.options import byte_count, duration, prefix_hint, source_formats
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


@pytest.mark.parametrize(
    ("text", "size"), [("1", 1), ("2000000", 2_000_000), ("5MB", 5_000_000), ("1.5 MiB", 1_572_864), ("1gb", 10**9)]
)
def test_a_size_has_a_unit_or_is_in_bytes(text: str, size: int) -> None:
    assert byte_count("--max-bytes", 5 * 2**30)(text) == size


@pytest.mark.parametrize("text", ["0", "0.1", "-1MB", "5 M B", "5mbit", "6GB", "1e3", "", "٣MB"])
def test_what_is_no_size_is_refused_with_how_to_write_it(text: str) -> None:
    with pytest.raises(UsageError, match=r"cannot be\. Write it like 2000000, 5MB or 1\.5MiB; 5,368,709,120 bytes at"):
        byte_count("--max-bytes", 5 * 2**30)(text)


@pytest.mark.parametrize(
    ("start", "told"),
    [("album", "cat.jpg becomes 'albumcat.jpg'. For a folder write 'album/'"), ("/a/", "starts with /")],
)
def test_the_start_of_a_key_that_may_not_be_meant_has_a_hint(start: str, told: str) -> None:
    assert told in str(prefix_hint(start))
    assert prefix_hint("album/") is prefix_hint("") is prefix_hint("a.jpg", is_prefix=False) is None
