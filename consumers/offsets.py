"""A reader's offsets in the log, in the SQLite file of what it made of it.

Both are written in one transaction, so what was read is there once.
"""

import sqlite3

from consumers.event import Record

# The table is called what it was called when the first files were written.
SCHEMA = """
CREATE TABLE IF NOT EXISTS places (partition INTEGER PRIMARY KEY, next INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS topic (id TEXT NOT NULL);
"""


def note(database: sqlite3.Connection, record: Record) -> None:
    """Put the offset behind a record; the caller's transaction makes it count."""
    database.execute("INSERT OR REPLACE INTO places VALUES (?, ?)", (record.partition, record.offset + 1))


def read(database: sqlite3.Connection) -> tuple[dict[int, int], str | None]:
    """Give the next offset of each partition.

    Beside them is the id of the topic that they are of.
    """
    topic = database.execute("SELECT id FROM topic").fetchone()
    return dict(database.execute("SELECT partition, next FROM places").fetchall()), topic[0] if topic else None


def of_topic(database: sqlite3.Connection, topic_id: str) -> None:
    """Note which topic the offsets are of.

    Those of another topic of the same name are forgotten; what was read stays.
    """
    with database:
        if database.execute("SELECT 1 FROM topic WHERE id = ?", (topic_id,)).fetchone() is None:
            database.execute("DELETE FROM places")
            database.execute("DELETE FROM topic")
            database.execute("INSERT INTO topic VALUES (?)", (topic_id,))
