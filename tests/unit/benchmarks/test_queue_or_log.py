"""The tables of a queue and a log: from what was counted, at the prices of the list, into their place in the page."""

import pytest

from benchmarks.queue_or_log.burst import FAILING, OUTCOMES, Found, burst, number_of
from benchmarks.queue_or_log.page import BEGIN, END, put_into, tables
from simulation.costs import load_prices

NOTHING = Found(shared=(0, 0), slow_has=0, replayed=0, late=0, done=0, behind=0, aside=0, requests={})


def counted(**requests: int) -> Found:
    return Found(shared=(9, 1), slow_has=2, replayed=3, late=4, done=5, behind=6, aside=7, requests=requests)


def test_each_figure_stands_in_its_column() -> None:
    made = tables(counted(ReceiveMessage=8), NOTHING, burst(), load_prices())

    rows = [line.split("|")[2].strip() for line in made.splitlines() if line.startswith("|")]
    assert rows[2:10] == ["9 and 1", "2", "3", "4", "5", "6", "7", "8"]


def test_a_month_of_queues_costs_what_the_counted_requests_do_at_the_list_s_prices() -> None:
    """At 0.40 USD a million requests to SQS, and 0.50 to SNS."""
    made = tables(counted(ReceiveMessage=OUTCOMES, PublishBatch=OUTCOMES), NOTHING, burst(), load_prices())

    assert [line.split("|")[2].strip() for line in made.splitlines()[-4:-1]] == ["0.90", "90.00", "900.00"]


def test_the_rest_of_the_page_stays_as_it_is() -> None:
    page = f"before\n{BEGIN}old\n{END}after\n"

    assert put_into(page, "\\1 new\n") == f"before\n{BEGIN}\\1 new\n{END}after\n"


@pytest.mark.parametrize("page", ["", BEGIN, f"{BEGIN}{END}{BEGIN}{END}"], ids=["none", "open", "two"])
def test_a_page_without_one_place_for_it_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match="places for the comparison, not one"):
        put_into(page, "new")


def test_the_burst_is_the_same_each_time_and_the_failing_event_is_in_it() -> None:
    messages = burst()

    assert messages == burst()
    assert [number_of(message.body) for message in messages] == list(range(OUTCOMES))
    assert 0 < FAILING < OUTCOMES
