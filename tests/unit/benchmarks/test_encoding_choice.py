"""The defaults of quality and effort are those that docs/encoding.json and simulation/prices.json speak for."""

from dataclasses import replace
from statistics import mean

import pytest

from benchmarks.encoding.cost import Way, bytes_at_look, load_bill, ways_of, worth_more
from benchmarks.encoding.page import FIGURES, PAGE, page, written_by_default
from benchmarks.encoding.trial import Trial, from_json
from resize.imaging.encoding import DEFAULTS
from resize.imaging.engine import Engine
from resize.imaging.variants import Format

MEASURED = from_json(FIGURES)
TRIALS = MEASURED.trials
BILL = load_bill()
LOSSY = (Format.WEBP, Format.JPEG, Format.AVIF)


def way(effort: int, kilobytes: float, milliseconds: float) -> Way:
    sizes = {800: kilobytes * 1000}
    return Way(engine="pillow", format="webp", effort=effort, bytes=sizes, milliseconds={800: milliseconds})


def trial(quality: int, length: int, look: float) -> Trial:
    return Trial(
        picture="a",
        side=800,
        engine="pillow",
        format="webp",
        quality=quality,
        effort=4,
        bytes=length,
        look=look,
        milliseconds=1,
    )


def test_the_page_says_what_the_figures_and_the_prices_come_to() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(MEASURED, BILL)


@pytest.mark.parametrize("side", [800, 1600])
@pytest.mark.parametrize("output", LOSSY)
def test_the_default_qualities_look_alike(output: Format, side: int) -> None:
    looks, webp = (mean(each.look for each in written_by_default(TRIALS, one, side)) for one in (output, Format.WEBP))

    assert abs(looks - webp) <= 3


@pytest.mark.parametrize("output", LOSSY)
def test_no_other_effort_is_worth_more_than_the_default(output: Format) -> None:
    ways = ways_of(TRIALS)
    chosen = (Engine.PILLOW.value, output.value, DEFAULTS[output].effort)

    assert worth_more(BILL, ways, next(way for way in ways if (way.engine, way.format, way.effort) == chosen)) == []


def test_a_smaller_file_is_worth_time_and_a_much_longer_time_is_not() -> None:
    usual, small, slow = way(0, 100, 10), way(1, 90, 45), way(2, 50, 60)

    assert worth_more(BILL, [usual, small, slow], usual) == [small]


def test_an_avif_that_takes_much_longer_than_a_webp_is_not_the_default_however_small() -> None:
    webp, usual = (
        replace(way(4, 100, 100), effort=DEFAULTS[Format.WEBP].effort),
        replace(way(2, 90, 100), format="avif"),
    )
    slower, slowest = replace(way(3, 70, 120), format="avif"), replace(way(4, 60, 121), format="avif")

    assert worth_more(BILL, [webp, usual, slower, slowest], usual) == [slower]


def test_where_nothing_is_sent_or_stored_bytes_are_worth_nothing() -> None:
    idle = replace(BILL, traffic=replace(BILL.traffic, months=0, default_deliveries=0))

    assert worth_more(idle, [way(0, 100, 10), way(1, 50, 20)], way(0, 100, 10)) == []


def test_the_bytes_at_a_look_lie_between_those_of_a_better_and_a_worse_file() -> None:
    assert bytes_at_look([trial(80, 400, 75.0), trial(72, 100, 65.0)], 70.0) == pytest.approx(200)
