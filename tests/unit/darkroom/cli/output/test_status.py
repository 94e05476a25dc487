"""The status as a person and as a program read it: what was not measured is never zero."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from rich.console import Console

from darkroom.cli.output.status import status_json, status_screen
from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.metrics import Measured, Readings
from darkroom.pipeline.sqs import QueueDepth
from darkroom.pipeline.status import Status
from support.aws.deployments import deployed

NOW = datetime(2026, 11, 24, 12, 0, 30, tzinfo=UTC)
STATUS = Status(at=NOW, jobs=QueueDepth(waiting=1234, in_flight=5, delayed=0), dead_letters=2, readings=Readings())


def measured(value: float, seconds_ago: int = 90) -> Measured:
    return Measured(value=value, at=NOW - timedelta(seconds=seconds_ago))


FULL = replace(
    STATUS,
    readings=Readings(
        oldest_seconds=measured(95),
        concurrency=measured(12),
        resized=measured(3000),
        rejected=measured(2),
        failed=measured(0),
    ),
)


def screen(status: Status, pipeline: Pipeline | None = None) -> list[str]:
    console = Console(width=120, highlight=False)
    with console.capture() as captured:
        console.print(status_screen(status, pipeline or deployed()))
    return [" ".join(line.split()) for line in captured.get().splitlines()]


def test_every_figure_stands_on_the_screen_with_the_time_that_it_is_of() -> None:
    assert screen(FULL) == [
        "Darkroom at eu-west-1, 2026-11-24 12:00:30 UTC",
        "jobs waiting 1,234",
        "jobs in flight 5",
        "jobs delayed 0",
        "oldest job waits 1 min 35 s until 11:59",
        "dead letters 2",
        "consumers at once 12 until 11:59",
        "resized a minute 3,000 until 11:59",
        "rejected a minute 2 until 11:59",
        "failed a minute 0 until 11:59",
    ]


def test_what_nobody_has_measured_is_a_dash_and_the_screen_says_why() -> None:
    on_aws, here = screen(STATUS), screen(STATUS, deployed("http://127.0.0.1:4566"))

    assert [line.split()[-1] for line in on_aws[4:10]] == ["-", "2", "-", "-", "-", "-"]
    assert on_aws[-1].startswith("- is what CloudWatch has not told")
    assert here[-1] == "- is what the emulator does not measure."


def test_ages_are_written_as_a_person_says_them() -> None:
    ages = [59, 60, 3599, 3600, 400_000]
    told = [screen(replace(FULL, readings=replace(FULL.readings, oldest_seconds=measured(age)))) for age in ages]

    assert [lines[4].removeprefix("oldest job waits ").removesuffix(" until 11:59") for lines in told] == [
        "59 s",
        "1 min 0 s",
        "59 min 59 s",
        "1 h 0 min",
        "111 h 6 min",
    ]


def test_the_json_has_exactly_the_members_promised_on_one_line() -> None:
    line = status_json(replace(STATUS, readings=Readings(resized=measured(3000))))

    assert "\n" not in line
    assert json.loads(line) == {
        "at": "2026-11-24T12:00:30+00:00",
        "waiting": 1234,
        "in_flight": 5,
        "delayed": 0,
        "dead_letters": 2,
        "oldest_seconds": None,
        "concurrency": None,
        "resized_a_minute": {"value": 3000, "at": "2026-11-24T11:59:00+00:00"},
        "rejected_a_minute": None,
        "failed_a_minute": None,
    }
