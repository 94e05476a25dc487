"""Measure the event log on a real broker, for `make bench-log`.

Writes the page and the figures.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import machine
from benchmarks.event_log.arrival import measure_arrivals
from benchmarks.event_log.page import page
from benchmarks.event_log.results import EventLogResults
from benchmarks.event_log.throughput import ROUNDS, measure_announce, measure_reader
from benchmarks.run import commit, teller
from benchmarks.workers import PROJECT
from darkroom.event_log.jars import KAFKA
from darkroom.event_log.local import LogKind, local_log
from darkroom.event_log.topic import create_topic
from support.events.announce_program import event_at
from support.events.event_log import Log

_EVENTS, _UPLOADS = 20_000, 200
_FEW_EVENTS, _FEW_UPLOADS = 1_000, 10
# A call takes longer than a row: the webhook has a topic of its own, with so many times fewer.
_FEWER = 10
_NAME = "event-log-benchmarks"


def measure(*, quick: bool) -> EventLogResults:
    """Measure announce, readers, and uploads through the pipeline.

    The former each alone.

    Raises:
        DarkroomError: the broker or the pipeline could not be brought up.
    """
    tell, load = teller(), os.getloadavg()[0]
    events, uploads = (_FEW_EVENTS, _FEW_UPLOADS) if quick else (_EVENTS, _UPLOADS)
    with local_log(LogKind.KAFKA, tell) as log, tempfile.TemporaryDirectory(prefix="darkroom-bench-") as folder:
        logs = [_topic(log.bootstrap, f"announced-{number}") for number in range(ROUNDS)]
        announce = measure_announce(logs, events, tell)
        few, empty = (_topic(log.bootstrap, name) for name in ("few", "empty"))
        measure_announce([few], events // _FEWER, tell)
        readers = []
        for program, read, count in (
            *(("catalog", logs[0], events), ("audit", logs[0], events)),
            ("webhook", few, events // _FEWER),
        ):
            tell(f"{program} reads {count:,} events")
            readers.append(measure_reader(program, read, count, empty, Path(folder)))
        return EventLogResults(
            date=datetime.now(UTC).date().isoformat(),
            commit=commit(),
            command="make bench-log QUICK=1" if quick else "make bench-log",
            quick=quick,
            machine=machine.describe(),
            load=load,
            kafka=KAFKA,
            event_bytes=len(event_at(0, events // 5).to_json()),
            announce=announce,
            readers=tuple(readers),
            arrivals=measure_arrivals(log, uploads, tell),
        )


def _topic(bootstrap: str, name: str) -> Log:
    create_topic({"bootstrap.servers": bootstrap}, name)
    return Log(bootstrap=bootstrap, topic=name)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="show that everything runs")
    parser.add_argument("--out", type=Path, default=PROJECT / "docs", help="where the page and the figures go")
    arguments = parser.parse_args(argv)
    results = measure(quick=arguments.quick)
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name, text in ((f"{_NAME}.json", results.to_json()), (f"{_NAME}.md", page(results))):
        (arguments.out / name).write_text(text, encoding="utf-8")
    print(arguments.out / f"{_NAME}.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
