"""Send one burst through queues and through a log, for `make compare`.

Writes what became of it into docs/queue-or-log.md.
"""

import sys
from pathlib import Path

from benchmarks.queue_or_log.burst import burst
from benchmarks.queue_or_log.log import through_log
from benchmarks.queue_or_log.page import put_into, tables
from benchmarks.queue_or_log.queue import through_queues
from simulation.costs import load_prices

PAGE = Path(__file__).parents[2] / "docs" / "queue-or-log.md"


def compare() -> str:
    """Run both, and write what they come to."""
    messages = burst()
    log = through_log(messages)
    return tables(through_queues(messages), log, messages, load_prices())


def main(page: Path = PAGE) -> None:
    """Print the tables, and put them into the page."""
    made = compare()
    page.write_text(put_into(page.read_text(encoding="utf-8"), made), encoding="utf-8")
    sys.stdout.write(made)


if __name__ == "__main__":
    main()
