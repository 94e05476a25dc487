"""A file of JSON lines that nobody can change in the middle.

Each has the hash of the line before (a hash chain).
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from consumers.event import Event, NotAnEventError, Record

_FIRST = "0" * 64


@dataclass(slots=True)
class Audit:
    """What a file says so far.

    `last` is the end of its chain, `offsets` the next of each partition, `newest` each key's newest event.
    """

    size: int = 0
    lines: int = 0
    last: str = _FIRST
    topic: str = ""
    offsets: dict[int, int] = field(default_factory=dict)
    newest: dict[str, tuple[str, int, str]] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)

    def read(self, line: bytes) -> None:
        """Hold a line against those before it."""
        self.lines += 1
        self.size += len(line)
        try:
            entry = json.loads(line)
            record = Record(partition=int(entry["partition"]), offset=int(entry["offset"]), value=_value(entry))
            previous, claimed, topic = str(entry["previous"]), str(entry.pop("hash")), str(entry["topic"])
        except (ValueError, KeyError, TypeError):
            self._find("cannot be read")
            return
        if _hash(entry) != claimed:
            self._find("was changed: its hash is another")
        if previous != self.last:
            self._find("does not follow the line before: one was removed, added or changed")
        self.last = claimed
        self._read_place(topic, record)
        self._read_revision(record)

    def _read_place(self, topic: str, record: Record) -> None:
        if topic != self.topic:
            self.offsets, self.topic = {}, topic  # the log was made anew, and begins again
        expected = self.offsets.get(record.partition, 0)
        if record.offset != expected:
            self._find(f"has offset {record.offset} of partition {record.partition}, where {expected} is next")
        self.offsets[record.partition] = record.offset + 1

    def _read_revision(self, record: Record) -> None:
        """Hold the event against its key's newest: what came before is a repetition, what is ahead leaves a gap."""
        try:
            event = Event.from_json(record.value)
        except NotAnEventError:
            return
        sequence, revision, outcome = self.newest.get(event.key, ("", 0, "removed"))
        if event.sequence <= sequence:
            return
        # The manifest of a removed key expires, and its revisions begin again. What stood there before events were
        # turned on has revision 0.
        is_first = event.revision == 0 and event.key not in self.newest
        begins = is_first or (event.revision == 1 and outcome == "removed")
        if event.revision != revision + 1 and not begins:
            self._find(f"has revision {event.revision} of {event.key!a}, where {revision + 1} is next")
        self.newest[event.key] = (event.sequence, event.revision, event.outcome)

    def _find(self, what: str) -> None:
        self.findings.append(f"line {self.lines} {what}")

    def compare(self, committed: Mapping[int, int]) -> None:
        """Hold the end of the file against what the brokers were told.

        What is behind that was cut off.
        """
        for partition, offset in sorted(committed.items()):
            if offset > (here := self.offsets.get(partition, 0)):
                self.findings.append(f"partition {partition} ends before offset {here}, and {offset} was read: cut off")


def _value(entry: Mapping[str, Any]) -> bytes | None:
    return None if entry["value"] is None else str(entry["value"]).encode("utf-8", "surrogateescape")


def _hash(entry: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(entry, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def audit_file(file: IO[bytes], audit: Audit | None = None) -> Audit:
    """Read all whole lines of a file, and stop behind the last.

    Given what was read of it before, only those behind.
    """
    known = audit if audit and audit.size <= os.fstat(file.fileno()).st_size else Audit()
    file.seek(known.size)
    for line in _whole_lines(file):
        known.read(line)
    return known


def _whole_lines(file: IO[bytes]) -> Iterator[bytes]:
    while (line := file.readline()).endswith(b"\n"):
        yield line
    file.seek(-len(line), os.SEEK_CUR)


def append(file: IO[bytes], audit: Audit, records: Iterable[Record], topic: str = "") -> None:
    """Write records behind the last whole line, and see them on the disk.

    What is there already is left out.
    """
    lines = []
    for record in records:
        if topic == audit.topic and record.offset < audit.offsets.get(record.partition, 0):
            continue
        place = {"previous": audit.last, "topic": topic, "partition": record.partition, "offset": record.offset}
        value = None if record.value is None else record.value.decode("utf-8", "surrogateescape")
        entry = {**place, "value": value}
        line = json.dumps({"hash": _hash(entry), **entry}, separators=(",", ":")).encode() + b"\n"
        audit.read(line)
        lines.append(line)
    file.truncate()  # what a kill left of a line
    file.write(b"".join(lines))
    file.flush()
    os.fsync(file.fileno())


def open_audit(path: Path) -> IO[bytes]:
    """Open or make a file for one writer at a time; another waits."""
    file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b")
    fcntl.flock(file, fcntl.LOCK_EX)
    return file
