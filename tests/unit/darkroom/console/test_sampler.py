"""What the plot is drawn from."""

import json
from datetime import UTC, datetime

import pytest

from darkroom.console.sampler import sample
from darkroom.pipeline.metrics import Measured, Readings
from darkroom.pipeline.sqs import QueueDepth
from darkroom.pipeline.status import Status

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def status(**readings: float) -> Status:
    """A queue of seven jobs."""
    measured = {name: Measured(value=value, at=NOW) for name, value in readings.items()}
    return Status(
        at=NOW, jobs=QueueDepth(waiting=3, in_flight=2, delayed=2), dead_letters=1, readings=Readings(**measured)
    )


def test_a_sample_tells_the_queue_and_what_was_measured() -> None:
    assert json.loads(sample(status(resized=4, failed=0), None)) == {
        "at": "2026-11-24T12:00:00+00:00",
        "waiting": 5,
        "in_flight": 2,
        "dead_letters": 1,
        "oldest_seconds": None,
        "per_minute": {"resized": 4, "rejected": None, "failed": 0},
    }


@pytest.mark.parametrize(("measured", "own", "told"), [(90, 5.0, 90), (2, 5.0, 5), (None, 5.0, 5), (90, None, 90)])
def test_the_oldest_job_is_the_older_of_those_that_cloudwatch_and_the_console_know_of(
    measured: float | None, own: float | None, told: float
) -> None:
    readings = {} if measured is None else {"oldest_seconds": measured}

    assert json.loads(sample(status(**readings), own))["oldest_seconds"] == told
