"""The page of the event log's benchmarks says what was measured, and how busy the machine was."""

from benchmarks.event_log.page import page
from benchmarks.event_log.results import EventLogResults, Rounds
from benchmarks.report.results import Machine


def results(*, quick: bool = False) -> EventLogResults:
    return EventLogResults(
        date="2026-11-26",
        commit="abc",
        command="make bench-log",
        quick=quick,
        machine=Machine(
            processor="a processor", processors=2, memory_gigabytes=8.0, system="Linux", python="3.14", pinned=True
        ),
        load=3.25,
        kafka="4.3.1",
        event_bytes=1_234,
        announce=Rounds(program="announce", events=1_000, seconds=(0.5, 9.0, 0.4)),
        readers=(Rounds(program="catalog", events=1_000, seconds=(3.0, 2.0, 2.5), idle=(0.5, 0.6, 0.4)),),
        arrivals=tuple(number / 100 for number in range(1, 101)),
    )


def test_a_rate_is_of_the_median_round_and_without_the_start_of_a_reader() -> None:
    lines = page(results()).splitlines()

    assert "| announce | 1,000 | 3 | 0.50 | not counted | 2,000 |" in lines
    assert "| catalog | 1,000 | 3 | 2.50 | 0.50 | 500 |" in lines


def test_uploads_are_told_by_their_median_and_the_slowest_of_a_hundred() -> None:
    lines = page(results()).splitlines()

    assert "| median | 0.505 s |" in lines
    assert "| 99th percentile | 1.000 s |" in lines


def test_a_busy_machine_and_a_quick_run_are_told() -> None:
    assert "| load before it began | 3.2 processes for 2 cores |" in page(results()).splitlines()
    assert "its figures show nothing" in page(results(quick=True)).lower()
    assert "quick run" not in page(results())
