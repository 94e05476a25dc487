"""What is to be delivered, in SQLite.

Each event with its next attempt, and the dead letters.
"""

import random
import sqlite3
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from consumers import offsets
from consumers.endpoint import Endpoint
from consumers.event import Event, NotAnEventError, Record

# Seconds before each attempt but the first: the schedule that the standard proposes, some three days in all.
SCHEDULE = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)

# More than this waits in the log, which is made for it.
MOST_PENDING = 10_000

_JITTER = 0.2
_AT_ONCE = 4

_RANDOM = random.SystemRandom()

_SCHEMA = """
CREATE TABLE IF NOT EXISTS pending (
  number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, key TEXT NOT NULL, body BLOB NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0, due REAL NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS of_key ON pending (key, number);
CREATE TABLE IF NOT EXISTS dead (
  number INTEGER PRIMARY KEY, id TEXT NOT NULL, key TEXT NOT NULL, body BLOB NOT NULL, reason TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS heads (key TEXT PRIMARY KEY, sequence TEXT NOT NULL) WITHOUT ROWID;
"""

# The first of each key that is due: what comes after it waits for it.
_DUE = """
SELECT * FROM pending AS first WHERE due <= ? AND NOT EXISTS
  (SELECT 1 FROM pending AS earlier WHERE earlier.key = first.key AND earlier.number < first.number)
ORDER BY due, number LIMIT ?
"""


def open_queue(path: Path) -> sqlite3.Connection:
    """Open or make the file of what is to be delivered."""
    database = sqlite3.connect(path, timeout=30, isolation_level="IMMEDIATE")
    database.row_factory = sqlite3.Row
    database.execute("PRAGMA journal_mode = WAL")
    database.executescript(_SCHEMA + offsets.SCHEMA)
    return database


def apply(database: sqlite3.Connection, records: Iterable[Record]) -> None:
    """Take records in, and the place behind them, or neither.

    An event that was taken in before is left out.
    """
    with database:
        for record in records:
            if (event := _event(record)) and record.value and _is_new(database, event):
                row = (event.id, event.key, record.value)
                database.execute("INSERT INTO pending (id, key, body) VALUES (?, ?, ?)", row)
            offsets.note(database, record)


def _event(record: Record) -> Event | None:
    try:
        return Event.from_json(record.value)
    except NotAnEventError:
        return None


def _is_new(database: sqlite3.Connection, event: Event) -> bool:
    row = (event.key, event.sequence)
    upsert = "INSERT INTO heads VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET sequence = excluded.sequence"
    return database.execute(f"{upsert} WHERE excluded.sequence > heads.sequence", row).rowcount > 0


def deliver(database: sqlite3.Connection, endpoint: Endpoint, clock: Callable[[], float] = time.time) -> int:
    """Try what is due, several keys at once, and say how many were tried.

    Killed before it has noted that one was taken, it sends that one again: under the same id, by which it is known.
    """
    now = clock()
    due = database.execute(_DUE, (now, _AT_ONCE)).fetchall()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        results = list(pool.map(lambda row: endpoint.call(row["id"], row["body"], now), due))
    with database:
        for row, (fault, wait) in zip(due, results, strict=True):
            _note(database, row, fault, clock() + wait)
    return len(due)


def _note(database: sqlite3.Connection, row: sqlite3.Row, fault: str | None, earliest: float) -> None:
    if fault is not None and row["attempts"] < len(SCHEDULE):
        wait = SCHEDULE[row["attempts"]] * _RANDOM.uniform(1, 1 + _JITTER)
        values = (row["attempts"] + 1, earliest + wait, row["number"])
        database.execute("UPDATE pending SET attempts = ?, due = ? WHERE number = ?", values)
        return
    if fault is not None:
        letter = (row["number"], row["id"], row["key"], row["body"], fault)
        database.execute("INSERT INTO dead VALUES (?, ?, ?, ?, ?)", letter)
    database.execute("DELETE FROM pending WHERE number = ?", (row["number"],))


def redrive(database: sqlite3.Connection) -> int:
    """Have all dead letters delivered once more, from the first attempt on.

    Returns how many those are.
    """
    with database:
        database.execute("INSERT INTO pending (id, key, body) SELECT id, key, body FROM dead ORDER BY number")
        return database.execute("DELETE FROM dead").rowcount


def count(database: sqlite3.Connection) -> int:
    """Count what waits."""
    return int(database.execute("SELECT COUNT(*) FROM pending").fetchone()[0])
