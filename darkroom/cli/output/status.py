"""A pipeline's status as one screen or one JSON line."""

import json
from collections.abc import Callable

from rich.console import Group
from rich.table import Table
from rich.text import Text

from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.metrics import Measured
from darkroom.pipeline.status import Status
from darkroom.text import printable

UNKNOWN = "-"
_SECONDS_A_MINUTE = 60
_MINUTES_SHOWN_ALONE = 60


def status_json(status: Status) -> str:
    """Write the status as one line of JSON; what nobody has measured is null."""
    readings = status.readings
    return json.dumps(
        {
            "at": status.at.isoformat(timespec="seconds"),
            "waiting": status.jobs.waiting,
            "in_flight": status.jobs.in_flight,
            "delayed": status.jobs.delayed,
            "dead_letters": status.dead_letters,
            "oldest_seconds": _json(readings.oldest_seconds),
            "concurrency": _json(readings.concurrency),
            "resized_a_minute": _json(readings.resized),
            "rejected_a_minute": _json(readings.rejected),
            "failed_a_minute": _json(readings.failed),
        }
    )


def status_screen(status: Status, pipeline: Pipeline) -> Group:
    """Lay the status out.

    A figure has the time that it was measured at, where that is not now.
    """
    readings = status.readings
    figures = Table.grid(padding=(0, 2))
    figures.add_column()
    figures.add_column(justify="right")
    figures.add_column(style="dim")
    figures.add_row("jobs waiting", _count(status.jobs.waiting))
    figures.add_row("jobs in flight", _count(status.jobs.in_flight))
    figures.add_row("jobs delayed", _count(status.jobs.delayed))
    figures.add_row("oldest job waits", *_measured(readings.oldest_seconds, status, _age))
    figures.add_row("dead letters", _count(status.dead_letters, "bold red" if status.dead_letters else ""))
    figures.add_row("consumers at once", *_measured(readings.concurrency, status))
    figures.add_row("resized a minute", *_measured(readings.resized, status))
    figures.add_row("rejected a minute", *_measured(readings.rejected, status))
    figures.add_row("failed a minute", *_measured(readings.failed, status))
    place = pipeline.endpoint_url or pipeline.region
    title = Text(f"{printable(pipeline.stack_name)} at {place}, {status.at:%Y-%m-%d %H:%M:%S %Z}", "bold")
    absent = None in {readings.oldest_seconds, readings.concurrency, readings.resized}
    return Group(title, figures, *([Text(_why_absent(pipeline), "dim")] if absent else []))


def _why_absent(pipeline: Pipeline) -> str:
    if pipeline.endpoint_url:
        return f"{UNKNOWN} is what the emulator does not measure."
    return (
        f"{UNKNOWN} is what CloudWatch has not told for the last minutes: its figures come late, and none of a time "
        "without jobs."
    )


def _measured(
    figure: Measured | None, status: Status, write: Callable[[float], str] = "{:,.0f}".format
) -> tuple[Text, Text]:
    if figure is None:
        return Text(UNKNOWN), Text()
    late = (status.at - figure.at).total_seconds() > 1
    return Text(write(figure.value)), Text(f"until {figure.at:%H:%M}" if late else "")


def _count(number: int, style: str = "") -> Text:
    return Text(f"{number:,}", style)


def _age(seconds: float) -> str:
    minutes, left = divmod(round(seconds), _SECONDS_A_MINUTE)
    if minutes == 0:
        return f"{left} s"
    hours, minutes_left = divmod(minutes, _MINUTES_SHOWN_ALONE)
    return f"{hours:,} h {minutes_left} min" if hours else f"{minutes} min {left} s"


def _json(figure: Measured | None) -> dict[str, object] | None:
    return {"value": figure.value, "at": figure.at.isoformat(timespec="seconds")} if figure else None
