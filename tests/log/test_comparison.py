"""The comparison of a queue and a log says what docs/queue-or-log.md says, as it counts and does not time."""

import pytest

from benchmarks.queue_or_log.__main__ import PAGE, compare
from benchmarks.queue_or_log.page import put_into


@pytest.mark.long
@pytest.mark.timeout(900)  # a minute of the processor's, on a machine of which others have most
def test_what_the_page_says_is_what_comes_out() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert put_into(page, compare()) == page
