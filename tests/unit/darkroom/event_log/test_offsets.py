"""Points of the log, how far behind a group is, and what a replay would change."""

from datetime import UTC, datetime

import pytest

from darkroom.errors import UsageError
from darkroom.event_log.offsets import ConsumerGroup, LogPoint, Move, plan_replay

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def group(**committed: int) -> ConsumerGroup:
    """A group of no readers with places: p0=5 is the next offset of partition 0."""
    places = {int(name[1:]): offset for name, offset in committed.items()}
    return ConsumerGroup(name="search", state="empty", members=0, committed=places)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-11-26T08:00:00Z", datetime(2026, 11, 26, 8, tzinfo=UTC)),
        ("2026-11-26T08:00:00", datetime(2026, 11, 26, 8, tzinfo=UTC)),
        ("2026-11-26T09:00:00.250+01:00", datetime(2026, 11, 26, 8, 0, 0, 250_000, tzinfo=UTC)),
        ("2h", datetime(2026, 11, 26, 10, tzinfo=UTC)),
        ("1d", datetime(2026, 11, 25, 12, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_in_utc_or_as_one_ago(text: str, time: datetime) -> None:
    assert LogPoint.parse("--to", text, NOW).milliseconds == int(time.timestamp() * 1_000)


@pytest.mark.parametrize("name", ["beginning", "end"])
def test_the_ends_of_the_log_have_names(name: str) -> None:
    assert LogPoint.parse("--to", name, NOW) == LogPoint(name)


@pytest.mark.parametrize("text", ["", "now", "-1h", "999999999d", "26.11.2026", "1e9"])
def test_what_is_no_point_is_refused_with_what_could_be(text: str) -> None:
    with pytest.raises(UsageError, match=r"--to .* cannot be\. Give beginning, end"):
        LogPoint.parse("--to", text, NOW)


def test_lag_is_what_is_still_to_be_read_and_there_to_be_read() -> None:
    lag = group(p0=5, p2=1).lag({0: 0, 1: 2, 2: 4}, {0: 8, 1: 12, 2: 10})

    assert lag == {0: 3, 1: 10, 2: 6}


def test_a_group_whose_log_was_made_anew_is_not_behind_by_less_than_nothing() -> None:
    assert group(p0=100).lag({0: 0}, {0: 8}) == {0: 0}


def test_a_replay_changes_what_is_elsewhere_and_says_what_is_read_again_and_what_never() -> None:
    moves = plan_replay(group(p0=5, p1=7), {0: 2, 1: 7, 2: 3})

    assert moves == (Move(partition=0, before=5, after=2), Move(partition=2, before=None, after=3))
    assert [(move.again, move.skipped) for move in moves] == [(3, 0), (0, 3)]
