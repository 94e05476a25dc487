"""What a person is told before a backfill begins."""

import pytest

from darkroom.backfill.estimate import MESSAGE_DOLLARS, READ_DOLLARS, WRITE_DOLLARS, Estimate
from simulation.costs import MILLION, load_prices


def test_an_estimate_grows_with_the_keys_and_tells_the_most_that_it_can_be() -> None:
    million = Estimate(keys=1_000_000, rate=100, renditions=3_000_000)

    assert million.looking_dollars == 0.4
    assert 21 + 12 + 1 <= million.most_dollars <= 45  # docs/cost.md's figures, for the largest images
    assert million.most_seconds > 1_000_000 / 100
    assert Estimate(keys=0, rate=100, renditions=0).most_dollars == 0


def test_the_estimate_has_the_prices_of_the_simulation() -> None:
    dollars = {name: price.usd / price.per * MILLION for name, price in load_prices().prices.items()}

    assert pytest.approx(dollars["s3_get"]) == READ_DOLLARS
    assert pytest.approx(dollars["s3_put"]) == WRITE_DOLLARS
    assert 2 * dollars["sqs_request"] <= MESSAGE_DOLLARS <= 3 * dollars["sqs_request"]
