"""docs/event-log-benchmarks.md, made of what was measured and of nothing else."""

from statistics import median, quantiles

from benchmarks.event_log.results import EventLogResults, Rounds
from benchmarks.report.table import table

_TEXT = """\
# Benchmarks of the event log

Made by `{command}` and by nothing else: a change by hand is gone after the next run. The same figures are in
[event-log-benchmarks.json](event-log-benchmarks.json), with every round. They are of one machine, on which broker,
emulator, functions and readers share the processors.

{quick}{facts}

## Outcomes through announce

The function's own code in one process, with batches of ten events of {event_bytes:,} bytes as SQS hands them over: the
next when the one before is in the log, and answered. On AWS up to ten of it run at once.

{announce}

## Readers that catch up

Each reads a topic from its beginning; how long its process takes for an empty one is taken off. The webhook makes a
call for each event, to a receiver on the same machine that answers at once.

{readers}

## From an upload to its event

The pipeline of `darkroom up --log kafka`, warm, one upload of 640 x 480 after another: from the PUT's beginning until a
reader has the event. On AWS the batch window of the jobs queue is added.

{arrivals}
"""

_QUICK = "**A quick run: it shows that everything runs. Its figures show nothing.**\n\n"


def page(results: EventLogResults) -> str:
    """Write all of it as Markdown."""
    machine = results.machine
    facts = (
        ("date, commit", f"{results.date}, {results.commit}"),
        ("machine", f"{machine.processor}, {machine.processors} cores, {machine.memory_gigabytes} GB"),
        ("system", f"{machine.system}, Python {machine.python}; Apache Kafka {results.kafka}"),
        ("load before it began", f"{results.load:.1f} processes for {machine.processors} cores"),
    )
    heads = ("program", "events", "rounds", "median s", "start and end alone, s", "events a second")
    slow = quantiles(results.arrivals, n=100)[-1]
    arrivals = (
        ("uploads", f"{len(results.arrivals):,}"),
        ("median", f"{median(results.arrivals):.3f} s"),
        ("99th percentile", f"{slow:.3f} s"),
    )
    return _TEXT.format(
        command=results.command,
        quick=_QUICK if results.quick else "",
        event_bytes=results.event_bytes,
        facts=table(("", "what it was"), facts, words=2),
        announce=table(heads, [_row(results.announce)]),
        readers=table(heads, map(_row, results.readers)),
        arrivals=table(("", "measured"), arrivals),
    )


def _row(rounds: Rounds) -> tuple[str, ...]:
    idle = f"{median(rounds.idle):.2f}" if rounds.idle else "not counted"
    figures = (f"{rounds.events:,}", f"{len(rounds.seconds)}", f"{median(rounds.seconds):.2f}", idle)
    return (rounds.program, *figures, f"{rounds.rate:,.0f}")
