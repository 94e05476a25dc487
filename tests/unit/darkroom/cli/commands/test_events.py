"""What `darkroom events tail` says before there is anything to print."""

import pytest

from darkroom.cli.commands.events import waiting_for


@pytest.mark.parametrize(
    ("start", "key", "told"),
    [
        ("end", None, "waiting for events in 'images' at 127.0.0.1:9092: new ones. Ctrl-C ends it."),
        (
            "2h",
            "a\x1b.jpg",
            (
                r"waiting for events about 'a\x1b.jpg' in 'images' at 127.0.0.1:9092: those from 2h on, and new ones. "
                "Ctrl-C ends it."
            ),
        ),
    ],
)
def test_what_is_waited_for_is_told_with_where_it_comes_from(start: str, key: str | None, told: str) -> None:
    assert waiting_for("images", "127.0.0.1:9092", start, key) == told
