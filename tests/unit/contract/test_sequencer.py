"""Orders: by S3's sequencers, then by the version of the function."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.sequencer import EventOrder

orders = st.builds(
    EventOrder, sequencer=st.text("0123456789ABCDEF", min_size=1, max_size=8), function_version=st.integers(0, 9)
)


@pytest.mark.parametrize(
    ("sequencer", "than", "later"),
    [
        ("0055AED6DCD90281E5", "0055AED6DCD90281E4", True),
        ("0055AED6DCD90281E5", "0055AED6DCD90281E5", False),
        ("55", "5500", False),
        ("5500", "55", False),
        ("5501", "55", True),
        ("55", "5501", False),
        ("6", "55FF", True),
        ("A", "9", True),
        ("0", "", False),
    ],
)
def test_sequencers_compare_as_text_padded_with_zeros_on_the_right(sequencer: str, than: str, later: bool) -> None:
    assert (
        EventOrder(sequencer=sequencer, function_version=1).is_later_than(
            EventOrder(sequencer=than, function_version=1)
        )
        is later
    )


def test_of_one_event_s_writers_the_newer_version_of_the_function_is_later() -> None:
    older, newer = EventOrder(sequencer="55", function_version=9), EventOrder(sequencer="55", function_version=10)

    assert newer.is_later_than(older)
    assert not older.is_later_than(newer)


def test_a_later_event_wins_whatever_version_of_the_function_it_met() -> None:
    assert EventOrder(sequencer="56", function_version=1).is_later_than(EventOrder(sequencer="55", function_version=2))


@given(order=orders)
def test_an_order_reads_back(order: EventOrder) -> None:
    assert EventOrder.from_text(order.to_text()) == order


@given(order=orders, text=st.text().filter(lambda text: "." not in text))
def test_what_is_no_order_is_older_than_every_event(order: EventOrder, text: str) -> None:
    assert not EventOrder.from_text(text).is_later_than(order)


@given(one=orders, other=orders)
def test_of_two_orders_at_most_one_is_later(one: EventOrder, other: EventOrder) -> None:
    assert not (one.is_later_than(other) and other.is_later_than(one))
