"""A catalog of every image, to be searched.

Rows in SQLite, and in the same transaction the place in the log. Killed at any moment it has read exactly what it has
rows of. Run it (`python -m consumers.catalog --help`), or have Lambda call `handler` with the topic as its event source
and CATALOG on a file system that stays.
"""

import argparse
import json
import os
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from consumers import offsets
from consumers.client import ClientError, client_configuration
from consumers.color import NAMES, color_name
from consumers.event import Event, NotAnEventError, Record, records_of

_SCHEMA = """
CREATE TABLE IF NOT EXISTS images (
  key TEXT PRIMARY KEY, sequence TEXT NOT NULL, outcome TEXT NOT NULL, time TEXT NOT NULL, reason TEXT, detail TEXT,
  format TEXT, width INTEGER, height INTEGER, bytes INTEGER, color TEXT, color_name TEXT, renditions TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS newest ON images (time DESC, key);
CREATE TABLE IF NOT EXISTS unreadable (partition INTEGER, offset INTEGER, reason TEXT, PRIMARY KEY (partition, offset));
"""

# A removed key keeps its row: without, an event of before that comes again would bring the image back.
_UPSERT = """
INSERT INTO images VALUES (
  :key, :sequence, :outcome, :time, :reason, :detail, :format, :width, :height, :bytes, :color, :color_name,
  :renditions
)
ON CONFLICT (key) DO UPDATE SET
  sequence = :sequence, outcome = :outcome, time = :time, reason = :reason, detail = :detail, format = :format,
  width = :width, height = :height, bytes = :bytes, color = :color, color_name = :color_name,
  renditions = :renditions
WHERE excluded.sequence > images.sequence
"""

# What can be asked for; what is not asked for is NULL.
CRITERIA = ("outcome", "reason", "format", "color", "prefix", "min_width", "max_width", "min_height", "max_height")

_SEARCH = """
SELECT * FROM images
WHERE CASE WHEN :outcome IS NULL THEN outcome <> 'removed' ELSE outcome = :outcome END
  AND (:reason IS NULL OR reason = :reason)
  AND (:format IS NULL OR format = :format)
  AND (:color IS NULL OR color_name = :color)
  AND (:prefix IS NULL OR substr(key, 1, length(:prefix)) = :prefix)
  AND (:min_width IS NULL OR width >= :min_width)
  AND (:max_width IS NULL OR width <= :max_width)
  AND (:min_height IS NULL OR height >= :min_height)
  AND (:max_height IS NULL OR height <= :max_height)
ORDER BY time DESC, key LIMIT :limit
"""


def open_catalog(path: Path, *, shared: bool = False) -> sqlite3.Connection:
    """Open or make a catalog.

    `shared` is for a network's file system, where SQLite has no write-ahead log.
    """
    database = sqlite3.connect(path, timeout=30, isolation_level="IMMEDIATE")
    database.row_factory = sqlite3.Row
    database.execute(f"PRAGMA journal_mode = {'DELETE' if shared else 'WAL'}")
    database.executescript(_SCHEMA + offsets.SCHEMA)
    return database


def apply(database: sqlite3.Connection, records: Iterable[Record]) -> None:
    """Take records in, and the place behind them, or neither.

    An event not newer than its row changes nothing.
    """
    with database:
        for record in records:
            try:
                database.execute(_UPSERT, _row(Event.from_json(record.value)))
            except NotAnEventError as error:
                known = (record.partition, record.offset, str(error))
                database.execute("INSERT OR REPLACE INTO unreadable VALUES (?, ?, ?)", known)
            offsets.note(database, record)


def _row(event: Event) -> dict[str, Any]:
    """Take what can be searched; what is of another type than it should be is left out."""
    source, color = event.data.get("source"), event.data.get("dominant_colour")
    known = source if isinstance(source, dict) else {}
    texts = {name: event.data.get(name) for name in ("reason", "detail")} | {"format": known.get("format")}
    numbers = {"width": known.get("width"), "height": known.get("height"), "bytes": known.get("size")}
    return {
        "key": event.key,
        "sequence": event.sequence,
        "outcome": event.outcome,
        "time": event.time,
        **{name: text if isinstance(text, str) else None for name, text in texts.items()},
        **{
            name: number if isinstance(number, int) and 0 <= number < 2**63 else None
            for name, number in numbers.items()
        },
        "color": color if color_name(color) else None,
        "color_name": color_name(color),
        "renditions": json.dumps(list(_renditions(event.data.get("renditions")))),
    }


def _renditions(listed: object) -> Iterator[list[str | int]]:
    for each in listed if isinstance(listed, list) else ():
        match each:
            case {"variant": str(variant), "key": str(key), "width": int(width)}:
                yield [variant, key, width]


def search(database: sqlite3.Connection, wanted: Mapping[str, object], limit: int = 50) -> list[dict[str, Any]]:
    """Find images by CRITERIA, the newest first.

    A removed one only where `outcome` asks for it.
    """
    asked = {name: wanted.get(name) or None for name in CRITERIA}
    rows = database.execute(_SEARCH, {**asked, "limit": limit}).fetchall()
    return [dict(row) | {"renditions": json.loads(row["renditions"])} for row in rows]


def handler(event: Mapping[str, Any], _context: object) -> None:
    """Take in what Lambda read of the topic.

    If it raises, Lambda hands the same records in again.
    """
    with closing(open_catalog(Path(os.environ["CATALOG"]), shared=True)) as database:
        apply(database, records_of(event))


def _follow(database: sqlite3.Connection, options: argparse.Namespace) -> int:
    from consumers.topic import Topic, follow  # noqa: PLC0415 - on Lambda there is no client

    client = client_configuration(options.bootstrap, options.client)
    with Topic(client, options.topic, "catalog") as topic:
        topic.start(*offsets.read(database))
        offsets.of_topic(database, topic.id)
        count = follow(topic, lambda records: _take(database, records, topic), once=options.once)
    uploads = database.execute("SELECT COUNT(*) FROM images WHERE outcome <> 'removed'").fetchone()[0]
    sys.stdout.write(f"{count:,} records read; uploads in the catalog: {uploads:,}\n")
    return 0


def _take(database: sqlite3.Connection, records: Sequence[Record], topic: Any) -> None:
    apply(database, records)
    topic.commit(offsets.read(database)[0])  # for `lag` alone: what counts stands in the database


def _search(database: sqlite3.Connection, options: argparse.Namespace) -> int:
    for row in search(database, vars(options), options.limit):
        size = f"{row['width']}x{row['height']}" if row["width"] else "-"
        about = (row["outcome"], row["reason"] or row["format"] or "-", size, row["color"] or "-")
        line = json.dumps(row) if options.json else _printable("  ".join((row["time"], *about, row["key"])))
        sys.stdout.write(f"{line}\n")
    return 0


def _printable(text: str) -> str:
    """Escape what would move the cursor or turn the direction of writing: others have chosen it."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    from consumers.topic import add_reader_options  # noqa: PLC0415 - on Lambda there is no client

    parser = argparse.ArgumentParser(prog="python -m consumers.catalog", description="A catalog of every image.")
    parser.add_argument("--catalog", type=Path, default=Path("catalog.sqlite3"), help="where it is kept")
    commands = parser.add_subparsers(required=True)
    reader = commands.add_parser("follow", help="take in the log, from where it was left, until Ctrl-C")
    add_reader_options(reader)
    reader.set_defaults(run=_follow)
    finder = commands.add_parser("search", help="find images, the newest first")
    for name in CRITERIA:
        kind = int if "width" in name or "height" in name else str
        finder.add_argument(f"--{name.replace('_', '-')}", type=kind, choices=NAMES if name == "color" else None)
    finder.add_argument("--limit", type=int, default=50)
    finder.add_argument("--json", action="store_true", help="one JSON object a line")
    finder.set_defaults(run=_search)
    options = parser.parse_args(arguments)
    try:
        with closing(open_catalog(options.catalog)) as database:
            return int(options.run(database, options))
    except (ClientError, sqlite3.Error) as error:
        sys.stderr.write(f"catalog: {error}\n")
        return 2


if __name__ == "__main__":
    sys.exit(main())
